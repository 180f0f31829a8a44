import type { KernelArguments } from "../kernels.ts";
import type { ReferenceHeap } from "./heap.ts";

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/**
 * Threefry-2x32 with 20 rounds: two random 32-bit words for a key and a counter.
 * Source: Salmon, Moraes, Dror & Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
 */
export function threefry2x32(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
): [word0: number, word1: number] {
  const keys = [key0, key1, 0x1bd11bda ^ key0 ^ key1];
  let x0 = (counter0 + key0) | 0;
  let x1 = (counter1 + key1) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = rotations[round % 8];
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x0 = (x0 + keys[injection % 3]) | 0;
      x1 = (x1 + keys[(injection + 1) % 3] + injection) | 0;
    }
  }
  return [x0 >>> 0, x1 >>> 0];
}

/** A dropped element is selected to 0, not multiplied by it: NaN and Infinity do not come through. */
export function dropout(heap: ReferenceHeap, args: KernelArguments<"dropout">): void {
  const { rows, width, batch, key0, key1 } = args;
  const f = heap.floats;
  const half = Math.ceil(width / 2);
  const threshold = args.threshold >>> 0;
  const rowIds = heap.intAt(args.rowIds);

  for (let r = 0; r < rows; r++) {
    const batchRow = args.rowIds ? heap.ints[rowIds + 2 * r] : r % batch;
    const time = args.rowIds ? heap.ints[rowIds + 2 * r + 1] : Math.floor(r / batch);
    const out = heap.at(args.out) + r * width;
    const x = heap.at(args.x) + r * width;
    const select = (j: number, word: number): void => {
      const value = word >= threshold ? args.scale * f[x + j] : 0;
      f[out + j] = args.accumulate ? f[out + j] + value : value;
    };
    for (let q = 0; q < half; q++) {
      const [word0, word1] = threefry2x32(key0, key1, (Math.imul(batchRow, half) + q) | 0, time);
      select(q, word0);
      if (q + half < width) select(q + half, word1);
    }
  }
}
