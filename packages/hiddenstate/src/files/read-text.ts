import { constants } from "node:buffer";
import { readFile } from "node:fs/promises";
import { HiddenstateError } from "@hiddenstate/core";
import { packedFile } from "./refuse-unreadable.ts";
import { failedWith, storageFault } from "./storage-fault.ts";

/**
 * The bytes of a file that must hold something.
 *
 * @throws HiddenstateError `missing` for no such file, `invalid` for a folder or an empty file, `storage` for one that can't be read
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (fault) {
    if (failedWith(fault, "ENOENT")) throw new HiddenstateError("missing", `missing file ${path}: there is none`);
    if (failedWith(fault, "EISDIR"))
      throw new HiddenstateError("invalid", `invalid file ${path}: it is a folder; give one text file`);
    throw storageFault(`cannot read ${path}`, fault);
  }
  if (bytes.length === 0)
    throw new HiddenstateError("invalid", `invalid file ${path}: it is empty; give a file with text`);
  return bytes;
}

/**
 * The text of a UTF-8 file, without the mark that some editors put before it.
 *
 * @throws HiddenstateError as `readBytes`, and `invalid` for bytes that are not UTF-8
 */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path);
  if (bytes.length > constants.MAX_STRING_LENGTH)
    throw new HiddenstateError(
      "unsupported",
      `unsupported file ${path}: ${bytes.length} bytes are more than a text can have here ` +
        `(${constants.MAX_STRING_LENGTH}); split it, or read bytes with --tokenizer byte`,
    );
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw notUtf8(path, bytes);
  }
  if (text === "") throw onlyMark(path);
  return text;
}

/** For a file with nothing behind its byte order mark. */
export function onlyMark(path: string): HiddenstateError {
  return new HiddenstateError(
    "invalid",
    `invalid file ${path}: it is empty but for a byte order mark; give a file with text`,
  );
}

/**
 * For a file that is not UTF-8, perhaps because it is packed.
 *
 * @param bytes of the file, some that do not decode
 * @param before how many bytes and lines of the file come before them
 */
export function notUtf8(path: string, bytes: Uint8Array, before = { bytes: 0, lines: 0 }): HiddenstateError {
  const packed = packedFile(path);
  if (packed) return packed;
  return new HiddenstateError(
    "invalid",
    `invalid file ${path}: not UTF-8 text (${describeFault(bytes, before)}); convert it to UTF-8, or read it byte by byte with --tokenizer byte`,
  );
}

function describeFault(bytes: Uint8Array, before: { bytes: number; lines: number }): string {
  const [first, second] = bytes;
  const isMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isMark && before.bytes === 0) return "it begins as UTF-16";
  const at = firstInvalidByte(bytes);
  const line = 1 + before.lines + countLines(bytes.subarray(0, at));
  return `byte ${before.bytes + at}, 0x${bytes[at].toString(16).padStart(2, "0")}, in line ${line}`;
}

/** Ends of lines. */
export function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 10) lines++;
  return lines;
}

/** The start of the first character that is none. */
function firstInvalidByte(bytes: Uint8Array): number {
  const decodes = (end: number, stream: boolean): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, end), { stream });
      return true;
    } catch {
      return false;
    }
  };
  // As streams, the beginnings of a file decode up to some length and no further.
  let valid = 0;
  let invalid = bytes.length + 1;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (decodes(middle, true)) valid = middle;
    else invalid = middle;
  }
  // A stream may end within a character: go back to where that begins.
  while (!decodes(valid, false)) valid--;
  return valid;
}
