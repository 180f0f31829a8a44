import { open, readdir, stat } from "node:fs/promises";
import { extname } from "node:path";
import { HiddenstateError } from "@hiddenstate/core";
import { failedWith, storageFault } from "./storage-fault.ts";
import { readText } from "./read-text.ts";
import { readParquet } from "./tables/parquet.ts";
import { hasTableEnding, isParquet, parseTable, tableFormat, type TableOptions } from "./tables/read-table.ts";
import type { Table } from "./tables/table.ts";

/** What is read of a file to see what it is: all of it, up to this many bytes. */
const seenBytes = 4 * 2 ** 20;

/** The same, of files that have rows and no lines. */
const seenRows = 5000;

/** Data as it looks at a glance. */
export interface SeenData {
  path: string;
  /** In small letters, with the dot: `".csv"`. */
  ending: string;
  /** The names of the files in it, where it is a folder; else null. */
  folder: readonly string[] | null;
  /** The whole lines of the file's beginning; none where it is a folder, or no text. */
  lines: readonly string[];
  /**
   * The beginning of a table (CSV, TSV, JSON or Parquet, by its ending); else null. Parsed when it is first looked at: lines with
   * tabs may be no table.
   * @throws HiddenstateError what is wrong with it, naming the line
   */
  readonly table: Table | null;
}

/**
 * Looks at the beginning of some data.
 *
 * @param options how a table is read, as far as that was said
 * @throws HiddenstateError `missing` or `storage`
 */
export async function seeData(path: string, options: TableOptions = {}): Promise<SeenData> {
  const ending = extname(path).toLowerCase();
  const folder = await filesIn(path);
  if (folder) return { path, ending, folder, lines: [], table: null };
  if (isParquet(path)) return { path, ending, folder, lines: [], table: await readParquet(path, seenRows) };
  const { text, whole } = await beginning(path);
  const lines = text.split(/\r?\n/);
  if (!whole && lines.length > 1) lines.pop();
  const isTable = hasTableEnding(path) && tableFormat(path, text) !== null && text.trim() !== "";
  let table: Table | null = null;
  return {
    path,
    ending,
    folder,
    lines,
    get table() {
      return isTable ? (table ??= parseTable(path, text, { ...options, cut: !whole })) : null;
    },
  };
}

/** The names of a folder's files, in the order of the alphabet; null for what is no folder. */
export async function filesIn(path: string): Promise<string[] | null> {
  try {
    if (!(await stat(path)).isDirectory()) return null;
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => name)
      .toSorted();
  } catch (fault) {
    if (failedWith(fault, "ENOENT")) throw new HiddenstateError("missing", `missing file ${path}: there is none`);
    throw storageFault(`cannot read ${path}`, fault);
  }
}

/** Whether a file's first bytes begin an array of JSON. */
function isArray(path: string, bytes: Uint8Array): boolean {
  return tableFormat(path, new TextDecoder().decode(bytes.subarray(0, 1000))) === "json";
}

async function beginning(path: string): Promise<{ text: string; whole: boolean }> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(seenBytes), 0, seenBytes, 0);
      const bytes = buffer.subarray(0, bytesRead);
      const whole = bytesRead < seenBytes;
      // One line that long is a row of its own, and half a row is none; nor is half an array.
      if (!whole && (!bytes.includes(10) || isArray(path, bytes))) return { text: await readText(path), whole: true };
      // Bytes that are no text are somebody else's to complain of; a character that is cut is not looked at.
      const end = whole ? bytesRead : bytes.lastIndexOf(10) + 1 || bytesRead;
      return { text: new TextDecoder("utf-8").decode(bytes.subarray(0, end)), whole };
    } finally {
      await file.close();
    }
  } catch (fault) {
    throw storageFault(`cannot read ${path}`, fault);
  }
}
