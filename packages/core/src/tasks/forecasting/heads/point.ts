import { add, mul, sub } from "../../../autograd/ops/binary.ts";
import { abs } from "../../../autograd/ops/softplus.ts";
import { relu } from "../../../autograd/ops/unary.ts";
import type { Tensor } from "../../../memory/tensor.ts";
import type { Forecasted, Head } from "./head.ts";

/** Squared error, absolute error, or Huber's: squared up to one spread, linear beyond. */
export type PointLoss = "mse" | "mae" | "huber";

/**
 * One number: `mse` (y - f)², `mae` |y - f|, `huber` e²/2 for |e| <= 1, else |e| - 1/2 (Huber 1964).
 */
export function pointHead(loss: PointLoss): Head {
  return {
    width: 1,
    location: 0,
    initialBias: () => [0],
    probabilistic: false,
    loss: (raw, target) => losses[loss](sub(target, raw)),
    forecast: (raw) => certain(raw[0]),
  };
}

const losses: Record<PointLoss, (error: Tensor) => Tensor> = {
  mse: (error) => mul(error, error),
  mae: abs,
  huber: (error) => {
    const size = abs(error);
    const beyond = relu(sub(size, 1));
    const within = sub(size, beyond);
    return add(mul(0.5, mul(within, within)), beyond);
  },
};

/** A point alone. */
function certain(point: number): Forecasted {
  return { point, deviation: 0, quantile: () => point, draw: () => point };
}
