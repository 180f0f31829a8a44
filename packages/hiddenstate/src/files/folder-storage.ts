import { appendFile, mkdir, open, readFile, rename, rm, stat, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ModelStorage } from "@hiddenstate/core";
import { failedWith, storageFault } from "./storage-fault.ts";

/**
 * A model's files in a folder on disk. A file is replaced by writing a temporary file beside it, syncing that to the disk,
 * renaming it and syncing the folder: killed or out of space at any moment, the old file or the new one is there, whole.
 *
 * @throws HiddenstateError `storage`, from every method, for what the disk or its permissions refuse
 * @example
 * const model = await loadTextModel(new FolderStorage("runs/shakespeare"));
 */
export class FolderStorage implements ModelStorage {
  readonly location: string;

  /** @param location the folder; it is made when something is first written */
  constructor(location: string) {
    this.location = location;
  }

  async read(path: string): Promise<Uint8Array | null> {
    return this.#attempt("read", path, async (file) => {
      const bytes = await readFile(file);
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    });
  }

  async size(path: string): Promise<number | null> {
    return this.#attempt("read", path, async (file) => (await stat(file)).size);
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    const file = join(this.location, path);
    const folder = dirname(file);
    // Always the same name, so that what a killed program left is overwritten by the next.
    const temporary = `${file}.tmp`;
    try {
      await mkdir(folder, { recursive: true });
      await writeThrough(temporary, bytes);
      await rename(temporary, file);
      await syncFolder(folder);
    } catch (fault) {
      await rm(temporary, { force: true }).catch(() => {});
      throw storageFault(`cannot write ${file}`, fault, "what was saved before is kept");
    }
  }

  async append(path: string, text: string): Promise<void> {
    const file = join(this.location, path);
    try {
      await mkdir(dirname(file), { recursive: true });
      await appendFile(file, text);
    } catch (fault) {
      throw storageFault(`cannot write ${file}`, fault, "what was saved before is kept");
    }
  }

  async truncate(path: string, bytes: number): Promise<void> {
    const size = await this.size(path);
    if (size === null || size <= bytes) return;
    await this.#attempt("write", path, (file) => truncate(file, bytes));
  }

  /** Does something with a file; null if there is none. */
  async #attempt<T>(verb: string, path: string, work: (file: string) => Promise<T>): Promise<T | null> {
    const file = join(this.location, path);
    try {
      return await work(file);
    } catch (fault) {
      if (failedWith(fault, "ENOENT")) return null;
      throw storageFault(`cannot ${verb} ${file}`, fault);
    }
  }
}

async function writeThrough(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, "w");
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename is on the disk only once its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows can't open folders, and its renames are journaled.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
