export const pageBytes = 65536;
/** 4 GiB: the most that 32-bit offsets reach. */
const largestMaximum = 65536;
const smallestMaximum = 1024;

/**
 * A memory that can grow as far as this process can have it: the address space for that is taken at once, so where there
 * is too little, the limit is halved.
 *
 * @param shared so that threads can work on it; where that cannot be had, it is not
 */
export function createMemory(pages: number, shared: boolean): WebAssembly.Memory {
  for (let maximum = largestMaximum; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: pages, maximum, shared });
    } catch (error) {
      if (maximum > Math.max(pages, smallestMaximum)) continue;
      if (!shared) throw error;
      return createMemory(pages, false);
    }
  }
}

/** A page that is not cross-origin isolated cannot hand shared memory to workers, and some of its interfaces refuse it. */
export function canShareMemory(): boolean {
  const { crossOriginIsolated, SharedArrayBuffer } = globalThis as {
    crossOriginIsolated?: boolean;
    SharedArrayBuffer?: unknown;
  };
  return SharedArrayBuffer !== undefined && crossOriginIsolated !== false;
}

export function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== "undefined" && memory.buffer instanceof SharedArrayBuffer;
}

/**
 * Says in a module's bytes whether the memory it imports is shared: one bit, and nothing in our modules depends on it. So one
 * set of bytes serves both.
 */
export function setSharedImport(bytes: Uint8Array, shared: boolean): void {
  const importSection = 2;
  let at = 8;
  const readNumber = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (bytes[at] !== importSection) {
    at++;
    const length = readNumber();
    at += length;
  }
  at++;
  readNumber(); // the section's length
  readNumber(); // how many imports: the memory is the only one
  for (let name = 0; name < 2; name++) {
    const length = readNumber();
    at += length;
  }
  at++; // the kind of import
  bytes[at] = shared ? 3 : 1; // both with a maximum
}
