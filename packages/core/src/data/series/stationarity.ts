import { meanOf, variance } from "./seasonality.ts";

/** Above it, a level that stays is rejected at 5 % (Kwiatkowski et al. 1992, table 1). */
export const kpssCritical = 0.463;

/**
 * The statistic of Kwiatkowski, Phillips, Schmidt & Shin (1992) for a series whose level stays:
 *
 *     η = n^-2 Σ_t S_t² / s²,   S_t = Σ_{i<=t} (x_i - mean),   s² = long-run variance, Bartlett's weights, ⌊3 √n / 13⌋ lags
 *
 * Large where the series drifts away from its mean. 0 for a constant.
 */
export function kpss(values: Float64Array): number {
  const n = values.length;
  const mean = meanOf(values);
  const rest = values.map((value) => value - mean);
  const lags = Math.floor((3 * Math.sqrt(n)) / 13);
  let longRun = variance(values);
  for (let lag = 1; lag <= lags; lag++) {
    let sum = 0;
    for (let i = lag; i < n; i++) sum += rest[i] * rest[i - lag];
    longRun += (2 * (1 - lag / (lags + 1)) * sum) / n;
  }
  if (!(longRun > 0)) return 0;
  let [partial, squares] = [0, 0];
  for (const value of rest) {
    partial += value;
    squares += partial * partial;
  }
  return squares / (n * n * longRun);
}

/**
 * Whether a positive series varies in proportion to its level, so that its logarithm varies evenly: of the powers 1 and 0 (the
 * logarithm) the one for which spread / level^(1 - power) differs least between stretches of the series (Guerrero 1993,
 * "Time-series analysis supported by power transformations"). Only where the level changes enough to tell.
 *
 * @param stretch steps in a stretch: a season, where there is one
 */
export function isMultiplicative(values: Float64Array, stretch: number): boolean {
  const levels: number[] = [];
  const spreads: number[] = [];
  for (let start = values.length % stretch; start < values.length; start += stretch) {
    const part = values.subarray(start, start + stretch);
    levels.push(meanOf(part));
    spreads.push(Math.sqrt(variance(part)));
  }
  if (values.some((value) => value <= 0) || levels.length < 3) return false;
  const sorted = levels.toSorted((a, b) => a - b);
  if (sorted.at(-1)! < 1.5 * sorted[0]) return false;
  const additive = relativeSpread(spreads);
  const multiplicative = relativeSpread(spreads.map((spread, i) => spread / levels[i]));
  return multiplicative < additive;
}

/** Standard deviation / mean. */
function relativeSpread(numbers: readonly number[]): number {
  const values = Float64Array.from(numbers);
  const mean = meanOf(values);
  return mean > 0 ? Math.sqrt(variance(values)) / mean : 0;
}
