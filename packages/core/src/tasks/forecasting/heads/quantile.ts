import { add, mul, sub } from "../../../autograd/ops/binary.ts";
import { relu } from "../../../autograd/ops/unary.ts";
import { softplus } from "../../../autograd/ops/softplus.ts";
import type { Tensor } from "../../../memory/tensor.ts";
import { column, inverseSoftplus, softplusOf } from "./columns.ts";
import type { Forecasted, Head } from "./head.ts";
import { normalQuantile } from "./special-functions.ts";

/** The probability of being at most one standard deviation above the mean, of a normal distribution. */
const oneDeviation = 0.8413447460685429;

/**
 * Some quantiles, trained by the pinball loss (Koenker & Bassett 1978), mean over levels of 2 max(q e, (q - 1) e), e = y - f_q.
 *
 * The middle level's quantile is free; from there each next one lies a softplus away, so that quantiles never cross.
 * Between levels, and beyond the outermost, quantiles lie on straight lines over those of a normal distribution.
 *
 * @param levels rising, each between 0 and 1
 */
export function quantileHead(levels: readonly number[]): Head {
  const middle = Math.floor(levels.length / 2);
  const scores = levels.map(normalQuantile);
  return {
    width: levels.length,
    location: middle,
    initialBias: (spread) =>
      scores.map((score, i) => {
        if (i === middle) return score * spread;
        return inverseSoftplus(spread * Math.abs(score - scores[i < middle ? i + 1 : i - 1]));
      }),
    probabilistic: true,
    loss: (raw, target) => {
      const quantiles = quantilesOf(raw, levels.length, middle);
      const each = quantiles.map((quantile, i) => pinballLoss(sub(target, quantile), levels[i]));
      return mul(
        2 / levels.length,
        each.reduce((sum, loss) => add(sum, loss)),
      );
    },
    forecast: (raw) => fromQuantiles(numbersOf(raw, levels.length, middle), scores),
  };
}

function quantilesOf(raw: Tensor, count: number, middle: number): Tensor[] {
  const quantiles: Tensor[] = [];
  quantiles[middle] = column(raw, middle);
  for (let i = middle + 1; i < count; i++) quantiles[i] = add(quantiles[i - 1], softplus(column(raw, i)));
  for (let i = middle - 1; i >= 0; i--) quantiles[i] = sub(quantiles[i + 1], softplus(column(raw, i)));
  return quantiles;
}

/** As `quantilesOf`, of one row of plain numbers. */
function numbersOf(raw: ArrayLike<number>, count: number, middle: number): number[] {
  const quantiles: number[] = [];
  quantiles[middle] = raw[middle];
  for (let i = middle + 1; i < count; i++) quantiles[i] = quantiles[i - 1] + softplusOf(raw[i]);
  for (let i = middle - 1; i >= 0; i--) quantiles[i] = quantiles[i + 1] - softplusOf(raw[i]);
  return quantiles;
}

function pinballLoss(error: Tensor, level: number): Tensor {
  return add(mul(level, relu(error)), mul(1 - level, relu(mul(error, -1))));
}

/** @param scores normal quantiles of the same levels */
function fromQuantiles(quantiles: readonly number[], scores: readonly number[]): Forecasted {
  const quantile = (probability: number): number => {
    const score = normalQuantile(probability);
    if (scores.length === 1) return quantiles[0];
    const above = scores.findIndex((each) => each >= score);
    const right = above < 0 ? scores.length - 1 : Math.max(1, above);
    const share = (score - scores[right - 1]) / (scores[right] - scores[right - 1]);
    return quantiles[right - 1] + share * (quantiles[right] - quantiles[right - 1]);
  };
  return {
    point: quantile(0.5),
    deviation: (quantile(oneDeviation) - quantile(1 - oneDeviation)) / 2,
    quantile,
    draw: (random) => quantile(random.uniform()),
  };
}
