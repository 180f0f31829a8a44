import { dateOfStep, type RegularSeries } from "../../data/series/regular-series.ts";
import { showDate } from "../../data/series/dates.ts";
import { baselineErrors, baselinesOf, filledForward } from "./baselines.ts";
import type { OriginForecast } from "./forecast-origins.ts";
import { type ForecastScores, ScoreSheet } from "./forecast-scores.ts";

/** A forecast of a backtest beside what came. */
export interface BacktestForecast {
  id: string;
  /** Steps of the series that were known, and the date of the last one (null without dates). */
  known: number;
  date: string | null;
  /** The dates that are forecast, as ISO text; null where the series has none. */
  dates: string[] | null;
  /** For each step ahead. */
  values: number[];
  /** NaN where missing. */
  actual: number[];
  intervals: ForecastInterval[];
}

/** A range in which a value lies with a probability of `level`. */
export interface ForecastInterval {
  level: number;
  lower: number[];
  upper: number[];
}

/** How a model would have done: a forecast from each origin, of which it knew nothing later. */
export interface BacktestResult {
  horizon: number;
  /** Forecasts made. */
  origins: number;
  /** Tested steps that the model was trained on: 0 for an honest test. */
  trainedOn: number;
  /** Of the model and of the baselines, fitted to what lies before the first origin. */
  scores: { model: ForecastScores } & Record<string, ForecastScores>;
  /** Of the model, by steps ahead. */
  byStep: { ahead: number; mae: number; rmse: number }[];
  forecasts: BacktestForecast[];
}

/** A series that is tested on, and its forecasts. */
export interface TestedSeries {
  series: RegularSeries;
  season: number;
  /** What errors are divided by for MASE. */
  naiveScale: number;
  forecasts: readonly OriginForecast[];
}

/** Puts forecasts beside what came, and beside the baselines' forecasts from the same origins. */
export function scoreBacktest(
  tested: readonly TestedSeries[],
  horizon: number,
  levels: readonly number[],
): Omit<BacktestResult, "trainedOn"> {
  const sheets = new Map<string, ScoreSheet>([["model", new ScoreSheet(levels)]]);
  const bySteps = Array.from({ length: horizon }, () => new ScoreSheet([]));
  const all: BacktestForecast[] = [];
  for (const { series, season, naiveScale, forecasts } of tested) {
    const { values } = series;
    for (const forecast of forecasts) {
      const { origin } = forecast.origin;
      forecast.values.forEach((point, k) => {
        const quantile = (probability: number): number => forecast.quantile(k + 1, probability);
        sheets.get("model")!.add(values[origin + 1 + k], point, naiveScale, quantile);
        bySteps[k].add(values[origin + 1 + k], point, naiveScale, () => point);
      });
      all.push(besideActual(series, forecast, levels));
    }
    const filled = filledForward(values);
    const end = forecasts[0].origin.origin + 1;
    for (const baseline of baselinesOf(filled, end, season)) {
      const sheet = sheets.get(baseline.name) ?? new ScoreSheet(levels);
      sheets.set(baseline.name, sheet);
      const errors = baselineErrors(baseline, filled, end, horizon);
      for (const { origin } of forecasts.map((each) => each.origin)) {
        baseline.forecast(filled, origin, horizon).forEach((point, k) => {
          sheet.add(values[origin + 1 + k], point, naiveScale, (probability) => point + errors(k + 1, probability));
        });
      }
    }
  }
  const scores = Object.fromEntries([...sheets].map(([name, sheet]) => [name, sheet.scores()]));
  const byStep = bySteps.map((sheet, k) => {
    const { mae, rmse } = sheet.scores();
    return { ahead: k + 1, mae, rmse };
  });
  return { horizon, origins: all.length, scores: scores as BacktestResult["scores"], byStep, forecasts: all };
}

function besideActual(series: RegularSeries, forecast: OriginForecast, levels: readonly number[]): BacktestForecast {
  const { origin } = forecast.origin;
  const date = dateOfStep(series, origin);
  return {
    id: series.id,
    known: origin + 1,
    date: date === null ? null : showDate(date),
    dates: date === null ? null : forecast.values.map((_, k) => showDate(dateOfStep(series, origin + 1 + k)!)),
    values: forecast.values,
    actual: Array.from(series.values.subarray(origin + 1, origin + 1 + forecast.values.length)),
    intervals: intervalsOf(forecast, levels),
  };
}

/** The intervals of a forecast, by level. */
export function intervalsOf({ values, quantile }: OriginForecast, levels: readonly number[]): ForecastInterval[] {
  return levels.map((level) => ({
    level,
    lower: values.map((_, k) => quantile(k + 1, (1 - level) / 2)),
    upper: values.map((_, k) => quantile(k + 1, (1 + level) / 2)),
  }));
}
