import type { KernelName, Kernels, KernelSet } from "../kernels.ts";

/** As float32, as float64 and in every half: NaN. What a kernel must not read spoils its result, what it must not write shows. */
const guardWord = 0x7ff8a5a5;
/** Guarded bytes before and after every buffer: more than any vector is wide. */
const guardBytes = 128;

/** Where each number of a matrix lies: `rows` rows of `width` numbers, `stride` apart. */
export interface Layout {
  rows: number;
  width: number;
  stride: number;
}

/**
 * Puts the arguments of kernels on a kernel set's heap, every buffer between guards, and notes which kernels were called.
 *
 * It takes the heap from its start, so the kernel set must not hold anything of worth.
 */
export class Stage {
  readonly set: KernelSet;
  /** The set's kernels, noting their names in `used`. */
  readonly kernels: Kernels;
  readonly used: Set<KernelName> = new Set();
  readonly #aligned: boolean;
  readonly #guards: { offset: number; words: number }[] = [];
  readonly #layouts = new Map<number, Layout>();
  #top: number;

  /**
   * @param aligned buffers begin at multiples of 64 bytes, else at any multiple of a number's size
   * @param start the first offset to use
   */
  constructor(set: KernelSet, aligned: boolean, start: number = set.heapStart) {
    this.set = set;
    this.#aligned = aligned;
    this.#top = start;
    this.kernels = Object.fromEntries(
      Object.entries(set.kernels).map(([name, kernel]) => [
        name,
        (args: never) => {
          this.used.add(name as KernelName);
          kernel(args);
        },
      ]),
    ) as unknown as Kernels;
  }

  /** A buffer of numbers. */
  floats(values: ArrayLike<number>): number {
    return this.matrix(values, 1, values.length);
  }

  /** A matrix whose rows lie `stride` numbers apart, with guards in between. */
  matrix(values: ArrayLike<number>, rows: number, width: number, stride: number = width): number {
    const offset = this.room(rows, width, stride);
    const all = values instanceof Float64Array ? values : Float64Array.from(values);
    for (let r = 0; r < rows; r++) {
      const row = all.subarray(r * width, (r + 1) * width);
      this.set.writeFloats(offset + r * stride * this.set.bytesPerFloat, row);
    }
    return offset;
  }

  /** Room for a kernel's result, holding NaN until something is written. */
  room(rows: number, width = 1, stride: number = width): number {
    const { bytesPerFloat } = this.set;
    const offset = this.#guarded(rows * stride * bytesPerFloat, bytesPerFloat);
    for (let r = 0; r < rows; r++) {
      this.#guards.push({
        offset: offset + (r * stride + width) * bytesPerFloat,
        words: ((stride - width) * bytesPerFloat) / 4,
      });
    }
    this.#layouts.set(offset, { rows, width, stride });
    return offset;
  }

  ints(values: ArrayLike<number>): number {
    const offset = this.#guarded(4 * values.length, 4);
    this.set.writeInts(offset, values);
    return offset;
  }

  /** The numbers of a buffer made by `floats`, `matrix` or `room`, without the gaps between its rows. */
  read(offset: number): Float64Array {
    const { rows, width, stride } = this.#layouts.get(offset)!;
    const all = this.set.readFloats(offset, rows * stride);
    const result = new Float64Array(rows * width);
    for (let r = 0; r < rows; r++) result.set(all.subarray(r * stride, r * stride + width), r * width);
    return result;
  }

  /** How many guarded words were overwritten. */
  damage(): number {
    let count = 0;
    for (const { offset, words } of this.#guards) {
      for (const word of this.set.readInts(offset, words)) if (word !== guardWord) count++;
    }
    return count;
  }

  #guarded(bytes: number, unit: number): number {
    // Seven units off a multiple of 64: aligned to nothing wider than a number.
    const offset = Math.ceil((this.#top + guardBytes) / 64) * 64 + (this.#aligned ? 0 : 7 * unit);
    const start = offset - guardBytes;
    const end = offset + bytes + guardBytes;
    if (!this.set.reserve(end)) throw new Error(`the kernel set's heap does not hold ${end} bytes`);
    this.set.writeInts(start, new Int32Array((end - start) / 4).fill(guardWord));
    this.#guards.push({ offset: start, words: guardBytes / 4 }, { offset: offset + bytes, words: guardBytes / 4 });
    this.#top = end;
    return offset;
  }
}
