import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";

/**
 * The table by which one kernel call reaches many tensors: a row of whole numbers (offsets and a count) and a row of reals
 * (rates) for each. It stays in the heap from step to step and is written again only where its numbers change.
 */
export class SegmentTable {
  #segments: Tensor | null = null;
  #rates: Tensor | null = null;
  #writtenSegments: readonly number[] = [];

  /**
   * Fills the table.
   * @returns the offsets of its two parts
   */
  write(segments: readonly number[], rates: readonly number[]): { segments: number; rates: number } {
    this.#segments = fit(this.#segments, segments.length, "int32");
    this.#rates = fit(this.#rates, rates.length, "float");
    if (!sameNumbers(segments, this.#writtenSegments)) {
      // Not `assign`, which takes signed numbers only: offsets go up to 2^32.
      runtime().kernelSet.writeInts(this.#segments.offset, segments);
      this.#writtenSegments = segments;
    }
    this.#rates.assign(rates);
    return { segments: this.#segments.offset, rates: this.#rates.offset };
  }
}

function fit(table: Tensor | null, size: number, dtype: "int32" | "float"): Tensor {
  if (table?.size === size) return table;
  table?.end();
  return empty([size], dtype).persist();
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** Calls a kernel with a table of (offset, count) pairs, which ends after the call. */
export function withSegments(tensors: readonly Tensor[], run: (segments: number, segmentCount: number) => void): void {
  const pairs = tensors.flatMap((tensor) => [tensor.offset, tensor.size]);
  const segments = empty([pairs.length], "int32");
  runtime().kernelSet.writeInts(segments.offset, pairs);
  run(segments.offset, tensors.length);
  segments.end();
}
