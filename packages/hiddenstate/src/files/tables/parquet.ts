import { open, type FileHandle } from "node:fs/promises";
import { HiddenstateError } from "@hiddenstate/core";
import type { AsyncBuffer } from "hyparquet";
import { failedWith, storageFault } from "../storage-fault.ts";
import type { Table, TableRow } from "./table.ts";

/**
 * Reads a Parquet file, whatever its encodings and compression. Whole numbers of 64 bits become numbers, dates and timestamps ISO text.
 *
 * @param most rows to read at most. Default: all
 * @throws HiddenstateError `missing` or `storage` for a file that can't be read, `corrupt` for one that is no Parquet file or was cut
 */
export async function readParquet(path: string, most?: number): Promise<Table> {
  const [hyparquet, { compressors }] = await Promise.all([import("hyparquet"), import("hyparquet-compressors")]);
  const handle = await openFile(path);
  try {
    const file = await bufferOf(handle);
    const metadata = await hyparquet.parquetMetadataAsync(file);
    const columns = hyparquet.parquetSchema(metadata).children.map(({ element }) => element.name);
    const count = Math.min(Number(metadata.num_rows), most ?? Infinity);
    const read = await hyparquet.parquetReadObjects({ file, metadata, compressors, rowEnd: count });
    const rows = read.map((row) => Object.fromEntries(columns.map((name) => [name, plain(row[name])])) as TableRow);
    return { path, format: "parquet", columns, rows, lines: rows.map((_, i) => i + 1), notes: [] };
  } catch (fault) {
    if (fault instanceof HiddenstateError) throw fault;
    if (isSystemFault(fault)) throw storageFault(`cannot read ${path}`, fault);
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw new HiddenstateError("corrupt", `${path}: corrupt Parquet file: ${reason}; write it anew`, { cause: fault });
  } finally {
    await handle.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (fault) {
    if (failedWith(fault, "ENOENT")) throw new HiddenstateError("missing", `missing file ${path}: there is none`);
    throw storageFault(`cannot read ${path}`, fault);
  }
}

/** Only the parts of the file that are asked for are read. */
async function bufferOf(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      await handle.read(bytes, 0, bytes.length, start);
      return bytes.buffer;
    },
  };
}

function plain(cell: unknown): unknown {
  if (typeof cell === "bigint") return Number(cell);
  return cell instanceof Date ? cell.toISOString() : cell;
}

function isSystemFault(fault: unknown): boolean {
  return fault instanceof Error && "syscall" in fault;
}
