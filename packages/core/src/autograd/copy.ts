import { runtime } from "../memory/runtime.ts";

/** out (+)= x, both dense: a sum over an axis of one. */
export function copyDense(out: number, x: number, count: number, accumulate: 0 | 1 = 0): void {
  runtime().kernelSet.kernels.reduceSum({ out, x, outer: 1, reduced: 1, inner: count, scale: 1, accumulate });
}
