import type { KernelArguments } from "../kernels.ts";
import type { ReferenceHeap } from "./heap.ts";

/** Calls visit with the start and end (in elements) of every (offset, count) segment. */
function visitSegments(
  heap: ReferenceHeap,
  segments: number,
  segmentCount: number,
  visit: (start: number, end: number) => void,
): void {
  for (let s = 0; s < segmentCount; s++) {
    const at = heap.intAt(segments) + 2 * s;
    const start = heap.at(heap.ints[at] >>> 0);
    visit(start, start + heap.ints[at + 1]);
  }
}

export function globalNorm(heap: ReferenceHeap, args: KernelArguments<"globalNorm">): void {
  const f = heap.floats;
  let sum = 0;
  visitSegments(heap, args.segments, args.segmentCount, (start, end) => {
    for (let i = start; i < end; i++) sum += f[i] * f[i];
  });
  f[heap.at(args.norm)] = Math.sqrt(sum);
}

/** Pascanu, Mikolov & Bengio 2013. A NaN norm makes every element NaN, as in PyTorch: the trainer must see it. */
export function clipByNorm(heap: ReferenceHeap, args: KernelArguments<"clipByNorm">): void {
  const f = heap.floats;
  const factor = Math.min(1, args.maxNorm / (f[heap.at(args.norm)] + 1e-6));
  visitSegments(heap, args.segments, args.segmentCount, (start, end) => {
    for (let i = start; i < end; i++) f[i] *= factor;
  });
}

export function clipByValue(heap: ReferenceHeap, args: KernelArguments<"clipByValue">): void {
  const f = heap.floats;
  visitSegments(heap, args.segments, args.segmentCount, (start, end) => {
    for (let i = start; i < end; i++) f[i] = Math.min(args.limit, Math.max(-args.limit, f[i]));
  });
}
