import type { Frequency } from "../../data/series/frequency.ts";
import type { DateRepairs } from "../../data/series/series.ts";
import type { DataSource } from "../../train/recorded-training.ts";
import type { ForecasterArchitecture } from "./forecaster.ts";
import { ForecasterEnsemble } from "./forecaster-ensemble.ts";
import type { Head } from "./heads/head.ts";
import { type HeadKind, makeHead } from "./heads/make-head.ts";
import type { PointLoss } from "./heads/point.ts";
import { futureWidth, inputWidth } from "./inputs.ts";
import type { WindowPlan } from "./windows.ts";

/** What `config.json` of a forecaster holds. */
export interface ForecasterConfig {
  task: "forecast";
  /** Of the library that wrote it. */
  version: string;
  architecture: Required<ForecasterArchitecture>;
  /** Networks whose mean is the forecast. */
  members: number;
  head: HeadKind;
  /** Point head only. */
  loss: PointLoss;
  /** Quantile head only. */
  levels: readonly number[];
  /** `"recursive"`: one step at a time, going on from its own forecasts; `"direct"`: `horizon` steps at once. */
  strategy: "recursive" | "direct";
  /** Steps that are forecast where nothing else is asked for. */
  horizon: number;
  /** Of the dates; null without. */
  frequency: Frequency | null;
  repairs: Required<DateRepairs>;
  plan: WindowPlan;
  /** By series, steps that the training part had, and what the naive forecast's mean absolute error was there. */
  trained: Readonly<Record<string, TrainedSeries>>;
  /** How the data was read, where whoever trained it said so. */
  source?: DataSource;
}

/** The training part of one series. */
export interface TrainedSeries {
  steps: number;
  /** The date of its last step, or null. */
  lastDate: string | null;
  naiveScale: number;
}

/** The head that a configuration names. */
export function headOf({ head, loss, levels }: ForecasterConfig): Head {
  return makeHead(head, { loss, levels });
}

/** The networks that a configuration describes, as they start. */
export function ensembleOf(config: ForecasterConfig): ForecasterEnsemble {
  const { architecture, members, plan } = config;
  return new ForecasterEnsemble({
    ...architecture,
    members,
    inputs: inputWidth(plan.inputs),
    categories: plan.inputs.categories.map(({ values }) => values.length),
    outputs: headOf(config).width,
    steps: plan.steps,
    future: futureWidth(plan.inputs),
    name: "model",
  });
}
