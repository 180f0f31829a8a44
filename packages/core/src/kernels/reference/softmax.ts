import type { KernelArguments } from "../kernels.ts";
import type { ReferenceHeap } from "./heap.ts";

/**
 * The largest of `width` numbers from `x`, and the log of the sum of exp(x - largest): exp never overflows. NaN, and a row
 * without a finite largest number, give NaN.
 */
export function logSumExp(
  f: Float32Array | Float64Array,
  x: number,
  width: number,
): { largest: number; logSum: number } {
  let largest = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < width; j++) if (f[x + j] > largest) largest = f[x + j];
  let sum = 0;
  for (let j = 0; j < width; j++) sum += Math.exp(f[x + j] - largest);
  return { largest, logSum: Math.log(sum) };
}

export function softmax(heap: ReferenceHeap, args: KernelArguments<"softmax">): void {
  const { rows, width } = args;
  const f = heap.floats;
  for (let r = 0; r < rows; r++) {
    const out = heap.at(args.out) + r * width;
    const x = heap.at(args.x) + r * width;
    const { largest, logSum } = logSumExp(f, x, width);
    for (let j = 0; j < width; j++) {
      const logProbability = f[x + j] - largest - logSum;
      f[out + j] = args.log ? logProbability : Math.exp(logProbability);
    }
  }
}

export function softmaxBackward(heap: ReferenceHeap, args: KernelArguments<"softmaxBackward">): void {
  const { rows, width } = args;
  const f = heap.floats;
  for (let r = 0; r < rows; r++) {
    const gradX = heap.at(args.gradX) + r * width;
    const gradY = heap.at(args.gradY) + r * width;
    const y = heap.at(args.y) + r * width;
    let sum = 0;
    for (let j = 0; j < width; j++) sum += args.log ? f[gradY + j] : f[gradY + j] * f[y + j];
    for (let j = 0; j < width; j++) {
      const start = args.accumulate ? f[gradX + j] : 0;
      const gradient = args.log ? f[gradY + j] - Math.exp(f[y + j]) * sum : f[y + j] * (f[gradY + j] - sum);
      f[gradX + j] = start + gradient;
    }
  }
}
