import { slice } from "../../../autograd/ops/slice.ts";
import type { Tensor } from "../../../memory/tensor.ts";

/** Column j of [N, P], as [N, 1]. */
export function column(raw: Tensor, j: number): Tensor {
  return slice(raw, { axis: 1, start: j, end: j + 1 });
}

/** ln(1 + e^x) of a plain number. */
export function softplusOf(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** The x with softplus(x) = y, for y > 0. */
export function inverseSoftplus(y: number): number {
  return y + Math.log(-Math.expm1(-y));
}
