import type { BacktestForecast, BacktestResult, Forecast, ForecasterConfig, Series } from "@hiddenstate/core";
import { parseDate } from "@hiddenstate/core";
import { count, significant } from "../../format.ts";
import { drawPicture, seriesColors } from "../../pictures/draw-picture.ts";
import type { Picture } from "../../pictures/picture.ts";
import { stackPictures } from "../../pictures/stack-pictures.ts";

/** More series do not fit one picture. */
const mostSeries = 6;
/** Sampled paths that can still be told apart. */
const mostPaths = 30;
const [pastColour, forecastColour, oddColour] = ["#1b1e23", seriesColors[0], seriesColors[1]];

/** A step on the axis: a date where there are dates. */
type Place = Date | number;

interface Point {
  x: Place;
  y: number;
}

/** History and forecasts with their intervals, one series below the other. */
export async function forecastPicture(
  config: ForecasterConfig,
  series: readonly Series[],
  forecasts: readonly Forecast[],
): Promise<Picture> {
  const shown = forecasts.slice(0, mostSeries);
  const drawn = await Promise.all(shown.map((forecast, i) => oneForecast(config, series[i], forecast)));
  return drawn.length === 1 ? drawn[0] : stackPictures(`Forecasts of ${count(forecasts.length)} series`, drawn);
}

async function oneForecast(config: ForecasterConfig, series: Series, forecast: Forecast): Promise<Picture> {
  const { id, dates, values, intervals, samples } = forecast;
  const { season } = config.plan.preprocessing;
  // As much of the past as shows what the forecast goes on from.
  const history = Math.max(4 * values.length, 4 * season, config.plan.context, 48);
  const length = series.values.length;
  const first = Math.max(0, length - history);
  const past: Point[] = [];
  for (let t = first; t < length; t++)
    past.push({ x: series.dates ? new Date(parseDate(series.dates[t], id)) : t + 1, y: series.values[t] });
  const at = (k: number): Place => (dates ? new Date(parseDate(dates[k], id)) : length + 1 + k);
  const bands = intervals
    .toSorted((a, b) => b.level - a.level)
    .map(({ level, lower, upper }) => ({
      level,
      points: values.map((_, k) => ({ x: at(k), low: lower[k], high: upper[k] })),
    }));
  const last = past.findLast(({ y }) => !Number.isNaN(y));
  const line = [...(last ? [last] : []), ...values.map((y, k) => ({ x: at(k), y }))];
  const levels = intervals.map(({ level }) => `${Number((100 * level).toFixed(1))} %`).join(" and ");
  const paths = samples.slice(0, mostPaths).flatMap((path, i) => path.map((y, k) => ({ x: at(k), y, path: i })));
  return drawPicture((plot) => ({
    title: `${id}: ${count(values.length)} step${values.length > 1 ? "s" : ""} ahead`,
    subtitle:
      `Black: what was; blue: the forecast${levels ? ` with its ${levels} interval${intervals.length > 1 ? "s" : ""}` : ""}` +
      `${paths.length > 0 ? ` and ${Math.min(mostPaths, samples.length)} sampled paths` : ""}.`,
    width: 860,
    height: 340,
    marginLeft: 56,
    marginRight: 24,
    marginTop: 28,
    x: { label: null },
    y: { label: id, grid: true, nice: true },
    marks: [
      ...bands.map(({ points }) =>
        plot.areaY(points, { x: "x", y1: "low", y2: "high", fill: forecastColour, fillOpacity: 0.18 }),
      ),
      plot.lineY(paths, { x: "x", y: "y", z: "path", stroke: forecastColour, strokeWidth: 0.7, strokeOpacity: 0.45 }),
      plot.lineY(past, { x: "x", y: "y", stroke: pastColour, strokeWidth: 1.5 }),
      plot.lineY(line, { x: "x", y: "y", stroke: forecastColour, strokeWidth: 2.2 }),
      ...(values.length <= 24
        ? [plot.dot(line.slice(last ? 1 : 0), { x: "x", y: "y", fill: forecastColour, r: 3 })]
        : []),
    ],
  }));
}

/** What a backtest forecast for the steps it was tested on, beside what came. */
export async function backtestPicture(config: ForecasterConfig, result: BacktestResult): Promise<Picture> {
  const ids = [...new Set(result.forecasts.map(({ id }) => id))];
  const drawn = await Promise.all(
    ids.slice(0, mostSeries).map((id) =>
      oneBacktest(
        result,
        result.forecasts.filter((each) => each.id === id),
      ),
    ),
  );
  return drawn.length === 1 ? drawn[0] : stackPictures(`Backtest of ${count(ids.length)} series`, drawn);
}

async function oneBacktest(
  { horizon, scores }: BacktestResult,
  forecasts: readonly BacktestForecast[],
): Promise<Picture> {
  // Each origin's last step: all are equally far ahead, so the line is one of equals.
  const k = horizon - 1;
  const [{ id }] = forecasts;
  const level = forecasts[0].intervals[0]?.level;
  const points = forecasts.map(({ known, dates, values, actual, intervals: [interval] }) => ({
    x: dates ? new Date(parseDate(dates[k], id)) : known + horizon,
    actual: actual[k],
    forecast: values[k],
    low: interval?.lower[k] ?? NaN,
    high: interval?.upper[k] ?? NaN,
  }));
  const outside = points.filter(({ actual, low, high }) => actual < low || actual > high);
  const others = Object.entries(scores).filter(([name]) => name !== "model");
  const ahead = horizon === 1 ? "one step ahead" : `${horizon} steps ahead`;
  const series = [
    ...points.map(({ x, actual }) => ({ x, y: actual, name: "what came" })),
    ...points.map(({ x, forecast }) => ({ x, y: forecast, name: `forecast ${ahead}` })),
  ];
  return drawPicture((plot) => ({
    title: `${id}: ${count(points.length)} forecasts ${ahead}, and what came`,
    subtitle:
      `RMSE ${significant(scores.model.rmse)}; ${others.map(([name, { rmse }]) => `${name} ${significant(rmse)}`).join(", ")}.` +
      (level === undefined
        ? ""
        : ` The ${Math.round(100 * level)} % interval holds ${Math.round(100 * (1 - outside.length / points.length))} %; what lies outside is marked.`),
    width: 860,
    height: 340,
    marginLeft: 56,
    marginRight: 24,
    marginTop: 28,
    x: { label: null },
    y: { label: id, grid: true, nice: true },
    color: { legend: true, domain: ["what came", `forecast ${ahead}`], range: [pastColour, forecastColour] },
    marks: [
      plot.areaY(points, { x: "x", y1: "low", y2: "high", fill: forecastColour, fillOpacity: 0.18 }),
      plot.lineY(series, { x: "x", y: "y", stroke: "name", strokeWidth: points.length > 200 ? 1 : 1.6 }),
      plot.dot(outside, { x: "x", y: "actual", fill: oddColour, r: points.length > 200 ? 2.2 : 3.2 }),
    ],
  }));
}
