import type { KernelArguments } from "../kernels.ts";
import type { ReferenceHeap } from "./heap.ts";

export function gatherRows(heap: ReferenceHeap, args: KernelArguments<"gatherRows">): void {
  const { width } = args;
  const f = heap.floats;
  for (let i = 0; i < args.rows; i++) {
    const index = heap.ints[heap.intAt(args.index) + i];
    const out = heap.at(args.out) + i * width;
    const x = heap.at(args.x) + index * width;
    for (let j = 0; j < width; j++) {
      const sum = args.accumulate ? f[out + j] : 0;
      f[out + j] = sum + (index < 0 ? 0 : f[x + j]);
    }
  }
}

export function scatterRows(heap: ReferenceHeap, args: KernelArguments<"scatterRows">): void {
  const { width } = args;
  const f = heap.floats;
  for (let i = 0; i < args.rows; i++) {
    const out = heap.at(args.out) + heap.ints[heap.intAt(args.index) + i] * width;
    const x = heap.at(args.x) + i * width;
    f.copyWithin(out, x, x + width);
  }
}

export function scatterAddRows(heap: ReferenceHeap, args: KernelArguments<"scatterAddRows">): void {
  const { width } = args;
  const f = heap.floats;
  const out = heap.at(args.out);
  const x = heap.at(args.x);
  // Each target row is one chain in double, rounded once at the end however often it is hit.
  const sums = new Map<number, Float64Array>();
  for (let i = 0; i < args.rows; i++) {
    const index = heap.ints[heap.intAt(args.index) + i];
    if (index < 0) continue;
    let sum = sums.get(index);
    if (!sum) sums.set(index, (sum = Float64Array.from(f.subarray(out + index * width, out + (index + 1) * width))));
    for (let j = 0; j < width; j++) sum[j] += f[x + i * width + j];
  }
  for (const [index, sum] of sums) f.set(sum, out + index * width);
}
