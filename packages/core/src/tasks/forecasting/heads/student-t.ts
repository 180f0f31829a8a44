import { add, div, mul, sub } from "../../../autograd/ops/binary.ts";
import { logGamma } from "../../../autograd/ops/log-gamma.ts";
import { softplus } from "../../../autograd/ops/softplus.ts";
import { log } from "../../../autograd/ops/unary.ts";
import { column, inverseSoftplus, softplusOf } from "./columns.ts";
import { leastSpread } from "./gaussian.ts";
import type { Head } from "./head.ts";
import { studentQuantile } from "./special-functions.ts";

/** Above 2 degrees of freedom there is a variance. */
const leastFreedom = 2;

/**
 * Student's t distribution, for outliers: location μ = raw_0, spread σ = softplus(raw_1) + 1e-3, degrees of freedom ν = 2 + softplus(raw_2).
 *
 *     -ln p(y) = ln Γ(ν/2) - ln Γ((ν+1)/2) + ln(πν)/2 + ln σ + (ν+1)/2 ln(1 + ((y - μ)/σ)² / ν)
 */
export const studentTHead: Head = {
  width: 3,
  location: 0,
  initialBias: (spread) => [0, inverseSoftplus(spread), inverseSoftplus(8)],
  probabilistic: true,
  loss: (raw, target) => {
    const sigma = add(softplus(column(raw, 1)), leastSpread);
    const freedom = add(softplus(column(raw, 2)), leastFreedom);
    const error = div(sub(target, column(raw, 0)), sigma);
    const half = mul(0.5, add(freedom, 1));
    const normalizer = add(sub(logGamma(mul(0.5, freedom)), logGamma(half)), mul(0.5, log(mul(Math.PI, freedom))));
    const tail = mul(half, log(add(1, div(mul(error, error), freedom))));
    return add(add(normalizer, log(sigma)), tail);
  },
  forecast: (raw) => {
    const [location, sigma] = [raw[0], softplusOf(raw[1]) + leastSpread];
    const freedom = leastFreedom + softplusOf(raw[2]);
    return {
      point: location,
      deviation: sigma * Math.sqrt(freedom / (freedom - leastFreedom)),
      quantile: (probability) => location + sigma * studentQuantile(probability, freedom),
      // Bailey 1994, "Polar generation of random variates with the t-distribution".
      draw: (random) => {
        const radius = Math.sqrt(freedom * (random.uniform() ** (-2 / freedom) - 1));
        return location + sigma * radius * Math.cos(2 * Math.PI * random.uniform());
      },
    };
  },
};
