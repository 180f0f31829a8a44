import type { Series } from "../../data/series/series.ts";
import { parseDate } from "../../data/series/dates.ts";
import { dateAfter, unitsBetween } from "../../data/series/frequency.ts";
import { resolveOptions } from "../../options.ts";
import { finishedAtOnce } from "../../train/event-loop.ts";
import { oddThreshold, rateRule, uncalibrated } from "../watching/oddness.ts";
import type { ForecasterModel } from "./forecaster-model.ts";
import { leadOf } from "./preprocessing.ts";
import { numberAhead, valueAhead } from "./predictor.ts";

/** How to watch a series. */
export interface ForecastStreamOptions {
  /** What came before; its id and categories are the stream's. Default: nothing. */
  series?: Series;
  /** Share of a usual series' steps to call odd, between 0 and 1. Default 0.01. */
  rate?: number;
  /** Level of the interval, between 0 and 1. Default 0.8. */
  interval?: number;
}

/** The next step of a series, as it comes. */
export interface StreamRow {
  /** NaN where missing. */
  value: number;
  /** Where the series has dates. */
  date?: string | number;
  known?: Readonly<Record<string, number>>;
  observed?: Readonly<Record<string, number>>;
}

/** A value beside what was forecast of it, before it was known; null while there is less than one window of past. */
export interface WatchedValue {
  value: number;
  expected: number | null;
  lower: number | null;
  upper: number | null;
  /** (value - expected) over what is usual here, in standard deviations, on the scale that the model forecasts; null too where the value is missing. */
  error: number | null;
  odd: boolean | null;
  /** How many steps were left out before it, by its date; absent where it is the next one. */
  skipped?: number;
}

/** All of a stream: plain JSON. */
export interface ForecastStreamState {
  rate: number;
  interval: number;
  id: string | null;
  categories: Record<string, string>;
  /** The last rows, as many as are needed; missing values are null. */
  rows: {
    value: number | null;
    date?: string | number;
    known?: Record<string, number>;
    observed?: Record<string, number>;
  }[];
}

/**
 * A series that comes value by value, each compared with its forecast. Keeps as many steps as a forecast reads. Steps that are left out are
 * missing values, also where the training refused gaps, for else one missed value would end the stream; where it ignored them, what comes is
 * the next step.
 */
export class ForecastStream {
  readonly #model: ForecasterModel;
  readonly #rate: number;
  readonly #interval: number;
  /** A normalised error that is larger, up or down, is odd. */
  readonly threshold: number;
  readonly #id: string | undefined;
  readonly #categories: Readonly<Record<string, string>>;
  /** Rows that a forecast reads. */
  readonly #needed: number;
  #rows: StreamRow[] = [];

