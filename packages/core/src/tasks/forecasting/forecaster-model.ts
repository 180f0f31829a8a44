import { parseDate, showDate } from "../../data/series/dates.ts";
import { dateOfStep, type RegularSeries } from "../../data/series/regular-series.ts";
import type { Series } from "../../data/series/series.ts";
import { HiddenstateError, shown } from "../../errors.ts";
import { loadModel } from "../../io/model-files.ts";
import type { ReadableStorage } from "../../io/model-storage.ts";
import { naiveScale } from "../../metrics/forecast.ts";
import { type OptionRules, resolveOptions } from "../../options.ts";
import { finished } from "../../train/event-loop.ts";
import { type BacktestResult, type ForecastInterval, intervalsOf, scoreBacktest } from "./backtest.ts";
import { loadCalibration, uncalibrated } from "../watching/oddness.ts";
import { type Calibration, widened, withResiduals } from "./calibration.ts";
import { checkHistory, seriesForModel } from "./check-series.ts";
import { ensembleOf, type ForecasterConfig, headOf, type TrainedSeries } from "./forecaster-config.ts";
import type { ForecasterEnsemble } from "./forecaster-ensemble.ts";
import { forecastOrigins, type OriginForecast } from "./forecast-origins.ts";
import { ForecastStream, type ForecastStreamOptions, type ForecastStreamState } from "./forecast-stream.ts";
import type { Forecasted, Head } from "./heads/head.ts";
import { Predictor } from "./predictor.ts";
import type { Origin, PreparedSeries } from "./windows.ts";
import { prepareSeries } from "./windows.ts";

/** How to forecast. */
export interface ForecastOptions {
  /** Levels of the prediction intervals, each between 0 and 1. Default [0.8]. */
  intervals?: readonly number[];
  /** Quantiles to give besides, each between 0 and 1. Default: none. */
  quantiles?: readonly number[];
  /** Sampled paths to give. Default 0. */
  samples?: number;
  /** Paths from which the quantiles of later steps are taken, where the model goes on from its own forecasts. Default 500. */
  paths?: number;
  /** Key of the sampled paths. Default 0. */
  seed?: number;
  signal?: AbortSignal;
}

/** What comes next in a series. */
export interface Forecast {
  id: string;
  /** The dates that are forecast, as ISO text; null where the series has none. */
  dates: string[] | null;
  /** For each step the one number to name: the middle of the distribution (a negative binomial's mean). */
  values: number[];
  intervals: ForecastInterval[];
  quantiles: { level: number; values: number[] }[];
  /** Each a way that the series may go. */
  samples: number[][];
}

/** How to test. */
export interface BacktestOptions extends Omit<ForecastOptions, "quantiles" | "samples"> {
  /** Steps at each series' end that are tested on. Default: all that the training part did not have. */
  last?: number;
  /** Default: the horizon that the model was trained for. */
  horizon?: number;
  /** Steps from one origin to the next. Default 1. */
  stride?: number;
}

const levelsRule = { type: "any", optional: true } as const;
const commonRules: OptionRules<Omit<ForecastOptions, "quantiles" | "samples">> = {
  intervals: levelsRule,
  paths: { type: "integer", min: 2, default: 500 },
  seed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
  signal: { type: "any", optional: true },
};
const forecastRules: OptionRules<ForecastOptions> = {
  ...commonRules,
  quantiles: levelsRule,
  samples: { type: "integer", min: 0, default: 0 },
};

/**
 * A trained forecaster: forecasts, is tested on the past, and watches streams of values.
 *
 * @example
 * const model = await loadForecaster(storage);
 * const [forecast] = await model.forecast([{ values, dates }], 12, { intervals: [0.8, 0.95] });
 * console.log(forecast.dates, forecast.values, forecast.intervals[0].lower);
 */
export class ForecasterModel {
  readonly task = "forecast" as const;
  readonly config: ForecasterConfig;
  readonly model: ForecasterEnsemble;
  /** Null where a run was killed before it could be made: train on with `resume`. */
  readonly calibration: Calibration | null;
  readonly head: Head;
  readonly predictor: Predictor;

  constructor(config: ForecasterConfig, model: ForecasterEnsemble, calibration: Calibration | null) {
    this.config = config;
    this.model = model.eval();
    this.calibration = calibration;
    this.head = headOf(config);
    this.predictor = Predictor.of(this.model, this.head, config.plan);
  }

  /** How many numbers the model has learned. */
  get parameterCount(): number {
    return this.model.parameterCount();
  }

