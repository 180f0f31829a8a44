import { closeSync, openSync, readSync } from "node:fs";
import type { TokenSource } from "@hiddenstate/core";
import { HiddenstateError } from "@hiddenstate/core";
import { storageFault } from "./storage-fault.ts";

/** How wide an id is in a file. */
export type TokenBytes = 1 | 2 | 4;

/** Ids as they lie in a file: each in so many bytes, little-endian. */
export function packTokens(ids: Int32Array, bytesPerToken: TokenBytes): Uint8Array {
  const packed = bytesPerToken === 1 ? new Uint8Array(ids) : bytesPerToken === 2 ? new Uint16Array(ids) : ids;
  return new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength);
}

function unpackTokens(bytes: Uint8Array<ArrayBuffer>, bytesPerToken: TokenBytes): Int32Array {
  if (bytesPerToken === 4) return new Int32Array(bytes.buffer);
  return new Int32Array(bytesPerToken === 1 ? bytes : new Uint16Array(bytes.buffer));
}

/** The width that the ids of a vocabulary need. */
export function tokenBytesFor(vocabularySize: number): TokenBytes {
  return vocabularySize <= 2 ** 8 ? 1 : vocabularySize <= 2 ** 16 ? 2 : 4;
}

/** A file whose tokens are read where they lie. Whoever opened it closes it. */
export class OpenTokens {
  readonly #path: string;
  readonly #descriptor: number;

  /** @throws HiddenstateError `storage` for a file that can't be opened */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#descriptor = openSync(path, "r");
    } catch (fault) {
      throw storageFault(`cannot read ${path}`, fault);
    }
  }

  /**
   * A stretch of the file as tokens.
   * @param start in bytes
   * @param length in tokens
   */
  source(start: number, length: number, bytesPerToken: TokenBytes): TokenSource {
    return {
      length,
      read: (first, count) => {
        const bytes = new Uint8Array(count * bytesPerToken);
        this.#fill(bytes, start + first * bytesPerToken);
        return unpackTokens(bytes, bytesPerToken);
      },
    };
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #fill(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length;) {
      let count: number;
      try {
        count = readSync(this.#descriptor, bytes, done, bytes.length - done, position + done);
      } catch (fault) {
        throw storageFault(`cannot read ${this.#path}`, fault);
      }
      if (count === 0)
        throw new HiddenstateError("storage", `cannot read ${this.#path}: it became shorter while it was in use`);
      done += count;
    }
  }
}
