import { add, div, mul, sub } from "../../../autograd/ops/binary.ts";
import { softplus } from "../../../autograd/ops/softplus.ts";
import { log } from "../../../autograd/ops/unary.ts";
import { column, inverseSoftplus, softplusOf } from "./columns.ts";
import type { Head } from "./head.ts";
import { normalQuantile } from "./special-functions.ts";

/** Spreads are at least this, so that a perfect fit has a finite loss. */
export const leastSpread = 1e-3;
const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/**
 * A normal distribution: mean μ = raw_0, spread σ = softplus(raw_1) + 1e-3; loss -ln p(y) = ln σ + ((y - μ) / σ)² / 2 + ln(2π) / 2.
 */
export const gaussianHead: Head = {
  width: 2,
  location: 0,
  initialBias: (spread) => [0, inverseSoftplus(spread)],
  probabilistic: true,
  loss: (raw, target) => {
    const sigma = add(softplus(column(raw, 1)), leastSpread);
    const error = div(sub(target, column(raw, 0)), sigma);
    return add(add(log(sigma), mul(0.5, mul(error, error))), halfLogTwoPi);
  },
  forecast: (raw) => {
    const [mean, sigma] = [raw[0], softplusOf(raw[1]) + leastSpread];
    return {
      point: mean,
      deviation: sigma,
      quantile: (probability) => mean + sigma * normalQuantile(probability),
      draw: (random) => mean + sigma * random.normal(),
    };
  },
};
