import { type CalendarCycle, calendarCycles } from "../../data/series/calendar.ts";
import { showDate } from "../../data/series/dates.ts";
import { showFrequency } from "../../data/series/frequency.ts";
import { dateOfStep, type RegularSeries, repairRules, seriesUntil } from "../../data/series/regular-series.ts";
import type { DateRepairs, Series } from "../../data/series/series.ts";
import { HiddenstateError, shown } from "../../errors.ts";
import { checksumOf } from "../../io/checksum.ts";
import { runtime } from "../../memory/runtime.ts";
import { naiveScale } from "../../metrics/forecast.ts";
import { cellChoice } from "../../nn/cell-choice.ts";
import { type OptionRules, resolveOptions } from "../../options.ts";
import { finishedUnlessStopped } from "../../train/event-loop.ts";
import type { TrainingEvent } from "../../train/events.ts";
import { recordedTraining } from "../../train/recorded-training.ts";
import { runIdentity } from "../../train/run-identity.ts";
import { type TrainingOptions, trainingRules } from "../../train/training-loop.ts";
import { version } from "../../version.ts";
import { refuseIdleOptions } from "../idle-options.ts";
import type { TrainingRunOptions } from "../training-run-options.ts";
import { saveCalibration } from "../watching/oddness.ts";
import { calibrate } from "./calibration.ts";
import { checkCounts, checkLength, checkLogarithm, firstStep, trainingSeries } from "./check-series.ts";
import { chooseInputs } from "./choose-inputs.ts";
import { choosePreprocessing } from "./choose-preprocessing.ts";
import { ensembleOf, type ForecasterConfig, headOf } from "./forecaster-config.ts";
import { type ForecasterArchitecture, forecasterRules } from "./forecaster.ts";
import { ForecasterJob } from "./forecaster-job.ts";
import { type ForecasterModel, loadForecaster } from "./forecaster-model.ts";
import { type HeadKind, headKinds } from "./heads/make-head.ts";
import type { PointLoss } from "./heads/point.ts";
import type { CategoryInput } from "./inputs.ts";
import { changesOf, type Difference, leadOf, type Preprocessing } from "./preprocessing.ts";
import { takeOver } from "../start-from.ts";
import { continuedPlan } from "./continued-plan.ts";
import { prepareSeries, stepsAfter } from "./windows.ts";

/** How to train a forecaster: architecture, data and training in one flat object. */
export interface ForecasterTraining extends ForecasterArchitecture, TrainingOptions, DateRepairs {
  /** Steps to forecast. Default 1. */
  horizon?: number;
  /**
   * `"recursive"`: one step at a time, later ones from its own forecasts; `"direct"`: `horizon` steps at once. Default: direct where
   * a covariate that is not known ahead would be needed for a later step, else recursive.
   */
  strategy?: "recursive" | "direct";
  /** What a forecast is: a distribution (for counts `"negative-binomial"`), some quantiles, or one number. Default `"gaussian"`. */
  head?: HeadKind;
  /** Point head only. Default `"mse"`. */
  loss?: PointLoss;
  /** Quantile head only: rising, between 0 and 1. Default 0.1, 0.2, ..., 0.9. */
  levels?: readonly number[];
  /** Steps that the network reads before it forecasts. Default: two seasons, 16 to 96, else 28; less for short series. */
  context?: number;
  /** Changes that it is shown besides the last one, by how many steps they lie before the forecast one. Default: chosen. */
  lags?: readonly number[];
  /** Cycles of the calendar that it is shown. Default: chosen. */
  calendar?: readonly CalendarCycle[];
  /** Steps of a season; 1: none. Default: found. */
  season?: number;
  /** Whether logarithms are taken. Default: chosen. */
  log?: "on" | "off";
  /** What values are told as differences from. Default: chosen. */
  difference?: Difference;
  /** By what values are scaled: each series' training part, or the window before each forecast. Default: chosen. */
  scaling?: "standard" | "window";
  /**
   * Networks, each of which keeps another part of the training data back for testing; their mean is the forecast. Default: 5, or 1 from
   * 20,000 windows on.
   */
  members?: number;
  /** Share of the training part that a network keeps back. Default 0.2. */
  validation?: number;
  /** Steps at each series' end that training must not see, to test on. Default 0. */
  test?: number;
  /** Windows side by side. Default 32. */
  batch?: number;
  /** Key of all random numbers. Default 0. */
  seed?: number;
}

