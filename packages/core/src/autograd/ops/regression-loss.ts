import { HiddenstateError, shown } from "../../errors.ts";
import type { Tensor } from "../../memory/tensor.ts";
import { resolveOptions } from "../../options.ts";
import { add, mul, sub } from "./binary.ts";
import { checkOperand } from "./operands.ts";
import { mean } from "./reduce.ts";
import { relu } from "./unary.ts";

/**
 * The mean squared error.
 *
 * loss = mean (prediction - target)²; dL/dprediction = 2 (prediction - target) / n
 *
 * Both of one shape, any; result [].
 *
 * @throws HiddenstateError `mismatch` if the shapes differ
 * @example
 * const loss = meanSquaredError(model.forward(x), tensor([1.5, 2], [2, 1]));
 */
export function meanSquaredError(prediction: Tensor, target: Tensor): Tensor {
  checkPair("meanSquaredError", prediction, target);
  const error = sub(prediction, target);
  return mean(mul(error, error));
}

export interface HuberOptions {
  /** Errors beyond it count linearly, above 0. Default 1. */
  delta?: number;
}

/**
 * The Huber loss: squared for small errors, linear for large ones, so that a few wild targets do not rule (Huber 1964).
 *
 * loss = mean of e²/2 where |e| <= delta, else delta (|e| - delta/2), with e = prediction - target; as PyTorch's `HuberLoss`
 *
 * Both of one shape, any; result [].
 *
 * @throws HiddenstateError `mismatch` if the shapes differ, `invalid` or `unknown` for options that are none
 * @example
 * const loss = huberLoss(prediction, target, { delta: 1.35 });
 */
export function huberLoss(prediction: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  const { delta } = resolveOptions<HuberOptions>("huberLoss", options, {
    delta: { type: "number", above: 0, default: 1 },
  });
  checkPair("huberLoss", prediction, target);
  const error = sub(prediction, target);
  // e²/2 less what a large error is beyond the line: (|e| - delta)²/2 where |e| > delta.
  const beyond = add(relu(sub(error, delta)), relu(sub(mul(error, -1), delta)));
  return mul(mean(sub(mul(error, error), mul(beyond, beyond))), 0.5);
}

function checkPair(where: string, prediction: Tensor, target: Tensor): void {
  checkOperand(where, "prediction", prediction);
  checkOperand(where, "target", target);
  if (prediction.shape.join() === target.shape.join()) return;
  throw new HiddenstateError(
    "mismatch",
    `${where}: mismatch in target: got ${shown(target.shape)}, expected the prediction's shape ${shown(prediction.shape)}`,
  );
}
