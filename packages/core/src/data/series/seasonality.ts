import { day, type Frequency, hour } from "./frequency.ts";
import { stepLength } from "./calendar.ts";

/** Longer seasons are left to the calendar's features. */
const longest = 400;
/** Cycles that a series must show of a season. */
const cyclesNeeded = 3;
/** A longer season must say so much more than a shorter one. */
const clearlyStronger = 0.02;

/** A season and how strong it is. */
export interface SeasonStrength {
  /** Steps. */
  season: number;
  /** max(0, 1 - Var(remainder) / Var(seasonal part + remainder)), 0 to 1, where variances count degrees of freedom. */
  strength: number;
}

/**
 * Seasons that a series may have, in steps: those of its frequency (a year of months or quarters, a week of days, a day and a week of
 * hours, ...), or, without dates, where its autocorrelation has its highest peaks.
 */
export function possibleSeasons(values: Float64Array, frequency: Frequency | null): number[] {
  const fits = (season: number): boolean =>
    Number.isInteger(season) && season > 1 && season <= longest && values.length >= cyclesNeeded * season;
  const seasons = frequency ? naturalSeasons(frequency) : autocorrelationPeaks(values);
  return seasons.filter(fits).toSorted((a, b) => a - b);
}

/**
 * The strongest of some seasons (Wang, Smith & Hyndman 2006, "Characteristic-based clustering for time series data"), by classical
 * decomposition: a centred moving average is the trend, the mean of each phase of what remains is the season.
 *
 * @returns season 1 and strength 0 where there is none
 */
export function strongestSeason(values: Float64Array, seasons: readonly number[]): SeasonStrength {
  let best: SeasonStrength = { season: 1, strength: 0 };
  for (const season of seasons) {
    const strength = seasonalStrength(values, season);
    // Twice a season is a season too.
    if (strength > best.strength + clearlyStronger) best = { season, strength };
  }
  return best;
}

/** How strong a season is, 0 to 1. */
export function seasonalStrength(values: Float64Array, season: number): number {
  const detrended = values.map((value, i) => value - centredMean(values, i, season));
  const phases = Array.from({ length: season }, (_, phase) =>
    meanOf(detrended.filter((_value, i) => i % season === phase)),
  );
  const remainder = detrended.map((value, i) => value - phases[i % season]);
  const whole = variance(detrended);
  const count = detrended.filter((value) => !Number.isNaN(value)).length;
  const freedom = (count - 1) / Math.max(1, count - season);
  return whole > 0 ? Math.max(0, 1 - (freedom * variance(remainder)) / whole) : 0;
}

function naturalSeasons(frequency: Frequency): number[] {
  const { unit, step } = frequency;
  if (unit === "month") return [12 / step];
  if (unit === "weekday") return [5 / step];
  const length = stepLength(frequency);
  if (length === 7 * day) return [52];
  return [hour / length, day / length, (7 * day) / length].filter((season) => season >= 4);
}

/** Lags at the highest local maxima of the autocorrelation, after the linear trend is taken away. */
function autocorrelationPeaks(values: Float64Array): number[] {
  const rest = withoutTrend(values);
  const most = Math.min(longest, Math.floor(values.length / cyclesNeeded));
  const total = rest.reduce((sum, value) => sum + value * value, 0);
  const correlations = Array.from({ length: most + 2 }, (_, lag) => {
    let sum = 0;
    for (let i = lag; i < rest.length; i++) sum += rest[i] * rest[i - lag];
    return total > 0 ? sum / total : 0;
  });
  const peaks: number[] = [];
  for (let lag = 2; lag <= most; lag++) {
    const here = correlations[lag];
    if (here > 0.3 && here >= correlations[lag - 1] && here > correlations[lag + 1]) peaks.push(lag);
  }
  return peaks.toSorted((a, b) => correlations[b] - correlations[a]).slice(0, 3);
}

function withoutTrend(values: Float64Array): Float64Array {
  const middle = (values.length - 1) / 2;
  const mean = meanOf(values);
  let [product, square] = [0, 0];
  values.forEach((value, i) => {
    product += (i - middle) * (value - mean);
    square += (i - middle) ** 2;
  });
  const slope = square > 0 ? product / square : 0;
  return values.map((value, i) => value - mean - slope * (i - middle));
}

/** The mean over a season around a step; an even season's two ends count half. NaN near the series' ends. */
function centredMean(values: Float64Array, at: number, season: number): number {
  const half = Math.floor(season / 2);
  if (at < half || at + half >= values.length) return NaN;
  let sum = 0;
  for (let i = at - half; i <= at + half; i++) sum += values[i];
  if (season % 2 === 1) return sum / season;
  return (sum - (values[at - half] + values[at + half]) / 2) / season;
}

/** The mean of what is not NaN; 0 of nothing. */
export function meanOf(values: Float64Array): number {
  let [sum, count] = [0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count > 0 ? sum / count : 0;
}

/** The variance of what is not NaN; 0 of nothing. */
export function variance(values: Float64Array): number {
  const mean = meanOf(values);
  return meanOf(values.map((value) => (value - mean) ** 2));
}
