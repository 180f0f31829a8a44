import { HiddenstateError } from "../errors.ts";
import { crc32 } from "./crc32.ts";
import { exactJson, parseExactJson } from "./exact-json.ts";
import { decodeSafetensors, encodeSafetensors, type StoredTensor, type StoredTensors } from "./safetensors-format.ts";

/** Metadata keys: checksums of the tensors by name (JSON), and one of all other metadata. */
const tensorsKey = "tensorChecksums";
const metadataKey = "checksum";

/**
 * A safetensors file with checksums in its metadata: CRC-32 of each tensor (name, kind, shape and numbers) and of the rest of
 * the metadata, so that a file that was altered or cut is found out and the fault is named.
 */
export function encodeVerified(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const names = [...tensors.keys()].toSorted();
  const sums = Object.fromEntries(names.map((name) => [name, tensorChecksum(name, tensors.get(name)!)]));
  const whole = { ...metadata, [tensorsKey]: JSON.stringify(sums) };
  return encodeSafetensors(tensors, { ...whole, [metadataKey]: metadataChecksum(whole) });
}

/**
 * Reads a safetensors file and compares its checksums.
 *
 * @param required false: a file without checksums (from PyTorch, say) is taken as it is
 * @throws HiddenstateError `corrupt`, naming the file and the tensor
 */
export function decodeVerified(bytes: Uint8Array, where: string, required: boolean): StoredTensors {
  const { tensors, metadata } = decodeSafetensors(bytes, where);
  const { [metadataKey]: checksum, ...whole } = metadata;
  const { [tensorsKey]: sumsText, ...rest } = whole;
  if (checksum === undefined && sumsText === undefined && !required) return { tensors, metadata };
  if (sumsText === undefined || checksum !== metadataChecksum(whole)) {
    throw altered(where, "its metadata");
  }
  const sums = new Map(Object.entries(JSON.parse(sumsText) as Record<string, string>));
  for (const [name, entry] of tensors) {
    if (sums.get(name) !== tensorChecksum(name, entry)) throw altered(where, `tensor "${name}"`);
    sums.delete(name);
  }
  for (const name of sums.keys()) throw altered(where, `tensor "${name}" (it is gone)`);
  return { tensors, metadata: rest };
}

/** A JSON file whose last field is the checksum of the others. */
export function encodeVerifiedJson(value: object): Uint8Array {
  const text = exactJson({ ...value, [metadataKey]: textChecksum(exactJson(value)) }, 2);
  return new TextEncoder().encode(`${text}\n`);
}

/**
 * Reads a JSON file and compares its checksum; without one (written by hand) it is taken as it is.
 * @throws HiddenstateError `corrupt`, naming the file
 */
export function decodeVerifiedJson(bytes: Uint8Array, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseExactJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new HiddenstateError("corrupt", `${where}: corrupt file: it is not JSON; take it from a backup`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HiddenstateError("corrupt", `${where}: corrupt file: it is not a JSON object; take it from a backup`);
  }
  const { [metadataKey]: checksum, ...rest } = value as Record<string, unknown>;
  if (checksum !== undefined && checksum !== textChecksum(exactJson(rest))) {
    throw new HiddenstateError(
      "corrupt",
      `${where}: corrupt file: its contents changed since it was written; take it from a backup, or, after a wanted edit, delete its "${metadataKey}"`,
    );
  }
  return rest;
}

function tensorChecksum(name: string, { dtype, shape, bytes }: StoredTensor): string {
  return hexadecimal(crc32(bytes, crc32(new TextEncoder().encode(JSON.stringify([name, dtype, shape])))));
}

function metadataChecksum(metadata: Readonly<Record<string, string>>): string {
  return textChecksum(JSON.stringify(Object.entries(metadata).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

function textChecksum(text: string): string {
  return hexadecimal(crc32(new TextEncoder().encode(text)));
}

function hexadecimal(checksum: number): string {
  return `crc32:${checksum.toString(16).padStart(8, "0")}`;
}

function altered(where: string, what: string): HiddenstateError {
  return new HiddenstateError(
    "corrupt",
    `${where}: corrupt file: ${what} changed since it was written (checksums differ); take it from a backup, or train again`,
  );
}
