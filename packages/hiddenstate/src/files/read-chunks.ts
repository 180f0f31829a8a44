import { createReadStream } from "node:fs";
import { HiddenstateError } from "@hiddenstate/core";
import { failedWith, storageFault } from "./storage-fault.ts";

/**
 * The bytes of a file in parts, so that it need not fit in memory.
 * @throws HiddenstateError `missing` or `storage`
 */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Uint8Array;
  } catch (fault) {
    if (failedWith(fault, "ENOENT")) throw new HiddenstateError("missing", `missing file ${path}: there is none`);
    throw storageFault(`cannot read ${path}`, fault);
  }
}
