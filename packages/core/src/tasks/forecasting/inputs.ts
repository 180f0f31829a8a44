import { type CalendarWave, writeCalendar } from "../../data/series/calendar.ts";
import { dateOfStep, type RegularSeries } from "../../data/series/regular-series.ts";
import { baseOf, type Preprocessing, type Scale } from "./preprocessing.ts";

/** A covariate and how it is scaled: by its training part. */
export interface CovariateInput extends Scale {
  name: string;
  /** Where values are told as differences: how those of a covariate known ahead, from the same steps, are scaled. They are read too. */
  change?: Scale;
}

/** A category and the values that it had in training, each of which has a learned vector. */
export interface CategoryInput {
  name: string;
  values: readonly string[];
}

/** What the network reads for each step. */
export interface InputPlan {
  /** Changes before the forecast one: 1 is the last. */
  lags: readonly number[];
  waves: readonly CalendarWave[];
  known: readonly CovariateInput[];
  observed: readonly CovariateInput[];
  categories: readonly CategoryInput[];
}

/** What differences are taken from. */
export type Differencing = Pick<Preprocessing, "difference" | "season">;

/** Numbers for each step: lags, whether the last value is missing, calendar, known and observed covariates. */
export function inputWidth(plan: InputPlan): number {
  return plan.lags.length + 1 + aheadWidth(plan) + plan.observed.length;
}

/** Numbers for each future step that is forecast directly: the last change of its season, calendar, known covariates. */
export function futureWidth(plan: InputPlan): number {
  return 1 + aheadWidth(plan);
}

/** What is known of a step ahead. */
function aheadWidth({ waves, known }: InputPlan): number {
  return 2 * waves.length + known.length + known.filter(({ change }) => change).length;
}

/**
 * What a covariate known ahead adds to its base: the difference of its step from those that values are told as differences from. What
 * matters for sales less those of a year ago is the price less that of a year ago.
 */
export function covariateChange(
  values: Float64Array,
  origin: number,
  ahead: number,
  differencing: Differencing,
): number {
  return values[origin + ahead] - baseOf(values, origin, ahead, differencing);
}

/** Scaled changes by step; NaN where they are missing. */
export type ChangeAt = (step: number) => number;

/** Writes the inputs of one series. What is written for a step depends on nothing after it but the calendar and what is known ahead. */
export class SeriesInputs {
  readonly #plan: InputPlan;
  readonly #differencing: Differencing;
  readonly #series: RegularSeries;
  readonly #calendar: Float64Array;

  /** @param steps how many steps may be asked for, those past the last value included */
  constructor(series: RegularSeries, plan: InputPlan, differencing: Differencing, steps: number) {
    this.#series = series;
    this.#plan = plan;
    this.#differencing = differencing;
    const width = 2 * plan.waves.length;
    this.#calendar = new Float64Array(steps * width);
    if (width === 0) return;
    for (let step = 0; step < steps; step++)
      writeCalendar(dateOfStep(series, step)!, plan.waves, this.#calendar, step * width);
  }

  /**
   * The inputs from which the change of a step is forecast: of the step before it and earlier.
   * @param last the last step whose observed covariates are known: past it they are taken to stay
   */
  write(step: number, last: number, changeAt: ChangeAt, out: Float32Array, start: number): void {
    const { lags, observed } = this.#plan;
    let at = start;
    for (const lag of lags) out[at++] = orZero(changeAt(step - lag));
    out[at++] = Number.isNaN(changeAt(step - 1)) ? 1 : 0;
    at = this.#writeAhead(step - 1, 1, out, at);
    for (const { name, centre, spread } of observed) {
      out[at++] = orZero((this.#series.observed[name][Math.min(step - 1, last)] - centre) / spread);
    }
  }

  /** What is known of a step that is forecast directly. `seasonal`: the change one or more whole seasons before. */
  writeFuture(origin: number, ahead: number, seasonal: number, out: Float32Array, start: number): void {
    out[start] = orZero(seasonal);
    this.#writeAhead(origin, ahead, out, start + 1);
  }

  #writeAhead(origin: number, ahead: number, out: Float32Array, start: number): number {
    const { waves, known } = this.#plan;
    const step = origin + ahead;
    let at = start;
    for (let i = 0; i < 2 * waves.length; i++) out[at++] = this.#calendar[step * 2 * waves.length + i];
    for (const { name, centre, spread, change } of known) {
      const values = this.#series.known[name];
      out[at++] = orZero((values[step] - centre) / spread);
      if (!change) continue;
      const from = covariateChange(values, origin, ahead, this.#differencing);
      out[at++] = orZero((from - change.centre) / change.spread);
    }
    return at;
  }
}

/** Missing numbers are the mean: scaled, 0. */
function orZero(number: number): number {
  return Number.isNaN(number) ? 0 : number;
}
