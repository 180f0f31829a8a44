import type { RegularSeries } from "../../data/series/regular-series.ts";
import { type Tensor, tensor } from "../../memory/tensor.ts";
import { futureWidth, type InputPlan, inputWidth, SeriesInputs } from "./inputs.ts";
import {
  baseOf,
  type Changes,
  changesOf,
  leadOf,
  type Preprocessing,
  type Scale,
  scalesSoFar,
  windowScale,
} from "./preprocessing.ts";

/** What turns a series into windows for the network. */
export interface WindowPlan {
  /** Steps that the network reads before the first one that it forecasts for good. */
  context: number;
  /** K: steps forecast at once. */
  steps: number;
  preprocessing: Preprocessing;
  inputs: InputPlan;
}

/** A series made ready to be read. */
export interface PreparedSeries extends Changes {
  readonly id: string;
  readonly inputs: SeriesInputs;
  /** The place of each category's value among those that it had in training. */
  readonly categories: readonly number[];
  /** The first step with a change. */
  readonly first: number;
  /** Null where each window has its own. */
  readonly scale: Scale | null;
  /** Where each window has its own, the scale of the steps up to one. */
  readonly scaleSoFar: ((step: number) => Scale) | null;
}

/** A place to forecast from: all steps up to and including `origin` are known. */
export interface Origin {
  series: PreparedSeries;
  origin: number;
}

/**
 * Makes a series ready. What is computed for a step depends on nothing after it.
 *
 * @param categories the place of each category's value
 * @param ahead how many steps past the last value may be forecast
 */
export function prepareSeries(
  series: RegularSeries,
  plan: WindowPlan,
  categories: readonly number[],
  ahead: number,
): PreparedSeries {
  const { preprocessing } = plan;
  const changes = changesOf(series.values, preprocessing);
  const byWindow = preprocessing.scaling === "window";
  const start = changes.levels.findIndex((level) => !Number.isNaN(level));
  return {
    ...changes,
    id: series.id,
    inputs: new SeriesInputs(series, plan.inputs, preprocessing, series.values.length + ahead + 1),
    categories,
    first: (start < 0 ? series.values.length : start) + leadOf(preprocessing),
    scale: byWindow ? null : preprocessing.scales[series.id],
    scaleSoFar: byWindow ? scalesSoFar(changes.changes) : null,
  };
}

/** The scale at an origin: the series' own, or that of the context. */
export function scaleAt({ series, origin }: Origin, { context, preprocessing }: WindowPlan): Scale {
  if (!series.scaleSoFar) return series.scale!;
  const window = series.changes.subarray(origin - context + 1, origin + 1);
  return windowScale(window, series.scaleSoFar(origin), preprocessing.centred);
}

/**
 * How many steps past the context training windows go on for: with a scale made from the context only what comes after it counts, since that scale
 * would tell of the steps in it.
 */
export function stepsAfter({ context, steps, preprocessing }: WindowPlan): number {
  return preprocessing.scaling === "window" && steps === 1 ? Math.floor(context / 2) : 0;
}

/** Windows side by side, as the network reads them. */
export interface WindowBatch {
  /** [T, B, I] */
  inputs: Tensor;
  /** For each category int32 [T, B]. */
  categories: Tensor[];
  /** Of each row. */
  scales: Scale[];
}

/**
 * The windows that end at some origins, or go on for some steps after them (as if those were known: in training).
 */
export function windowBatch(origins: readonly Origin[], plan: WindowPlan, after = 0): WindowBatch {
  const [steps, rows, width] = [plan.context + after, origins.length, inputWidth(plan.inputs)];
  const inputs = new Float32Array(steps * rows * width);
  const ids = plan.inputs.categories.map(() => new Int32Array(steps * rows));
  const scales = origins.map((origin) => scaleAt(origin, plan));
  origins.forEach(({ series, origin }, row) => {
    const { centre, spread } = scales[row];
    const changeAt = (step: number): number => ((series.changes[step] ?? NaN) - centre) / spread;
    for (let t = 0; t < steps; t++) {
      const last = origin - plan.context + 1 + t;
      series.inputs.write(last + 1, last, changeAt, inputs, (t * rows + row) * width);
      ids.forEach((list, i) => (list[t * rows + row] = series.categories[i]));
    }
  });
  return {
    inputs: tensor(inputs, [steps, rows, width]),
    categories: ids.map((list) => tensor(list, [steps, rows], { dtype: "int32" })),
    scales,
  };
}

/** What is known of the K steps after each origin, [N * K, F]; null where K = 1. */
export function futureInputs(origins: readonly Origin[], scales: readonly Scale[], plan: WindowPlan): Tensor | null {
  const { steps, preprocessing } = plan;
  if (steps === 1) return null;
  const width = futureWidth(plan.inputs);
  const out = new Float32Array(origins.length * steps * width);
  origins.forEach(({ series, origin }, row) => {
    const { centre, spread } = scales[row];
    for (let ahead = 1; ahead <= steps; ahead++) {
      const { season } = preprocessing;
      const before = season > 1 ? series.changes[origin + ahead - Math.ceil(ahead / season) * season] : NaN;
      const at = (row * steps + ahead - 1) * width;
      series.inputs.writeFuture(origin, ahead, (before - centre) / spread, out, at);
    }
  });
  return tensor(out, [origins.length * steps, width]);
}

/** The scaled number to forecast `ahead` steps after an origin; NaN where it is missing. */
export function targetOf(
  { series, origin }: Origin,
  ahead: number,
  scale: Scale,
  { preprocessing }: WindowPlan,
): number {
  const base = baseOf(series.levels, origin, ahead, preprocessing);
  return (series.observed[origin + ahead] - base - scale.centre) / (scale.spread * preprocessing.growth[ahead - 1]);
}
