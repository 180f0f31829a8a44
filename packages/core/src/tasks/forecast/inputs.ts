import { type CalendarWave, writeCalendar } from "../../data/series/calendar.ts";
import { dateOfStep, type RegularSeries } from "../../data/series/regular-series.ts";
import type { Scale } from "./preprocessing.ts";

/** A covariate and how it is scaled: by its training part. */
export interface CovariateInput extends Scale {
  name: string;
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

/** Numbers for each step: lags, whether the last value is missing, calendar, known and observed covariates. */
export function inputWidth({ lags, waves, known, observed }: InputPlan): number {
  return lags.length + 1 + 2 * waves.length + known.length + observed.length;
}

/** Numbers for each future step that is forecast directly: the last change of its season, calendar, known covariates. */
export function futureWidth({ waves, known }: InputPlan): number {
  return 1 + 2 * waves.length + known.length;
}

/** Scaled changes by step; NaN where they are missing. */
export type ChangeAt = (step: number) => number;

/** Writes the inputs of one series. What is written for a step depends on nothing after it but the calendar and what is known ahead. */
export class SeriesInputs {
  readonly #plan: InputPlan;
  readonly #series: RegularSeries;
  readonly #calendar: Float64Array;

  /** @param steps how many steps may be asked for, those past the last value included */
  constructor(series: RegularSeries, plan: InputPlan, steps: number) {
    this.#series = series;
    this.#plan = plan;
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
    at = this.#writeAhead(step, out, at);
    for (const { name, centre, spread } of observed) {
      out[at++] = orZero((this.#series.observed[name][Math.min(step - 1, last)] - centre) / spread);
    }
  }

  /** What is known of a step that is forecast directly. `seasonal`: the change one or more whole seasons before. */
  writeFuture(step: number, seasonal: number, out: Float32Array, start: number): void {
    out[start] = orZero(seasonal);
    this.#writeAhead(step, out, start + 1);
  }

  #writeAhead(step: number, out: Float32Array, start: number): number {
    const { waves, known } = this.#plan;
    let at = start;
    for (let i = 0; i < 2 * waves.length; i++) out[at++] = this.#calendar[step * 2 * waves.length + i];
    for (const { name, centre, spread } of known)
      out[at++] = orZero((this.#series.known[name][step] - centre) / spread);
    return at;
  }
}

/** Missing numbers are the mean: scaled, 0. */
function orZero(number: number): number {
  return Number.isNaN(number) ? 0 : number;
}