  constructor(model: ForecasterModel, options: ForecastStreamOptions) {
    const { rate, interval, series } = resolveOptions<ForecastStreamOptions>("forecaster.stream", options, {
      series: { type: "any", optional: true },
      rate: rateRule,
      interval: { type: "number", above: 0, below: 1, default: 0.8 },
    });
    if (!model.calibration) throw uncalibrated("forecaster.stream");
    this.#model = model;
    this.#rate = rate;
    this.#interval = interval;
    this.threshold = oddThreshold(model.calibration.errors, rate);
    const past: Series | undefined = series;
    this.#id = past?.id;
    this.#categories = past?.categories ?? {};
    const { context, preprocessing, inputs } = model.config.plan;
    // Two seasons more: a missing value is taken from the season before it.
    this.#needed = context + leadOf(preprocessing) + Math.max(...inputs.lags) + 2 * preprocessing.season;
    if (!past) return;
    const rows = rowsOf(past);
    // Rows that are to be sorted tell of no gaps yet.
    if (model.config.repairs.unsorted === "sort") this.#rows = rows;
    else for (const row of rows) (this.#rows = this.#upTo(row, this.#skippedBefore(row))).push(row);
    this.#rows = this.#rows.slice(-this.#needed);
  }

  /** Goes on with a stream whose `state()` was kept. */
  static resume(model: ForecasterModel, { rate, interval, id, categories, rows }: ForecastStreamState): ForecastStream {
    const stream = new ForecastStream(model, {
      rate,
      interval,
      series: { id: id ?? undefined, values: [], categories },
    });
    stream.#rows = rows.map((row) => ({ ...row, value: row.value ?? NaN }));
    return stream;
  }

  /**
   * Takes the next value, and says what was forecast of it from those before alone.
   * @throws HiddenstateError `invalid`, `missing` or `mismatch` where the row does not fit; the stream stays as it was
   */
  push(row: StreamRow): WatchedValue {
    const { plan } = this.#model.config;
    const skipped = this.#skippedBefore(row);
    const past = this.#upTo(row, skipped);
    // The row must fit before it is kept.
    const { series, prepared } = this.#model.prepare(this.#seriesOf([...past, { ...row, value: NaN }]), 0, 0);
    const origin = series.values.length - 2;
    let watched: WatchedValue = { value: row.value, expected: null, lower: null, upper: null, error: null, odd: null };
    if (origin - plan.context + 1 >= prepared.first) {
      const [ahead] = finishedAtOnce(this.#model.predictor.ahead([{ series: prepared, origin }]));
      const forecast = this.#model.complete(ahead.steps[0], 0);
      const at = (probability: number): number => valueAhead(forecast.quantile(probability), ahead, 1, plan);
      const error = (numberAhead(row.value, ahead, 1, plan) - forecast.point) / forecast.deviation;
      const there = !Number.isNaN(error);
      watched = {
        value: row.value,
        expected: valueAhead(forecast.point, ahead, 1, plan),
        lower: at((1 - this.#interval) / 2),
        upper: at((1 + this.#interval) / 2),
        error: there ? error : null,
        odd: there ? Math.abs(error) > this.threshold : null,
      };
    }
    if (skipped > 0) watched.skipped = skipped;
    this.#rows = past;
    this.#rows.push(row);
    if (this.#rows.length > 2 * this.#needed) this.#rows = this.#rows.slice(-this.#needed);
    return watched;
  }

  /** The rows that are kept, as a series: to forecast what comes next. */
  series(): Series {
    return this.#seriesOf(this.#rows);
  }

  /** All that is needed to go on. */
  state(): ForecastStreamState {
    return {
      rate: this.#rate,
      interval: this.#interval,
      id: this.#id ?? null,
      categories: { ...this.#categories },
      rows: this.#rows.map((row) => ({ ...row, value: Number.isNaN(row.value) ? null : row.value })),
    };
  }

  /** Steps between the last row and this one; 0 where their dates tell of none, or do not fit, which is for others to refuse. */
  #skippedBefore({ date }: StreamRow): number {
    const { frequency, repairs } = this.#model.config;
    const before = this.#rows.at(-1)?.date;
    if (!frequency || repairs.gaps === "ignore" || before === undefined || date === undefined) return 0;
    const [from, to] = [before, date].map((each) => this.#dateOf(each));
    const skipped = unitsBetween(from, to, frequency.unit) / frequency.step - 1;
    return Number.isInteger(skipped) ? Math.max(0, skipped) : 0;
  }

  #dateOf(date: string | number): number {
    return parseDate(date, `series ${this.#id ?? 0}`);
  }

  /** The rows before a row, with missing ones for the steps that were left out. */
  #upTo({ date }: StreamRow, skipped: number): StreamRow[] {
    if (skipped === 0) return this.#rows;
    // Of a past that lies farther back, a forecast reads nothing.
    if (skipped > this.#needed) return [];
    const to = this.#dateOf(date!);
    const missing = Array.from({ length: skipped }, (_, i): StreamRow => ({
      value: NaN,
      date: dateAfter(to, this.#model.config.frequency!, i - skipped),
    }));
    return [...this.#rows, ...missing];
  }

  #seriesOf(rows: readonly StreamRow[]): Series {
    const column = (kind: "known" | "observed"): Record<string, number[]> => {
      const { inputs } = this.#model.config.plan;
      return Object.fromEntries(inputs[kind].map(({ name }) => [name, rows.map((row) => row[kind]?.[name] ?? NaN)]));
    };
    return {
      id: this.#id,
      categories: this.#categories,
      values: rows.map(({ value }) => value),
      ...(rows.some(({ date }) => date !== undefined) && { dates: rows.map(({ date }) => date ?? "") }),
      known: column("known"),
      observed: column("observed"),
    };
  }
}

function rowsOf({ values, dates, known = {}, observed = {} }: Series): StreamRow[] {
  const at = (columns: Readonly<Record<string, ArrayLike<number>>>, i: number): Record<string, number> =>
    Object.fromEntries(Object.entries(columns).map(([name, list]) => [name, list[i]]));
  return Array.from({ length: values.length }, (_, i) => ({
    value: values[i],
    ...(dates && { date: dates[i] }),
    known: at(known, i),
    observed: at(observed, i),
  }));
}
