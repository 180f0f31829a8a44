import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import { record } from "../tape.ts";
import { checkOperand, rowsAndWidth } from "./operands.ts";

/**
 * Scores to probabilities, along the last axis.
 *
 * y_j = exp(x_j) / Σ_k exp(x_k); dL/dx = y ⊙ (dL/dy - Σ_k dL/dy_k y_k)
 *
 * x [.., V], result of the same shape: each row sums to 1. The largest score is subtracted first, so that nothing overflows.
 *
 * @throws HiddenstateError `invalid` if x has no axis
 * @example
 * softmax(tensor([0, Math.log(3)]));   // [0.25, 0.75]
 */
export function softmax(x: Tensor): Tensor {
  return normalize("softmax", x, 0);
}

/**
 * Scores to logarithms of probabilities (natural), along the last axis: exact where `log(softmax(x))` would be -Infinity.
 *
 * y_j = x_j - ln Σ_k exp(x_k); dL/dx = dL/dy - exp(y) Σ_k dL/dy_k
 *
 * x [.., V], result of the same shape.
 *
 * @throws HiddenstateError `invalid` if x has no axis
 * @example
 * logSoftmax(tensor([0, 0]));   // [-0.6931, -0.6931]
 */
export function logSoftmax(x: Tensor): Tensor {
  return normalize("logSoftmax", x, 1);
}

function normalize(name: string, x: Tensor, log: 0 | 1): Tensor {
  checkOperand(name, "x", x);
  const { kernels } = runtime().kernelSet;
  const { rows, width } = rowsAndWidth(name, x);
  const y = empty(x.shape);
  kernels.softmax({ out: y.offset, x: x.offset, rows, width, log });
  record({
    name,
    inputs: [x],
    outputs: [y],
    backward: (pass) => {
      const target = pass.target(x);
      if (!target) return;
      const { offset: gradX, accumulate } = target;
      kernels.softmaxBackward({ gradX, gradY: pass.gradient(y), y: y.offset, rows, width, log, accumulate });
    },
  });
  return y;
}
