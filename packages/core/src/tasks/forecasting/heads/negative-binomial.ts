import { add, div, mul, sub } from "../../../autograd/ops/binary.ts";
import { logGamma } from "../../../autograd/ops/log-gamma.ts";
import { softplus } from "../../../autograd/ops/softplus.ts";
import { exp, log } from "../../../autograd/ops/unary.ts";
import { column, inverseSoftplus, softplusOf } from "./columns.ts";
import type { Head } from "./head.ts";
import { negativeBinomialQuantile } from "./special-functions.ts";

/** At least this much beyond a Poisson distribution, or ln Γ would lose all its digits. */
const leastDispersion = 1e-3;
const leastMean = 1e-6;

/**
 * The negative binomial distribution of counts (Salinas et al. 2020, "DeepAR", equation 6): with s the spread that counts y are divided by,
 * mean m = s (softplus(raw_0) + 1e-6), dispersion α = softplus(raw_1) / √s + 1e-3, r = 1/α:
 *
 *     -ln p(y) = ln Γ(r) + ln Γ(y + 1) - ln Γ(y + r) + r ln(1 + α m) + y ln(1 + r / m)
 *
 * The point is the mean.
 */
export const negativeBinomialHead: Head = {
  width: 2,
  location: null,
  initialBias: () => [inverseSoftplus(1), inverseSoftplus(1)],
  probabilistic: true,
  loss: (raw, target, spread) => {
    const count = mul(target, spread);
    const mean = mul(spread, add(softplus(column(raw, 0)), leastMean));
    const dispersion = add(div(softplus(column(raw, 1)), exp(mul(0.5, log(spread)))), leastDispersion);
    const r = div(1, dispersion);
    const ways = sub(add(logGamma(r), logGamma(add(count, 1))), logGamma(add(count, r)));
    return add(add(ways, mul(r, log(add(1, mul(dispersion, mean))))), mul(count, log(add(1, div(r, mean)))));
  },
  forecast: (raw, spread) => {
    const mean = spread * (softplusOf(raw[0]) + leastMean);
    const r = 1 / (softplusOf(raw[1]) / Math.sqrt(spread) + leastDispersion);
    const quantile = (probability: number): number => negativeBinomialQuantile(probability, mean, r) / spread;
    return {
      point: mean / spread,
      deviation: Math.sqrt(mean + (mean * mean) / r) / spread,
      quantile,
      draw: (random) => quantile(random.uniform()),
    };
  },
};
