import { type Frequency, showFrequency } from "../../data/series/frequency.ts";
import type { RegularSeries } from "../../data/series/regular-series.ts";
import { HiddenstateError, shown } from "../../errors.ts";
import { inheritedArchitecture, refuseAnother } from "../start-from.ts";
import { checkLogarithm } from "./check-series.ts";
import type { ForecasterConfig } from "./forecaster-config.ts";
import type { ForecasterArchitecture } from "./forecaster.ts";
import { changesOf, scaleOf } from "./preprocessing.ts";

/** Options that a model to start from has decided already, as far as they were given. */
export interface DecidedOptions extends ForecasterArchitecture {
  head?: string;
  loss?: string;
  levels?: readonly number[];
  strategy?: string;
  horizon?: number;
  members?: number;
  context?: number;
  season?: number;
  log?: "on" | "off";
  difference?: string;
  scaling?: string;
  lags?: readonly number[];
  calendar?: readonly string[];
}

/**
 * What a training that starts from a trained model goes by: all as that model has it, but for the scales, which are those of the new training
 * parts.
 *
 * @throws HiddenstateError `mismatch` for an option that says otherwise, and for series with other dates, covariates or categories, `unknown` for
 *   a category's value that the model has not seen
 */
export function continuedPlan(
  start: ForecasterConfig,
  training: readonly RegularSeries[],
  given: DecidedOptions,
): ForecasterConfig {
  const { plan, head, strategy, members } = start;
  const { preprocessing, inputs } = plan;
  refuseAnother("head", given.head, head);
  refuseAnother("strategy", given.strategy, strategy);
  refuseAnother("members", given.members, members);
  refuseAnother("context", given.context, plan.context);
  refuseAnother("log", given.log, preprocessing.log ? "on" : "off");
  for (const name of ["difference", "season", "scaling"] as const)
    refuseAnother(name, given[name], preprocessing[name]);
  if (plan.steps > 1) refuseAnother("horizon", given.horizon, start.horizon);
  for (const name of ["lags", "calendar", "levels", "loss"] as const) {
    if (given[name] === undefined) continue;
    throw new HiddenstateError(
      "mismatch",
      `train: mismatch in ${name}: the model to start from has decided it; leave it out`,
    );
  }
  for (const each of training) checkFits(each, start);
  const standard = preprocessing.scaling === "standard";
  const scales = training.map((each) => {
    checkLogarithm(each, preprocessing);
    return [each.id, scaleOf(changesOf(each.values, preprocessing).changes, preprocessing.centred)] as const;
  });
  return {
    ...start,
    architecture: inheritedArchitecture<ForecasterArchitecture>(start.architecture, architectureIn(given)),
    horizon: given.horizon ?? start.horizon,
    plan: {
      ...plan,
      inputs,
      preprocessing: { ...preprocessing, scales: standard ? Object.fromEntries(scales) : {} },
    },
  };
}

function architectureIn({
  cell,
  hidden,
  layers,
  dropout,
  nonlinearity,
  resetAfter,
}: DecidedOptions): ForecasterArchitecture {
  return { cell, hidden, layers, dropout, nonlinearity, resetAfter };
}

function checkFits(series: RegularSeries, { frequency, plan }: ForecasterConfig): void {
  const { inputs } = plan;
  const named = (each: Frequency | null): string => (each ? showFrequency(each) : "no");
  if (named(series.frequency) !== named(frequency)) {
    throw mismatch(series, "dates", `${named(series.frequency)} ones`, `${named(frequency)} ones`);
  }
  for (const kind of ["known", "observed", "categories"] as const) {
    const [got, expected] = [Object.keys(series[kind]), inputs[kind].map(({ name }) => name)].map(
      (names) => names.toSorted().join(", ") || "none",
    );
    if (got !== expected) throw mismatch(series, kind === "categories" ? kind : `${kind} covariates`, got, expected);
  }
  for (const { name, values } of inputs.categories) {
    if (values.includes(series.categories[name])) continue;
    throw new HiddenstateError(
      "unknown",
      `series ${series.id}: unknown ${name} ${shown(series.categories[name])}; the model to start from had ${values.join(", ")}`,
    );
  }
}

function mismatch({ id }: RegularSeries, what: string, got: string, expected: string): HiddenstateError {
  return new HiddenstateError(
    "mismatch",
    `series ${id}: mismatch in ${what}: got ${got}, expected ${expected} as the model to start from has`,
  );
}
