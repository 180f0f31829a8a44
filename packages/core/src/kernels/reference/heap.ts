import type { Precision } from "../kernels.ts";

const largestHeap = 2 ** 32 - 1;

/**
 * The reference kernels' memory: one ArrayBuffer seen as reals and as 32-bit whole numbers. Growing replaces the buffer, so
 * the views are taken afresh by every kernel call and never kept.
 */
export class ReferenceHeap {
  readonly precision: Precision;
  readonly bytesPerFloat: number;
  floats: Float32Array | Float64Array;
  ints: Int32Array;

  constructor(precision: Precision) {
    this.precision = precision;
    this.bytesPerFloat = precision === "f64" ? 8 : 4;
    const buffer = new ArrayBuffer(2 ** 16);
    this.floats = this.view(buffer);
    this.ints = new Int32Array(buffer);
  }

  /** The index in `floats` of the real number at a byte offset. */
  at(offset: number): number {
    return offset / this.bytesPerFloat;
  }

  /** The index in `ints` of the whole number at a byte offset. */
  intAt(offset: number): number {
    return offset / 4;
  }

  /** Makes every offset below `bytes` usable; false where the memory cannot be had. */
  reserve(bytes: number): boolean {
    const held = this.floats.byteLength;
    if (bytes <= held) return true;
    if (bytes > largestHeap) return false;
    // Doubling keeps repeated growth linear; where there is no room for that, exactly what was asked may still fit.
    for (const wanted of [Math.max(bytes, 2 * held), bytes]) {
      try {
        const buffer = new ArrayBuffer(Math.ceil(wanted / 64) * 64);
        const floats = this.view(buffer);
        floats.set(this.floats);
        this.floats = floats;
        this.ints = new Int32Array(buffer);
        return true;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
    return false;
  }

  private view(buffer: ArrayBuffer): Float32Array | Float64Array {
    return this.precision === "f64" ? new Float64Array(buffer) : new Float32Array(buffer);
  }
}
