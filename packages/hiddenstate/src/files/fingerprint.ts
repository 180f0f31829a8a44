import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { filesIn } from "./see-data.ts";
import { storageFault } from "./storage-fault.ts";

/** Tells data from other data, wherever it lies. */
export interface Fingerprint {
  /** How large it is, all files together. */
  bytes: number;
  /** Of a file's bytes; of a folder's names and files, in the order of the alphabet. */
  sha256: string;
}

/**
 * Reads a file, or the files of a folder, once.
 *
 * @throws HiddenstateError `missing` or `storage` for what can't be read
 * @example
 * const { bytes, sha256 } = await fingerprintOf("book.txt");
 */
export async function fingerprintOf(path: string): Promise<Fingerprint> {
  const hash = createHash("sha256");
  let bytes = 0;
  const add = async (file: string): Promise<void> => {
    for await (const chunk of createReadStream(file)) {
      const part = chunk as Uint8Array;
      bytes += part.length;
      hash.update(part);
    }
  };
  const names = await filesIn(path);
  try {
    if (names === null) await add(path);
    for (const name of names ?? []) {
      hash.update(`${name}\0`);
      await add(join(path, name));
    }
  } catch (fault) {
    throw storageFault(`cannot read ${path}`, fault);
  }
  return { bytes, sha256: hash.digest("hex") };
}
