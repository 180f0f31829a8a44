import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { FolderStorage } from "./folder-storage.ts";
import { parseJson } from "./parse-json.ts";
import { failedWith, storageFault } from "./storage-fault.ts";

/**
 * What a file of JSON holds; null where there is none.
 * @throws HiddenstateError `storage`, or `corrupt` for a file that is not JSON
 */
export async function readJsonFile(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (fault) {
    if (failedWith(fault, "ENOENT")) return null;
    throw storageFault(`cannot read ${path}`, fault);
  }
  return parseJson(text, path, "delete it to start afresh");
}

/** Writes it as a whole: the file from before stays until the new one is complete. @throws HiddenstateError `storage` */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await new FolderStorage(dirname(path)).write(basename(path), new TextEncoder().encode(`${JSON.stringify(value)}\n`));
}
