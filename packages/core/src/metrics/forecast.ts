/**
 * How good forecasts are. Each function goes over pairs of numbers in order; pairs whose actual value is missing (NaN) do not count, and of
 * none that do the result is NaN.
 */

/** Mean absolute error: `mean |y - f|`. In the unit of the values. */
export function meanAbsoluteError(actual: ArrayLike<number>, forecast: ArrayLike<number>): number {
  return meanOver(actual, (y, i) => Math.abs(y - forecast[i]));
}

/** Root of the mean squared error: `sqrt(mean (y - f)²)`. In the unit of the values. */
export function rootMeanSquaredError(actual: ArrayLike<number>, forecast: ArrayLike<number>): number {
  return Math.sqrt(meanOver(actual, (y, i) => (y - forecast[i]) ** 2));
}

/**
 * Symmetric mean absolute percentage error: `100 mean 2 |y - f| / (|y| + |f|)`, 0 to 200 %; 0 where both are 0.
 *
 * Source: the M4 competition (Makridakis, Spiliotis & Assimakopoulos 2020).
 */
export function symmetricPercentageError(actual: ArrayLike<number>, forecast: ArrayLike<number>): number {
  return meanOver(actual, (y, i) => {
    const size = Math.abs(y) + Math.abs(forecast[i]);
    return size === 0 ? 0 : (200 * Math.abs(y - forecast[i])) / size;
  });
}

/**
 * The scale of `meanAbsoluteScaledError`: the mean absolute error that the seasonal naive forecast makes one step (season) ahead on the
 * training part, `mean |y_t - y_{t-season}|`.
 */
export function naiveScale(training: ArrayLike<number>, season = 1): number {
  let [sum, count] = [0, 0];
  for (let t = season; t < training.length; t++) {
    const step = Math.abs(training[t] - training[t - season]);
    if (Number.isNaN(step)) continue;
    sum += step;
    count++;
  }
  return sum / count;
}

/**
 * Mean absolute scaled error: the mean absolute error over `naiveScale` of the training part; below 1 is better than the naive forecast was
 * there.
 *
 * Source: Hyndman & Koehler 2006, "Another look at measures of forecast accuracy".
 */
export function meanAbsoluteScaledError(actual: ArrayLike<number>, forecast: ArrayLike<number>, scale: number): number {
  return meanAbsoluteError(actual, forecast) / scale;
}

/**
 * Weighted quantile loss over some levels: `mean_q 2 Σ ρ_q(y - f_q) / Σ |y|` with the pinball loss `ρ_q(e) = max(q e, (q - 1) e)`. With the
 * level 0.5 alone: Σ |y - f| / Σ |y|.
 *
 * @param quantiles the forecast of each level
 *
 * Source: Koenker & Bassett 1978; as in GluonTS (Alexandrov et al. 2020).
 */
export function weightedQuantileLoss(
  actual: ArrayLike<number>,
  quantiles: readonly { level: number; values: ArrayLike<number> }[],
): number {
  const size = meanOver(actual, (y) => Math.abs(y));
  let total = 0;
  for (const { level, values } of quantiles)
    total += (2 * meanOver(actual, (y, i) => pinball(y - values[i], level))) / size;
  return total / quantiles.length;
}

/** The pinball loss of an error y - f at a level: `max(q e, (q - 1) e)`. */
export function pinball(error: number, level: number): number {
  return Math.max(level * error, (level - 1) * error);
}

/** Share of the actual values inside their interval, ends included, 0 to 1. */
export function intervalCoverage(
  actual: ArrayLike<number>,
  lower: ArrayLike<number>,
  upper: ArrayLike<number>,
): number {
  return meanOver(actual, (y, i) => (y >= lower[i] && y <= upper[i] ? 1 : 0));
}

function meanOver(actual: ArrayLike<number>, term: (y: number, i: number) => number): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < actual.length; i++) {
    if (Number.isNaN(actual[i])) continue;
    sum += term(actual[i], i);
    count++;
  }
  return sum / count;
}
