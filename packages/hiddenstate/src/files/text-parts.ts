import { open } from "node:fs/promises";
import { countLines, notUtf8, onlyMark } from "./read-text.ts";
import { storageFault } from "./storage-fault.ts";

/** Bytes read at a time. */
const partBytes = 4 * 2 ** 20;

/**
 * The bytes of a file, part by part. A part is overwritten by the next.
 *
 * @param from where to begin
 * @throws HiddenstateError `storage` for a file that can't be read
 */
export async function* fileParts(path: string, from = 0): AsyncGenerator<Uint8Array, void> {
  const file = await open(path).catch((fault: unknown) => {
    throw storageFault(`cannot read ${path}`, fault);
  });
  try {
    const buffer = new Uint8Array(partBytes);
    for (let position = from; ;) {
      const { bytesRead } = await file.read(buffer, 0, partBytes, position);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      position += bytesRead;
    }
  } catch (fault) {
    throw storageFault(`cannot read ${path}`, fault);
  } finally {
    await file.close();
  }
}

/**
 * The text of a UTF-8 file as `readText` gives it, in parts of whole characters: for files larger than memory.
 *
 * @throws HiddenstateError `invalid` for bytes that are not UTF-8, `storage` for a file that can't be read
 */
export async function* textParts(path: string): AsyncGenerator<string, void> {
  const before = { bytes: 0, lines: 0 };
  let rest: Uint8Array = new Uint8Array();
  let isEmpty = true;
  const decode = (bytes: Uint8Array): string => {
    try {
      // A byte order mark is one at the beginning of the file only.
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: before.bytes > 0 }).decode(bytes);
      isEmpty &&= text === "";
      return text;
    } catch {
      throw notUtf8(path, bytes, before);
    }
  };
  for await (const part of fileParts(path)) {
    const bytes = rest.length === 0 ? part : Buffer.concat([rest, part]);
    const whole = bytes.subarray(0, wholeCharacters(bytes));
    yield decode(whole);
    before.bytes += whole.length;
    before.lines += countLines(whole);
    rest = bytes.slice(whole.length);
  }
  yield decode(rest);
  if (isEmpty) throw onlyMark(path);
}

/** How many bytes there are before a last character that lacks some of its own. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let start = bytes.length - 1; start >= Math.max(0, bytes.length - 3); start--) {
    const isFollower = (bytes[start] & 0xc0) === 0x80;
    if (isFollower) continue;
    const length = bytes[start] < 0xc0 ? 1 : bytes[start] < 0xe0 ? 2 : bytes[start] < 0xf0 ? 3 : 4;
    return start + length > bytes.length ? start : bytes.length;
  }
  return bytes.length;
}