  /**
   * What comes after each series' last value.
   *
   * @param series as in training: the same frequency, covariates and categories; those known ahead reach `horizon` steps past the end
   * @param horizon steps. Default: what the model was trained for
   * @throws HiddenstateError `invalid`, `missing`, `unknown` or `mismatch`, naming the series, for what the model can't read, `unsupported` for
   *   more steps than are forecast at once, or for sampled paths, with strategy `"direct"`
   */
  async forecast(
    series: readonly Series[],
    horizon: number = this.config.horizon,
    options: ForecastOptions = {},
  ): Promise<Forecast[]> {
    const where = "forecast";
    const resolved = resolveOptions<ForecastOptions>(where, options, forecastRules);
    const intervals = levels(where, "intervals", resolved.intervals, [0.8]);
    const quantiles = levels(where, "quantiles", resolved.quantiles, []);
    this.#checkHorizon(where, horizon, resolved.samples);
    const prepared = series.map((each, index) => this.prepare(each, index, horizon));
    const origins = prepared.map((each): Origin => ({
      series: each.prepared,
      origin: each.series.values.length - 1,
    }));
    const later = horizon > 1 && intervals.length + quantiles.length > 0 && this.config.plan.steps === 1;
    const samples = later ? Math.max(resolved.samples, resolved.paths) : resolved.samples;
    const found = await this.#run(origins, horizon, samples, resolved.seed, options.signal);
    return found.map((each, i) => ({
      id: prepared[i].series.id,
      dates: datesAfter(prepared[i].series, horizon),
      values: each.values,
      intervals: intervalsOf(each, intervals),
      quantiles: quantiles.map((level) => ({ level, values: each.values.map((_, k) => each.quantile(k + 1, level)) })),
      samples: each.paths.slice(0, resolved.samples),
    }));
  }

  /**
   * How the model would have done: from each origin in turn (each step but the last of the test part, or every `stride`-th) it forecasts
   * `horizon` steps knowing nothing later, and so do the baselines. The model is not trained anew.
   *
   * @throws HiddenstateError `invalid` where there is nothing to test on, and what `forecast` throws
   */
  async backtest(series: readonly Series[], options: BacktestOptions = {}): Promise<BacktestResult> {
    const where = "backtest";
    const resolved = resolveOptions<BacktestOptions>(where, options, {
      ...commonRules,
      last: { type: "integer", min: 1, optional: true },
      horizon: { type: "integer", min: 1, default: this.config.horizon },
      stride: { type: "integer", min: 1, default: 1 },
    });
    const { horizon, stride, seed, paths } = resolved;
    const intervals = levels(where, "intervals", resolved.intervals, [0.8]);
    this.#checkHorizon(where, horizon, 0);
    const prepared = series.map((each, index) => this.prepare(each, index, 0));
    const places = prepared.map((each) => this.#origins(each, resolved.last, horizon, stride));
    const samples = horizon > 1 && this.config.plan.steps === 1 ? paths : 0;
    const found = await this.#run(
      places.flatMap(({ origins }) => origins),
      horizon,
      samples,
      seed,
      options.signal,
    );
    let at = 0;
    const tested = prepared.map(({ series: regular }, i) => {
      const { season } = this.config.plan.preprocessing;
      const { start, origins } = places[i];
      const trained = this.#trainedPart(regular.id);
      const scale = trained?.naiveScale ?? naiveScale(regular.values.subarray(0, start), season);
      const forecasts = found.slice(at, (at += origins.length));
      return { series: regular, season, naiveScale: scale, forecasts };
    });
    const trainedOn = places.reduce((sum, place) => sum + place.trainedOn, 0);
    return { trainedOn, ...scoreBacktest(tested, horizon, intervals) };
  }

  /**
   * A series that comes value by value: each is compared with what was forecast of it, and is odd where the normalised error is larger than all
   * but a share of `rate` of those on held-out data.
   * @throws HiddenstateError `missing` where the model was never calibrated
   */
  stream(options: ForecastStreamOptions = {}): ForecastStream {
    return new ForecastStream(this, options);
  }

  /** Goes on with a stream whose `state()` was kept. */
  resumeStream(state: ForecastStreamState): ForecastStream {
    return ForecastStream.resume(this, state);
  }

  /** A series as the network reads it. */
  prepare(given: Series, index: number, ahead: number): { series: RegularSeries; prepared: PreparedSeries } {
    const { plan, trained } = this.config;
    const { series, categories } = seriesForModel(given, index, ahead, {
      ...this.config,
      inputs: plan.inputs,
      preprocessing: plan.preprocessing,
    });
    const ids = Object.keys(trained);
    // A model of one series reads any: it is meant to be that one, whatever it is called now.
    const known = ids.length === 1 ? ids[0] : series.id;
    if (plan.preprocessing.scaling === "standard" && !Object.hasOwn(plan.preprocessing.scales, known)) {
      throw new HiddenstateError(
        "unknown",
        `series ${series.id}: unknown id; training had ${ids.slice(0, 10).join(", ")}${ids.length > 10 ? ", ..." : ""}; ` +
          'a model trained with scaling "window" reads series that it has never seen',
      );
    }
    return { series, prepared: prepareSeries({ ...series, id: known }, plan, categories, ahead) };
  }

  /** What a forecast lacks: a point the spread of held-out ones, one of several at once the width that they need. */
  complete(forecast: Forecasted, step: number): Forecasted {
    if (this.head.probabilistic) {
      const { widening = 1 } = this.calibration ?? {};
      return widening === 1 ? forecast : widened(forecast, widening);
    }
    if (!this.calibration) throw uncalibrated("intervals of point forecasts");
    const { residuals, deviation } = this.calibration;
    return withResiduals(forecast, residuals[step], deviation);
  }

