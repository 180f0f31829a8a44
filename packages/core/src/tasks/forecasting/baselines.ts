import { quantile as quantileOf } from "../../metrics/quantile.ts";
import { leastSquares } from "./least-squares.ts";

/** A simple forecast to compare with; it reads nothing after the origin. */
export interface Baseline {
  name: "naive" | "seasonal naive" | "drift" | "autoregression";
  /** The values after an origin. */
  forecast: (values: Float64Array, origin: number, horizon: number) => number[];
}

/** Origins at which a baseline's errors on the training part are measured, at most. */
const mostOrigins = 1000;
/** Lags of an autoregression without a season. */
const plainLags = 14;
/** Longer seasons are read at their lags only. */
const mostLags = 26;

/**
 * The baselines of one series: the last value; the value one season before; the last value and the mean step so far (drift); and an
 * autoregression with the season's lags, fitted by least squares to the training part.
 *
 * @param values without gaps (`filledForward`)
 * @param end the step after the training part
 */
export function baselinesOf(values: Float64Array, end: number, season: number): Baseline[] {
  const naive: Baseline = {
    name: "naive",
    forecast: (series, origin, horizon) => Array.from({ length: horizon }, () => series[origin]),
  };
  const seasonal: Baseline = {
    name: "seasonal naive",
    forecast: (series, origin, horizon) =>
      Array.from({ length: horizon }, (_, k) => series[origin + 1 + k - Math.ceil((k + 1) / season) * season]),
  };
  const drift: Baseline = {
    name: "drift",
    forecast: (series, origin, horizon) => {
      const step = origin > 0 ? (series[origin] - series[0]) / origin : 0;
      return Array.from({ length: horizon }, (_, k) => series[origin] + (k + 1) * step);
    },
  };
  const fitted = autoregression(values.subarray(0, end), season);
  return [naive, ...(season > 1 ? [seasonal] : []), drift, ...(fitted ? [fitted] : [])];
}

/** Missing values are the last one before them, leading ones the first that is there. */
export function filledForward(values: Float64Array): Float64Array {
  let last = values.find((value) => !Number.isNaN(value)) ?? NaN;
  return values.map((value) => (last = Number.isNaN(value) ? last : value));
}

/** y_t = c + Σ a_lag y_{t-lag} by least squares; null where there is too little to fit it. */
function autoregression(training: Float64Array, season: number): Baseline | null {
  const most = Math.floor(training.length / 4);
  const close = Math.min(season > 1 && season < mostLags ? season + 1 : plainLags, most);
  const lags = Array.from({ length: close }, (_, i) => i + 1);
  if (season > 1) lags.push(...[season, season + 1].filter((lag) => lag > close && lag <= training.length / 2));
  if (lags.length === 0) return null;
  const first = Math.max(...lags);
  const row = (values: (step: number) => number, step: number): number[] => [
    1,
    ...lags.map((lag) => values(step - lag)),
  ];
  const steps = Array.from({ length: training.length - first }, (_, i) => first + i);
  const rows = steps.map((step) => row((t) => training[t], step));
  const [coefficients] = leastSquares(rows, [steps.map((step) => training[step])]);
  return {
    name: "autoregression",
    forecast: (series, origin, horizon) => {
      const ahead: number[] = [];
      const at = (step: number): number => (step > origin ? ahead[step - origin - 1] : (series[step] ?? series[0]));
      for (let k = 1; k <= horizon; k++)
        ahead.push(row(at, origin + k).reduce((sum, x, i) => sum + x * coefficients[i], 0));
      return ahead;
    },
  };
}

/**
 * A baseline's quantiles: its forecast and the quantiles of the errors that it makes so many steps ahead on the training part.
 *
 * @returns the error's quantile for a step ahead (from 1) and a probability
 */
export function baselineErrors(
  { forecast }: Baseline,
  values: Float64Array,
  end: number,
  horizon: number,
): (ahead: number, probability: number) => number {
  const first = Math.floor(end / 3);
  const count = Math.max(0, end - 1 - first);
  const every = Math.max(1, Math.ceil(count / mostOrigins));
  const errors: number[][] = Array.from({ length: horizon }, () => []);
  for (let origin = first; origin < end - 1; origin += every) {
    forecast(values, origin, Math.min(horizon, end - 1 - origin)).forEach((value, k) => {
      errors[k].push(values[origin + 1 + k] - value);
    });
  }
  const sorted = errors.map((list) => list.toSorted((a, b) => a - b));
  return (ahead, probability) => (sorted[ahead - 1].length > 0 ? quantileOf(sorted[ahead - 1], probability) : NaN);
}