const rules: OptionRules<ForecasterTraining> = {
  ...forecasterRules,
  ...trainingRules,
  ...repairRules,
  horizon: { type: "integer", min: 1, default: 1 },
  strategy: { type: "choice", choices: ["recursive", "direct"], optional: true },
  head: { type: "choice", choices: headKinds, default: "gaussian" },
  loss: { type: "choice", choices: ["mse", "mae", "huber"], default: "mse" },
  levels: { type: "any", optional: true },
  context: { type: "integer", min: 1, optional: true },
  lags: { type: "any", optional: true },
  calendar: { type: "any", optional: true },
  season: { type: "integer", min: 1, optional: true },
  log: { type: "choice", choices: ["on", "off"], optional: true },
  difference: { type: "choice", choices: ["none", "first", "seasonal", "both"], optional: true },
  scaling: { type: "choice", choices: ["standard", "window"], optional: true },
  members: { type: "integer", min: 1, optional: true },
  validation: { type: "number", above: 0, max: 0.5, default: 0.2 },
  test: { type: "integer", min: 0, default: 0 },
  batch: { type: "integer", min: 1, default: 32 },
  seed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
};

/** Windows from which on one network is enough. */
const manyWindows = 20_000;
const severalMembers = 5;
/** Steps beyond one window that a series must have: to learn from, and to test on. */
const leastTargets = 5;
/** A budget for who gives none: training ends early where the held-out loss has not fallen for so many evaluations. */
const defaultBudget = { steps: 2000, patience: 5 };

type Resolved = Required<ForecasterTraining>;

/**
 * Trains a forecaster on one or many series.
 *
 * How values are preprocessed and what the network reads is chosen on the training part alone, said in notices, and undone on output. The
 * network starts as a linear autoregression fitted by least squares (for heads that have a location), and training goes on from there. Each
 * network keeps a part of the training data back; the best parameters are those with the lowest loss there, and how far off they were there
 * is what intervals of point forecasts and the watching of streams go by.
 *
 * `from` starts from a trained forecaster: its preprocessing, inputs and parameters; the scales are those of the new series.
 *
 * Without a budget: at most 2000 steps, until the held-out loss has not fallen for 5 evaluations.
 *
 * @returns the trained model with the best parameters, after the last event
 * @throws HiddenstateError for options, series, files and losses that are wrong; what was saved before stays whole
 *
 * @example
 * const run = trainForecaster([{ values, dates }], { horizon: 12, test: 48 }, { storage: new MemoryStorage() });
 * for await (const event of run) if (event.type === "notice") console.log(event.text);
 */
