import {
  recurrentKinds,
  type BacktestOptions,
  type BestEvaluation,
  type DataSource,
  type ForecasterModel,
  type ForecasterTraining,
  loadForecaster,
  type Series,
  trainForecaster,
  type TrainingEvent,
  type TrainingRunOptions,
  ForecastSubject,
} from "@hiddenstate/core";
import type { SeenData } from "../../files/see-data.ts";
import { countedAs } from "../../files/tables/table.ts";
import { count, significant } from "../../format.ts";
import { dataOptions, fromOption, networkOptions, trainingOptions } from "../shared-options.ts";
import { type TableGiven, tableFlags } from "../table-options.ts";
import type { DataRequest, PreparedTraining, Report, Task } from "../task.ts";
import { forecastWork } from "./forecast-work.ts";
import { backtestReport } from "./forecast-report.ts";
import { dateColumnOf, holdsNumbers, holdsProse, type NamedColumns, noDate } from "./recognise-columns.ts";
import { holdsWholeSeries, ofFile, readSeries, readSeriesAs } from "./series-files.ts";
import { seriesOptions } from "./series-options.ts";
import { predictSeries, watchSeries } from "./series-watching.ts";
import { drawSeries } from "./watched-pictures.ts";

/** What a forecaster's training is given. */
export interface ForecastGiven extends Omit<ForecasterTraining, "validation">, NamedColumns, TableGiven {
  /** The path of a table (CSV, TSV, lines of JSON, Parquet), or the series themselves. */
  data: string | readonly Series[];
}

/** Share of the steps that is kept back as a test, and how many there must be for that. */
const [testShare, fewestSteps] = [0.1, 40];

/** Forecasts series of numbers. */
export const forecastTask: Task<ForecastGiven, ForecasterModel> = {
  name: "forecast",
  learns: "a forecaster of series",
  noun: "a forecaster",
  takes: ["last", "horizon", "stride", "rate", "picture"],
  cells: recurrentKinds,
  counted: "windows",
  options: [
    ...[...networkOptions, ...dataOptions].filter(({ flags }) => !/^--(heads|positions|validation)\b/.test(flags)),
    ...tableFlags,
    ...seriesOptions,
    ...trainingOptions,
    fromOption,
  ],

  recognise: recogniseSeries,

  async prepare(given): Promise<PreparedTraining<ForecasterModel>> {
    const { data, value, date, id, known, observed, categories, delimiter, header, ...training } = given;
    const path = typeof data === "string" ? data : null;
    const read =
      typeof data === "string"
        ? await readSeries(data, { value, date, id, known, observed, categories }, { delimiter, header })
        : { series: data, source: undefined, reasons: [] };
    const { series, source } = read;
    const test = training.test ?? defaultTest(series, training.horizon ?? 1);
    const kept = test > 0 ? [`the last ${count(test)} steps are kept back as a test (--test)`] : [];
    return {
      warnings: [],
      notices: [...read.reasons, ...(training.test === undefined ? kept : [])],
      train: (run) => trainOn(path, series, { ...training, test }, { ...run, source }),
      ...(test > 0 && { report: (model) => backtest(path, model, series, true) }),
      close: () => {},
    };
  },

  load: loadForecaster,

  async evaluate(model: ForecasterModel, { path, signal, backtest: options }: DataRequest): Promise<Report> {
    return backtest(path, model, await readSeriesAs(path, model.config.source), false, { ...options, signal });
  },

  predict: predictSeries,
  drawPrediction: drawSeries,
  watch: watchSeries,
  work: forecastWork,

  inspect: (model: ForecasterModel, trainedWith) => ({
    network: model.model.members[0].rnn,
    window: model.config.plan.context,
    clip: Number(trainedWith?.["clip"] ?? 1),
    expects: `series as in the training, longer than ${model.config.plan.context} steps`,
    async open(path) {
      const series = await readSeriesAs(path, model.config.source);
      return { subject: new ForecastSubject(model, series), close: () => {} };
    },
  }),

  describeEvaluation: ({ loss, metrics }) =>
    `held-out loss ${loss.toFixed(3)}${metrics ? `, RMSE ${significant(metrics.rmse)}` : ""}`,
  describeBest: ({ loss, metrics }: BestEvaluation) =>
    `held-out loss ${loss.toFixed(3)}${metrics ? `, RMSE ${significant(metrics.rmse)} one step ahead` : ""}`,
  next: ({ config }, folder) => [
    { purpose: "forecast", words: ["forecast", folder, "data.csv", "--horizon", String(Math.max(config.horizon, 12))] },
    { purpose: "watch values", words: ["stream", folder, "--history", "data.csv"] },
  ],
};

/** Options that name what only other tasks have. */
const foreign = ["label", "target", "text", "group", "inputs"] as const;
const answerNames = /^(labels?|class(es)?|category|target|sentiment|tags?)$/i;

function recogniseSeries(
  { table }: SeenData,
  given: Partial<ForecastGiven> & Partial<Record<(typeof foreign)[number], unknown>>,
): string | null {
  if (!table || foreign.some((name) => given[name] !== undefined)) return null;
  if (given.value !== undefined) return `it has a column to forecast, ${given.value}`;
  if (table.columns.some((name) => answerNames.test(name))) return null;
  if (holdsWholeSeries(table)) return `each of its ${countedAs(table)}s is a series with values`;
  const date = given.date === noDate ? undefined : (given.date ?? dateColumnOf(table));
  const numbers = table.columns.filter((name) => name !== date && holdsNumbers(table, name));
  if (numbers.length === 0 || table.columns.some((name) => holdsProse(table, name))) return null;
  if (date !== undefined) return `it has a column of dates, ${date}, and one of numbers, ${numbers[0]}`;
  return table.columns.length === 1 ? `it has one column, ${numbers[0]}, of numbers` : null;
}

async function* trainOn(
  path: string | null,
  series: readonly Series[],
  options: ForecasterTraining,
  run: TrainingRunOptions & { source: DataSource | undefined },
): AsyncGenerator<TrainingEvent, ForecasterModel> {
  const { source, ...rest } = run;
  try {
    return yield* trainForecaster(series, options, { ...rest, ...(source && { source }) });
  } catch (error) {
    throw ofFile(path, error, false);
  }
}

async function backtest(
  path: string | null,
  model: ForecasterModel,
  series: readonly Series[],
  trained: boolean,
  options: BacktestOptions = {},
): Promise<Report> {
  try {
    const result = await model.backtest(series, options);
    return backtestReport(model, result, trained);
  } catch (error) {
    throw ofFile(path, error);
  }
}

/** A tenth of the shortest series, but a whole horizon; nothing of series that are short. */
function defaultTest(series: readonly Series[], horizon: number): number {
  const shortest = series.reduce((least, { values }) => Math.min(least, values.length), Infinity);
  if (!(shortest >= Math.max(fewestSteps, 4 * horizon))) return 0;
  return Math.max(horizon, Math.floor(shortest * testShare));
}
