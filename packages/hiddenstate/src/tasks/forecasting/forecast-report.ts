import type { BacktestResult, Forecast, ForecasterModel } from "@hiddenstate/core";
import { count, significant } from "../../format.ts";
import { left, right, textTable } from "../../text-table.ts";
import type { Report } from "../task.ts";
import { backtestPicture } from "./forecast-pictures.ts";

/** Rows of a forecast that a screen shows. */
const mostRows = 60;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const wholePercent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;

/** How a model would have done beside the baselines, as a screen of text, as JSON and as a picture. */
export function backtestReport({ config }: ForecasterModel, result: BacktestResult, trained: boolean): Report {
  const { scores, horizon, origins, trainedOn, byStep, forecasts } = result;
  const { season } = config.plan.preprocessing;
  const levels = Object.keys(scores.model.coverage);
  const ids = [...new Set(forecasts.map(({ id }) => id))];
  const of = ids.length === 1 ? `of ${ids[0]}` : `of ${count(ids.length)} series`;
  const seen =
    trainedOn > 0
      ? `, but the model was trained on ${count(trainedOn)} of these steps`
      : trained
        ? ", of which the training knew nothing"
        : "";
  const ahead = horizon === 1 ? "one step ahead" : `1 to ${horizon} steps ahead`;
  const names = (name: string): string => (name === "seasonal naive" ? `${name} (${season} steps)` : name);
  const table = Object.entries(scores);
  const [rmse, mae, mase, wql] = (["rmse", "mae", "mase", "wql"] as const).map((metric) =>
    inFigures(table.map(([, score]) => score[metric])),
  );
  const rows = table.map(([name, score], i) => [
    names(name),
    rmse[i],
    mae[i],
    `${score.smape.toFixed(1)} %`,
    mase[i],
    wql[i],
    ...levels.map((level) => percent(score.coverage[level])),
  ]);
  const columns = [
    "RMSE",
    "MAE",
    "sMAPE",
    "MASE",
    "WQL",
    ...levels.map((level) => `in ${wholePercent(Number(level))} interval`),
  ];
  const steps = byStep.filter(({ ahead: step }) => step === 1 || step === horizon || step === Math.ceil(horizon / 2));
  return {
    record: {
      horizon,
      origins,
      trainedOn,
      scores,
      byStep,
    },
    lines: [
      `backtest ${of}: ${count(origins)} forecasts, each ${ahead}${seen}`,
      "",
      ...textTable([left(""), ...columns.map(right)], rows),
      ...(horizon > 1
        ? [
            "",
            ...textTable(
              ["steps ahead", "RMSE", "MAE"].map(right),
              steps.map(({ ahead: step, rmse: rmseOf, mae: maeOf }) => [
                String(step),
                significant(rmseOf),
                significant(maeOf),
              ]),
            ),
          ]
        : []),
    ],
    pictures: { backtest: () => backtestPicture(config, result) },
  };
}

/** What comes next, as a table for people. */
export function forecastLines(
  { config }: ForecasterModel,
  { id, dates, values, intervals, samples }: Forecast,
): string[] {
  const show = digitsFor(values);
  const ends = intervals.flatMap(({ lower, upper }) => [...lower, ...upper]);
  // Counts stay counts.
  const showEnd = ends.every(Number.isInteger) ? String : show;
  const columns = [
    dates ? left(config.frequency?.unit === "month" ? "month" : "date") : right("step"),
    right("forecast"),
    ...intervals.map(({ level }) => right(`${wholePercent(level)} interval`)),
  ];
  const rows = values.map((value, k) => [
    dates ? shownDate(dates[k], config.frequency) : String(k + 1),
    show(value),
    ...intervals.map(({ lower, upper }) => `${showEnd(lower[k])} to ${showEnd(upper[k])}`),
  ]);
  const more = rows.length - mostRows;
  return [
    id,
    ...textTable(columns, rows.slice(0, mostRows)),
    ...(more > 0 ? [`and ${count(more)} more (--json has them all)`] : []),
    ...(samples.length > 0 ? [`${count(samples.length)} sampled paths: --json has them, --picture draws them`] : []),
    "",
  ];
}

/** A month's date without its day. */
function shownDate(date: string, frequency: ForecasterModel["config"]["frequency"]): string {
  return frequency?.unit === "month" && date.endsWith("-01") ? date.slice(0, 7) : date;
}

/** Numbers of one column with equally many digits after the point: four figures of the largest. */
function inFigures(values: readonly number[]): string[] {
  return values.map(digitsFor(values));
}

function digitsFor(values: readonly number[]): (value: number) => string {
  const size = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const digits = size > 0 ? Math.min(6, Math.max(0, 3 - Math.floor(Math.log10(size)))) : 2;
  return (value) => (size < 1e7 && size >= 1e-3 ? value.toFixed(digits) : value.toPrecision(4));
}