export async function* trainForecaster(
  series: readonly Series[],
  options: ForecasterTraining,
  { storage, resume = false, signal, source, from }: TrainingRunOptions,
): AsyncGenerator<TrainingEvent, ForecasterModel> {
  const resolved = resolveOptions<ForecasterTraining>("train", withDefaults(options), rules);
  checkOptions(options, resolved);
  const all = trainingSeries(series, repairsOf(resolved), resolved.test);
  const training = all.map((each) => seriesUntil(each, each.values.length - resolved.test));
  const start = from ? await loadForecaster(from) : null;
  const { config, reasons } = start ? continued(start, training, options, resolved) : planned(training, resolved);
  const head = headOf(config);

  runtime().seed = resolved.seed;
  const model = ensembleOf(config);
  // The last windows read the calendar of steps past the training part, though no target of theirs counts there.
  const beyond = Math.max(config.plan.steps, stepsAfter(config.plan));
  const data = training.map((each) => {
    const categories = config.plan.inputs.categories.map(({ name, values }) => values.indexOf(each.categories[name]));
    return { series: prepareSeries(each, config.plan, categories, beyond), end: each.values.length };
  });
  const job = new ForecasterJob(model, head, data, config.plan, resolved, reasons);
  if (start) takeOver(model, start.model);
  const evaluateEvery = resolved.evaluateEvery ?? Math.min(500, Math.max(20, job.stepsPerEpoch));
  const checksum = checksumOf(
    training.map(({ id, values, dates, known, observed, categories }) => {
      return [id, values, dates, known, observed, categories];
    }),
  );
  const identity = runIdentity({ options: { ...resolved, evaluateEvery }, rules, config, data: checksum });
  try {
    const recording = { storage, resume, signal, config, source, tokenizer: null, identity };
    yield* recordedTraining(job, { ...resolved, evaluateEvery }, recording);
    const trained = await loadForecaster(storage);
    const measured = calibrate(job.heldOut(trained.model), head, config.plan);
    const calibration = await finishedUnlessStopped(measured, signal);
    // Whoever interrupts does not want to wait; the run that goes on makes it.
    if (calibration) await saveCalibration(storage, calibration);
  } finally {
    job.end();
  }
  return loadForecaster(storage);
}

function withDefaults(options: ForecasterTraining): ForecasterTraining {
  const { steps, epochs, minutes, patience = defaultBudget.patience } = options;
  const budget = steps ?? epochs ?? minutes;
  return {
    schedule: "cosine",
    ...options,
    ...(budget === undefined && { steps: defaultBudget.steps, patience }),
  };
}

function checkOptions(options: ForecasterTraining, resolved: Resolved): void {
  refuseIdleOptions({ cell: "gru", schedule: "cosine", ...options });
  const { head } = resolved;
  const idle = (name: "loss" | "levels", needs: HeadKind): void => {
    if (options[name] === undefined || head === needs) return;
    throw new HiddenstateError(
      "mismatch",
      `train: mismatch in ${name}: it does nothing with head ${head}; leave it out, or use head ${needs}`,
    );
  };
  idle("loss", "point");
  idle("levels", "quantile");
  if (head === "negative-binomial" && (options.log === "on" || (options.difference ?? "none") !== "none")) {
    throw new HiddenstateError(
      "mismatch",
      'train: mismatch in head: negative-binomial counts as they are: use log "off" and difference "none", or leave them out',
    );
  }
  checkList("levels", resolved.levels, (level) => level > 0 && level < 1, "rising numbers between 0 and 1");
  checkList("lags", resolved.lags, (lag) => Number.isInteger(lag) && lag > 0, "rising whole numbers from 1");
  const { calendar } = resolved;
  const cycles: readonly unknown[] = calendarCycles;
  if (calendar !== undefined && !(Array.isArray(calendar) && calendar.every((cycle) => cycles.includes(cycle)))) {
    throw new HiddenstateError(
      "invalid",
      `train: invalid calendar: got ${shown(calendar)}, expected some of ${calendarCycles.join(", ")}`,
    );
  }
}

function checkList(name: string, list: unknown, valid: (item: number) => boolean, expected: string): void {
  if (list === undefined) return;
  const fine =
    Array.isArray(list) &&
    list.length > 0 &&
    list.every((item, i) => typeof item === "number" && valid(item) && (i === 0 || item > list[i - 1]));
  if (fine) return;
  throw new HiddenstateError("invalid", `train: invalid ${name}: got ${shown(list)}, expected ${expected}`);
}

function repairsOf({ unsorted, repeats, gaps }: Resolved): Required<DateRepairs> {
  return { unsorted, repeats, gaps };
}

