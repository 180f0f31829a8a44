import type { KernelArguments } from "../kernels.ts";
import type { ReferenceHeap } from "./heap.ts";

export function segmentMax(heap: ReferenceHeap, args: KernelArguments<"segmentMax">): void {
  const { rows, count, width } = args;
  const f = heap.floats;
  const [out, x, where] = [heap.at(args.out), heap.at(args.x), heap.intAt(args.where)];
  f.fill(0, out, out + count * width);
  heap.ints.fill(-1, where, where + count * width);
  for (let r = 0; r < rows; r++) {
    const segment = heap.ints[heap.intAt(args.segments) + r];
    if (segment < 0) continue;
    for (let j = 0; j < width; j++) {
      const place = segment * width + j;
      const value = f[x + r * width + j];
      const before = f[out + place];
      // The first NaN stays: nothing is above it.
      const first = heap.ints[where + place] < 0;
      if (!first && !(value > before || (Number.isNaN(value) && !Number.isNaN(before)))) continue;
      f[out + place] = value;
      heap.ints[where + place] = r;
    }
  }
}

export function segmentMaxBackward(heap: ReferenceHeap, args: KernelArguments<"segmentMaxBackward">): void {
  const { count, width } = args;
  const f = heap.floats;
  for (let i = 0; i < count * width; i++) {
    const row = heap.ints[heap.intAt(args.where) + i];
    if (row >= 0) f[heap.at(args.gradX) + row * width + (i % width)] += f[heap.at(args.gradOut) + i];
  }
}
