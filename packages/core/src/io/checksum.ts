import { crc32 } from "./crc32.ts";

/** Data that has a checksum: texts, numbers, and lists and records of such. What is undefined counts for nothing. */
export type Checkable = string | number | null | undefined | ArrayBufferView | readonly Checkable[] | CheckableRecord;

/** Records are gone through in the order of their entries. */
export interface CheckableRecord {
  readonly [name: string]: Checkable;
}

const encoder = new TextEncoder();
const one = new Float64Array(1);
const oneBytes = new Uint8Array(one.buffer);
// Most texts are words: making an array for each would cost more than its checksum.
const textBytes = new Uint8Array(1024);
/** Ends a text: no UTF-8 has such a byte. */
const textEnd = Uint8Array.of(0xff);

/**
 * The CRC-32 of data of any shape: other numbers, texts, names, lengths or types of arrays give another.
 *
 * @param previous the checksum of what came before
 * @example
 * checksumOf([{ input: "abc", target: 1 }]) !== checksumOf([{ input: "ab", target: 1 }]);
 */
export function checksumOf(data: Checkable, previous = 0): number {
  if (data === undefined) return previous;
  if (typeof data === "number") {
    one[0] = data;
    return crc32(oneBytes, previous);
  }
  if (typeof data === "string") return textChecksum(data, previous);
  if (ArrayBuffer.isView(data)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return crc32(bytes, checksumOf(bytes.length, previous));
  }
  const entries: readonly Checkable[] = Array.isArray(data) ? data : Object.entries(data ?? {});
  let checksum = checksumOf(entries.length, previous);
  for (const entry of entries) checksum = checksumOf(entry, checksum);
  return checksum;
}

function textChecksum(text: string, previous: number): number {
  // A code unit takes three bytes at most.
  if (text.length * 3 >= textBytes.length) return crc32(textEnd, crc32(encoder.encode(text), previous));
  const { written } = encoder.encodeInto(text, textBytes);
  textBytes.set(textEnd, written);
  return crc32(textBytes.subarray(0, written + 1), previous);
}
