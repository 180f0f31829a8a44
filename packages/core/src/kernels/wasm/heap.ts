import { pageBytes } from "./memory.ts";

/**
 * The bytes of a WebAssembly memory. Growth gives the memory another buffer (and leaves views of shared memory at their old
 * length), so the views are taken afresh then, and never kept by anyone else.
 */
export class WasmHeap {
  readonly memory: WebAssembly.Memory;
  #floats: Float32Array;
  #ints: Int32Array;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.#floats = new Float32Array(memory.buffer);
    this.#ints = new Int32Array(memory.buffer);
  }

  /** Makes every offset below `bytes` usable; false where the memory cannot be had. */
  reserve(bytes: number): boolean {
    const missing = Math.ceil((bytes - this.memory.buffer.byteLength) / pageBytes);
    if (missing > 0) {
      try {
        this.memory.grow(missing);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        return false;
      }
    }
    this.#floats = new Float32Array(this.memory.buffer);
    this.#ints = new Int32Array(this.memory.buffer);
    return true;
  }

  writeFloats(offset: number, values: ArrayLike<number>): void {
    this.#floats.set(values, offset / 4);
  }

  writeInts(offset: number, values: ArrayLike<number>): void {
    this.#ints.set(values, offset / 4);
  }

  readFloats(offset: number, count: number): Float32Array {
    return this.#floats.slice(offset / 4, offset / 4 + count);
  }

  readInt(offset: number): number {
    return this.#ints[offset / 4];
  }

  readInts(offset: number, count: number): Int32Array {
    return this.#ints.slice(offset / 4, offset / 4 + count);
  }

  readFloatsInto(target: Float32Array, offset: number): void {
    target.set(this.#floats.subarray(offset / 4, offset / 4 + target.length));
  }
}
