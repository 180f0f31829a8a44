import { type Tensor } from "../../memory/tensor.ts";
import { add, div, mul, sub } from "./binary.ts";
import { log } from "./unary.ts";

const shift = 6;
const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/**
 * The logarithm of the gamma function for numbers above 0, element by element, made of elementary operations; its gradient is that of
 * the same formula, the digamma function.
 *
 * With z = x + 6: ln Γ(x) = (z - 1/2) ln z - z + ln(2π)/2 + 1/(12 z) - 1/(360 z³) + 1/(1260 z⁵) - Σ_{i<6} ln(x + i)
 *
 * (Stirling's series, Abramowitz & Stegun 6.1.41, after the recurrence 6.1.15; what is cut off is below 2e-9.) In f32 the
 * result has the error of the largest term: about 1e-7 times x ln x.
 *
 * @throws HiddenstateError `invalid` if x is no tensor of real numbers
 * @example
 * logGamma(tensor([1, 5]));   // [0, ln 24]
 */
export function logGamma(x: Tensor): Tensor {
  const z = add(x, shift);
  const inverse = div(1, z);
  const square = mul(inverse, inverse);
  const series = mul(inverse, add(1 / 12, mul(square, add(-1 / 360, mul(square, 1 / 1260)))));
  let result = add(add(sub(mul(sub(z, 0.5), log(z)), z), halfLogTwoPi), series);
  // Three factors to a logarithm: their product stays in range for any x below 1e12.
  for (let i = 0; i < shift; i += 3) {
    const product = mul(mul(add(x, i), add(x, i + 1)), add(x, i + 2));
    result = sub(result, log(product));
  }
  return result;
}
