import { Random, randomKey } from "../../memory/random.ts";

/** A prime, so that no matrix holds the same row twice. */
const poolSize = 65521;
let pool: Float64Array | null = null;

/** Drawn once; every case takes a stretch from a place of its own. */
function normals(): Float64Array {
  if (!pool) {
    const random = new Random(randomKey(0, "conformance", "normals"));
    pool = Float64Array.from({ length: poolSize }, () => random.normal());
  }
  return pool;
}

/**
 * Seeded numbers for one case. All are float32 values, so that every kernel set starts from the same inputs; after
 * `rewind` the same arrays come again, to be read only.
 */
export class Samples {
  readonly #random: Random;
  readonly #drawn: Float64Array[] = [];
  #next = 0;

  constructor(name: string) {
    this.#random = new Random(randomKey(0, "conformance", name));
  }

  rewind(): void {
    this.#next = 0;
  }

  normal(count: number, scale = 1): Float64Array {
    let place = -1;
    return this.#draw(count, (random) => {
      place = place < 0 ? random.integer(poolSize) : (place + 1) % poolSize;
      return Math.fround(scale * normals()[place]);
    });
  }

  uniform(count: number, low = -1, high = 1): Float64Array {
    return this.#draw(count, (random) => Math.fround(low + (high - low) * random.uniform()));
  }

  /** Whole numbers from 0 to below - 1. */
  integers(count: number, below: number): number[] {
    return [...this.#draw(count, (random) => random.integer(below))];
  }

  /** Lengths of a batch as it is packed: any order, then sorted, longest first. One is `longest`; short and empty ones occur. */
  lengths(batch: number, longest: number): number[] {
    const drawn = this.integers(batch, longest + 1);
    drawn[0] = longest;
    if (batch > 3) drawn[1] = 0;
    return drawn.toSorted((a, b) => b - a);
  }

  #draw(count: number, next: (random: Random) => number): Float64Array {
    const place = this.#next++;
    return (this.#drawn[place] ??= new Float64Array(count).map(() => next(this.#random)));
  }
}

/** Numbers where approximations and formulas break. */
export const specialValues: readonly number[] = [
  0,
  -0,
  1,
  -1,
  1e-3,
  -1e-3,
  1e-10,
  -1e-20,
  2 ** -126,
  1e-40,
  -1e-40,
  0.624,
  0.626,
  9,
  -9,
  9.5,
  17,
  -17,
  44,
  88,
  88.7,
  89,
  -87,
  -88,
  -90,
  -104,
  -110,
  1e4,
  -1e4,
  1e30,
  -1e30,
  3.4e38,
  -3.4e38,
  Infinity,
  -Infinity,
  NaN,
].map(Math.fround);

/** |A| |B| for A [m, k] and B [k, n]: the sums of magnitudes that bound the error of A B. */
export function productMagnitudes(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  m: number,
  n: number,
  k: number,
): Float64Array {
  const result = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const factor = Math.abs(a[i * k + l]);
      for (let j = 0; j < n; j++) result[i * n + j] += factor * Math.abs(b[l * n + j]);
    }
  }
  return result;
}

/** The transpose of a matrix [rows, columns]. */
export function transposed(matrix: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) result[c * rows + r] = matrix[r * columns + c];
  }
  return result;
}

export function largest(values: ArrayLike<number>): number {
  let result = 0;
  for (let i = 0; i < values.length; i++) result = Math.max(result, Math.abs(values[i]));
  return result;
}

/** Element by element over arrays of one length. */
export function mapped(count: number, value: (index: number) => number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => value(i));
}
