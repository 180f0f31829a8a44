import type { KernelArguments } from "../kernels.ts";
import { threefry2x32 } from "../threefry.ts";
import type { ReferenceHeap } from "./heap.ts";

/** A dropped element is selected to 0, not multiplied by it: NaN and Infinity do not come through. */
export function dropout(heap: ReferenceHeap, args: KernelArguments<"dropout">): void {
  const { rows, width, batch } = args;
  const f = heap.floats;
  const key = [args.key0, args.key1] as const;
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
      const [word0, word1] = threefry2x32(key, (Math.imul(batchRow, half) + q) | 0, time);
      select(q, word0);
      if (q + half < width) select(q + half, word1);
    }
  }
}
