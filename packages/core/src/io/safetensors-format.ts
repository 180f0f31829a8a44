import { HiddenstateError, shown } from "../errors.ts";

/** Kinds of numbers in a safetensors file, with their size in bytes. */
const bytesOf = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

export type StoredDType = keyof typeof bytesOf;

/** A tensor as it lies in a file: little-endian numbers, row-major. */
export interface StoredTensor {
  dtype: StoredDType;
  shape: readonly number[];
  bytes: Uint8Array;
}

/** The contents of a safetensors file. */
export interface StoredTensors {
  /** In the order of their places in the file. */
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
}

/** The longest header that the format's own library takes. */
const longestHeader = 100_000_000;

/**
 * Writes a safetensors file: 8 bytes with the header's length, the header (JSON, padded with spaces to a multiple of 8 bytes),
 * the numbers. The bytes depend on the contents only: tensors come in the order of the format's own library, the widest
 * numbers first (so that all are aligned), then by name; metadata by key.
 *
 * @throws HiddenstateError `mismatch` if a tensor's bytes do not fit its shape, `invalid` for the name `__metadata__` and for
 *   metadata that is no string
 *
 * Source: https://github.com/huggingface/safetensors#format
 *
 * @example
 * const file = encodeSafetensors(new Map([["w", { dtype: "U8", shape: [2], bytes: Uint8Array.of(1, 2) }]]));
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const ordered = [...tensors].toSorted(
    ([a, { dtype: dtypeA }], [b, { dtype: dtypeB }]) => bytesOf[dtypeB] - bytesOf[dtypeA] || byName(a, b),
  );
  const fields: string[] = [];
  const sortedMetadata = Object.entries(metadata).toSorted(([a], [b]) => byName(a, b));
  for (const [key, value] of sortedMetadata) {
    if (typeof value === "string") continue;
    throw new HiddenstateError(
      "invalid",
      `saveSafetensors: invalid metadata.${key}: got ${shown(value)}, expected a string, as the format has it`,
    );
  }
  if (sortedMetadata.length > 0) fields.push(`"__metadata__":${objectText(sortedMetadata)}`);
  let end = 0;
  for (const [name, { dtype, shape, bytes }] of ordered) {
    if (name === "__metadata__") {
      throw new HiddenstateError(
        "invalid",
        'saveSafetensors: invalid tensor name "__metadata__": the format keeps it for the metadata',
      );
    }
    if (bytes.length !== byteCount(dtype, shape)) {
      throw new HiddenstateError(
        "mismatch",
        `saveSafetensors: mismatch in tensor "${name}": got ${bytes.length} bytes, expected ${byteCount(dtype, shape)} (${dtype} ${shown(shape)})`,
      );
    }
    const start = end;
    end += bytes.length;
    fields.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join(",")}],"data_offsets":[${start},${end}]}`,
    );
  }
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  const headerLength = Math.ceil(header.length / 8) * 8;
  const file = new Uint8Array(8 + headerLength + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8, 8 + headerLength);
  file.set(header, 8);
  let place = 8 + headerLength;
  for (const [, { bytes }] of ordered) {
    file.set(bytes, place);
    place += bytes.length;
  }
  return file;
}

/**
 * Reads a safetensors file. The tensors are views of the given bytes.
 *
 * @param where the file to name in errors
 * @throws HiddenstateError `corrupt`, naming the file and the tensor, if the file is truncated, or tensors overlap, leave holes or
 *   do not fit their shapes; `unsupported` for kinds of numbers that are not known
 *
 * Source: https://github.com/huggingface/safetensors#format
 *
 * @example
 * const { tensors, metadata } = decodeSafetensors(bytes, "model.safetensors");
 */
export function decodeSafetensors(bytes: Uint8Array, where = "loadSafetensors"): StoredTensors {
  const { header, dataStart } = readHeader(bytes, where);
  let metadata: Record<string, string> = {};
  const entries: { name: string; entry: HeaderEntry }[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") metadata = checkMetadata(value, where);
    else entries.push({ name, entry: checkEntry(value, where, name) });
  }
  entries.sort((a, b) => a.entry.start - b.entry.start || a.entry.end - b.entry.end);

  const data = bytes.subarray(dataStart);
  const tensors = new Map<string, StoredTensor>();
  let reached = 0;
  for (const { name, entry } of entries) {
    const { dtype, shape, start, end } = entry;
    if (start !== reached) {
      const fault =
        start < reached ? "overlaps the tensor before it" : `leaves ${start - reached} bytes before it unused`;
      throw corrupt(where, `tensor "${name}" ${fault}`);
    }
    if (end > data.length) {
      throw corrupt(
        where,
        `the file is truncated: tensor "${name}" reaches to byte ${dataStart + end}, but the file ends at ${bytes.length}`,
      );
    }
    tensors.set(name, { dtype, shape, bytes: data.subarray(start, end) });
    reached = end;
  }
  if (reached !== data.length)
    throw corrupt(where, `${data.length - reached} bytes after the last tensor belong to none`);
  return { tensors, metadata };
}

interface HeaderEntry {
  dtype: StoredDType;
  shape: number[];
  start: number;
  end: number;
}

function readHeader(bytes: Uint8Array, where: string): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8) throw corrupt(where, `the file has ${bytes.length} bytes, which is less than a header`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > longestHeader) throw corrupt(where, `the header claims ${length} bytes; this is not a safetensors file`);
  if (8 + length > bytes.length)
    throw corrupt(where, `the file is truncated inside its header (${bytes.length} of ${8 + length} bytes)`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch (cause) {
    throw corrupt(where, "the header is not JSON", cause);
  }
  if (!isRecord(header)) throw corrupt(where, "the header is not a JSON object");
  return { header, dataStart: 8 + length };
}

function checkMetadata(value: unknown, where: string): Record<string, string> {
  if (isRecord(value) && Object.values(value).every((text) => typeof text === "string")) {
    return value as Record<string, string>;
  }
  throw corrupt(where, "the metadata is not an object of strings");
}

function checkEntry(value: unknown, where: string, name: string): HeaderEntry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {};
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2 || typeof dtype !== "string") {
    throw corrupt(where, `the header's entry of tensor "${name}" is not one of dtype, shape and data_offsets`);
  }
  if (!Object.hasOwn(bytesOf, dtype)) {
    throw new HiddenstateError(
      "unsupported",
      `${where}: unsupported dtype of tensor "${name}": got ${shown(dtype)}, expected one of ${Object.keys(bytesOf).join(", ")}`,
    );
  }
  const [start, end] = offsets;
  const expected = byteCount(dtype as StoredDType, shape);
  if (end - start !== expected) {
    throw corrupt(where, `tensor "${name}" has ${end - start} bytes instead of ${expected} (${dtype} ${shown(shape)})`);
  }
  return { dtype: dtype as StoredDType, shape, start, end };
}

function byteCount(dtype: StoredDType, shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, bytesOf[dtype]);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function objectText(entries: readonly (readonly [string, string])[]): string {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
}

function corrupt(where: string, fault: string, cause?: unknown): HiddenstateError {
  return new HiddenstateError("corrupt", `${where}: corrupt file: ${fault}`, { cause });
}