  /** What the training had of a series; undefined for one that it did not have. */
  #trainedPart(id: string): TrainedSeries | undefined {
    const { trained } = this.config;
    return Object.hasOwn(trained, id) ? trained[id] : undefined;
  }

  #origins(
    { series, prepared }: { series: RegularSeries; prepared: PreparedSeries },
    last: number | undefined,
    horizon: number,
    stride: number,
  ): { start: number; origins: Origin[]; trainedOn: number } {
    const { length } = series.values;
    const training = this.#trainedPart(prepared.id);
    const trained = training ? stepsTrained(series, training) : 0;
    // Of a series that begins after the training, the first window is needed to forecast from.
    const start = last === undefined ? Math.max(trained, prepared.first + this.config.plan.context) : length - last;
    if (last === undefined && !training) {
      throw new HiddenstateError(
        "missing",
        `backtest: missing last: series ${series.id} was not in training; say how many steps at its end to test on`,
      );
    }
    if (length - start < horizon) {
      throw new HiddenstateError(
        "invalid",
        `backtest: invalid series ${series.id}: ${Math.max(0, length - start)} steps to test on, expected at least ${horizon} (horizon); ` +
          (last === undefined
            ? `${trained > 0 ? `training had the first ${trained} of ${length} steps` : `it has ${length} steps, and a forecast reads ${start}`}: give what came after, or say with last how many steps to test on`
            : "test on more"),
      );
    }
    const count = Math.floor((length - horizon - start) / stride) + 1;
    const origins = Array.from({ length: count }, (_, i) => ({ series: prepared, origin: start - 1 + i * stride }));
    return { start, origins, trainedOn: Math.max(0, trained - start) };
  }

  #checkHorizon(where: string, horizon: number, samples: number): void {
    const { steps } = this.config.plan;
    if (!Number.isInteger(horizon) || horizon < 1) {
      throw new HiddenstateError(
        "invalid",
        `${where}: invalid horizon: got ${shown(horizon)}, expected a whole number from 1`,
      );
    }
    if (steps > 1 && horizon > steps) {
      throw new HiddenstateError(
        "unsupported",
        `${where}: unsupported horizon ${horizon}: the model forecasts ${steps} steps at once; train it for more, or with strategy "recursive"`,
      );
    }
    if (steps > 1 && samples > 0) {
      throw new HiddenstateError(
        "unsupported",
        `${where}: unsupported samples: a model that forecasts ${steps} steps at once knows each step's distribution, but no paths; ` +
          'train it with strategy "recursive", or ask for quantiles',
      );
    }
  }

  async #run(
    origins: readonly Origin[],
    horizon: number,
    samples: number,
    seed: number,
    signal: AbortSignal | undefined,
  ): Promise<OriginForecast[]> {
    const { context, preprocessing } = this.config.plan;
    for (const { series, origin } of origins) checkHistory(series, origin, context, preprocessing);
    const complete = (forecast: Forecasted, step: number): Forecasted => this.complete(forecast, step);
    return finished(forecastOrigins(this.predictor, origins, { horizon, samples, seed, complete }), signal);
  }
}

/**
 * Reads a forecaster that was trained before.
 * @throws HiddenstateError `missing`, `corrupt` or `unsupported`, naming the file
 */
export async function loadForecaster(storage: ReadableStorage): Promise<ForecasterModel> {
  const saved = await loadModel(storage);
  if (saved.config.task !== "forecast") {
    throw new HiddenstateError(
      "unsupported",
      `${storage.location}: unsupported task ${shown(saved.config.task)}, expected a forecaster ("forecast")`,
    );
  }
  const config = saved.config as unknown as ForecasterConfig;
  const model = ensembleOf(config);
  model.loadStateDict(saved.parameters);
  for (const values of saved.parameters.values()) values.end();
  return new ForecasterModel(config, model, await loadCalibration(storage));
}

/** How many of a series' steps lie in the training part: by their dates, where they have them. */
function stepsTrained({ values, dates }: RegularSeries, { steps, lastDate }: TrainedSeries): number {
  if (!dates || lastDate === null) return Math.min(steps, values.length);
  const last = parseDate(lastDate, "training");
  const after = dates.findIndex((date) => date > last);
  return after < 0 ? values.length : after;
}

function datesAfter(series: RegularSeries, horizon: number): string[] | null {
  const dates = Array.from({ length: horizon }, (_, k) => dateOfStep(series, series.values.length + k));
  return dates.every((date) => date !== null) ? dates.map(showDate) : null;
}

function levels(
  where: string,
  name: string,
  given: readonly number[] | undefined,
  otherwise: readonly number[],
): readonly number[] {
  const list = given ?? otherwise;
  if (Array.isArray(list) && list.every((level) => typeof level === "number" && level > 0 && level < 1)) return list;
  throw new HiddenstateError(
    "invalid",
    `${where}: invalid ${name}: got ${shown(given)}, expected numbers between 0 and 1, such as [0.8, 0.95]`,
  );
}
