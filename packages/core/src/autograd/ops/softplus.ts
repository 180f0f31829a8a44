import type { Tensor } from "../../memory/tensor.ts";
import { add, mul } from "./binary.ts";
import { exp, log, relu } from "./unary.ts";

/**
 * The smooth rectifier, element by element, made of elementary operations.
 *
 * y = ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), above 0; dL/dx = dL/dy ⊙ 1 / (1 + e^-x) (0 at exactly 0, where relu has none)
 *
 * @throws HiddenstateError `invalid` if x is no tensor of real numbers
 * @example
 * softplus(tensor([0, 2]));   // [0.6931, 2.1269]
 */
export function softplus(x: Tensor): Tensor {
  return add(relu(x), log(add(1, exp(mul(abs(x), -1)))));
}

/**
 * The absolute value, element by element: y = max(x, 0) + max(-x, 0); dL/dx = dL/dy ⊙ sign(x), 0 at 0.
 *
 * @throws HiddenstateError `invalid` if x is no tensor of real numbers
 * @example
 * abs(tensor([-2, 3]));   // [2, 3]
 */
export function abs(x: Tensor): Tensor {
  return add(relu(x), relu(mul(x, -1)));
}