/** All that is chosen before the training, and why. */
function planned(
  training: readonly RegularSeries[],
  options: Resolved,
): { config: ForecasterConfig; reasons: string[] } {
  const { head, horizon } = options;
  const counts = head === "negative-binomial";
  const [first] = training;
  const strategy = options.strategy ?? (horizon > 1 && Object.keys(first.observed).length > 0 ? "direct" : "recursive");
  const steps = strategy === "direct" ? horizon : 1;
  const { preprocessing, reasons } = choosePreprocessing(
    training,
    {
      log: counts ? false : options.log && options.log === "on",
      difference: counts ? "none" : options.difference,
      season: options.season,
      scaling: options.scaling,
      centred: !counts,
    },
    steps,
  );
  for (const each of training) {
    checkLogarithm(each, preprocessing);
    if (counts) checkCounts(each);
  }
  const parts = training.map((each) => ({ series: each, changes: changesOf(each.values, preprocessing) }));
  const request = { lags: options.lags, cycles: options.calendar };
  const inputs = chooseInputs(parts, preprocessing, request, categoriesOf(training));
  const context = options.context ?? defaultContext(training, preprocessing, steps);
  for (const each of training)
    checkLength(each, each.values.length, context, Math.max(leastTargets, steps + 1), preprocessing);
  const windows = training.reduce((sum, { values }) => sum + values.length - context, 0);
  const config: ForecasterConfig = {
    task: "forecast",
    version,
    architecture: architectureOf(options),
    members: options.members ?? (windows < manyWindows ? severalMembers : 1),
    head,
    loss: options.loss,
    levels: options.levels ?? [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    strategy,
    horizon,
    frequency: first.frequency,
    repairs: repairsOf(options),
    plan: { context, steps, preprocessing, inputs: inputs.plan },
    trained: trainedParts(training, preprocessing.season),
  };
  const dates = first.frequency ? [`dates: ${showFrequency(first.frequency)}`] : [];
  return { config, reasons: [...dates, ...reasons, ...inputs.reasons] };
}

/** The same where all but the scales is as a trained model has it. */
function continued(
  { config: start }: ForecasterModel,
  training: readonly RegularSeries[],
  given: ForecasterTraining,
  resolved: Resolved,
): { config: ForecasterConfig; reasons: string[] } {
  const { context, steps, preprocessing } = start.plan;
  for (const each of training)
    checkLength(each, each.values.length, context, Math.max(leastTargets, steps + 1), preprocessing);
  const config: ForecasterConfig = {
    ...continuedPlan(start, training, given),
    version,
    repairs: repairsOf(resolved),
    trained: trainedParts(training, preprocessing.season),
  };
  return { config, reasons: ["preprocessing and inputs: those of the model to start from"] };
}

function trainedParts(training: readonly RegularSeries[], season: number): ForecasterConfig["trained"] {
  return Object.fromEntries(training.map((each) => [each.id, trainedSeries(each, season)]));
}

function architectureOf(resolved: Resolved): Required<ForecasterArchitecture> {
  const { hidden, layers, dropout } = resolved;
  return { ...cellChoice(resolved), hidden, layers, dropout };
}

function categoriesOf(training: readonly RegularSeries[]): CategoryInput[] {
  return Object.keys(training[0].categories).map((name) => ({
    name,
    values: [...new Set(training.map(({ categories }) => categories[name]))].toSorted(),
  }));
}

/** Two seasons, or four weeks of days; at most half of what the shortest series has. */
function defaultContext(training: readonly RegularSeries[], preprocessing: Preprocessing, steps: number): number {
  const { season } = preprocessing;
  const wanted = season > 1 ? Math.min(96, Math.max(16, 2 * season)) : 28;
  const shortest = training.reduce((least, series) => {
    return Math.min(least, series.values.length - Math.max(0, firstStep(series)));
  }, Infinity);
  const room = Math.floor((shortest - leadOf(preprocessing) - steps) / 2);
  return Math.max(Math.min(wanted, 8), Math.min(wanted, room));
}

function trainedSeries(series: RegularSeries, season: number): ForecasterConfig["trained"][string] {
  const last = dateOfStep(series, series.values.length - 1);
  const scale = naiveScale(series.values, season);
  return {
    steps: series.values.length,
    lastDate: last === null ? null : showDate(last),
    naiveScale: scale > 0 ? scale : naiveScale(series.values),
  };
}
