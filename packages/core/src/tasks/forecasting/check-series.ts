import { type Frequency, showFrequency } from "../../data/series/frequency.ts";
import { type RegularSeries, regularSeries } from "../../data/series/regular-series.ts";
import type { DateRepairs, Series } from "../../data/series/series.ts";
import { HiddenstateError, shown } from "../../errors.ts";
import type { InputPlan } from "./inputs.ts";
import { leadOf, type Preprocessing } from "./preprocessing.ts";

/**
 * Series to train on: regular, of one frequency, with the same covariates and categories, none of them empty or constant before its last
 * `kept` steps.
 *
 * @throws HiddenstateError `invalid` or `mismatch`, naming the series and what to do
 */
export function trainingSeries(series: readonly Series[], repairs: DateRepairs, kept: number): RegularSeries[] {
  if (series.length === 0)
    throw new HiddenstateError("invalid", "train: invalid series: got none, expected at least 1");
  const regular = series.map((each, index) => regularSeries(each, repairs, index));
  const ids = new Set<string>();
  const [first] = regular;
  for (const each of regular) {
    if (ids.has(each.id)) throw invalid(each, `it occurs twice; give each series an id of its own`);
    ids.add(each.id);
    checkSame(each, first);
    checkContent(each, kept);
  }
  return regular;
}

function checkContent(series: RegularSeries, kept: number): void {
  const { values } = series;
  if (values.length <= kept) {
    throw invalid(
      series,
      `it has ${values.length} steps, and the last ${kept} are kept back as a test; give more, or test less`,
    );
  }
  const there = values.subarray(0, values.length - kept).filter((value) => !Number.isNaN(value));
  const where = kept > 0 ? " before the test part" : "";
  if (there.length === 0)
    throw invalid(series, `all its values${where} are missing; leave it out, or check which column holds the values`);
  if (there.every((value) => value === there[0])) {
    throw invalid(series, `all its values${where} are ${there[0]}: there is nothing to learn; leave it out`);
  }
}

function checkSame(series: RegularSeries, first: RegularSeries): void {
  const [got, expected] = [frequencyName(series.frequency), frequencyName(first.frequency)];
  if (got !== expected) {
    throw new HiddenstateError(
      "mismatch",
      `series ${series.id}: mismatch in dates: got ${got} ones, expected ${expected} ones as in series ${first.id}; train a model for each frequency`,
    );
  }
  for (const kind of ["known", "observed", "categories"] as const) {
    const names = (of: RegularSeries): string => Object.keys(of[kind]).toSorted().join(", ") || "none";
    if (names(series) === names(first)) continue;
    const what = kind === "categories" ? "categories" : `${kind} covariates`;
    throw new HiddenstateError(
      "mismatch",
      `series ${series.id}: mismatch in ${what}: got ${names(series)}, expected ${names(first)} as in series ${first.id}`,
    );
  }
}

function frequencyName(frequency: Frequency | null): string {
  return frequency ? showFrequency(frequency) : "no";
}

/** What a trained model asks of the series that it reads. */
export interface Expected {
  frequency: Frequency | null;
  repairs: DateRepairs;
  inputs: InputPlan;
  preprocessing: Preprocessing;
}

/**
 * A series as the model reads it, and the places of its categories' values.
 *
 * @param index its number in the list, for its default id
 * @param ahead steps past the last value that are to be forecast
 * @throws HiddenstateError `mismatch` for another frequency, `missing` for covariates that it lacks or that end too early, `unknown` for a
 *   category's value or a series that was not in training, `invalid` where the logarithm can't be taken
 */
export function seriesForModel(
  given: Series,
  index: number,
  ahead: number,
  { frequency, repairs, inputs, preprocessing }: Expected,
): { series: RegularSeries; categories: number[] } {
  const series = regularSeries(given, repairs, index, frequency);
  if (inputs.waves.length > 0 && frequencyName(series.frequency) !== frequencyName(frequency)) {
    throw new HiddenstateError(
      "mismatch",
      `series ${series.id}: mismatch in dates: got ${frequencyName(series.frequency)} ones, expected ${frequencyName(frequency)} ones as in training`,
    );
  }
  const needed = series.values.length + ahead;
  for (const { name } of inputs.known) {
    const values = series.known[name];
    if (!values) throw missing(series, `covariate ${name}, which is known ahead`);
    if (values.length < needed) {
      throw missing(
        series,
        `values of covariate ${name}: it ends ${needed - values.length} steps too early: it is known ahead, so give it for ${needed} steps, ${ahead} past the last value`,
      );
    }
  }
  for (const { name } of inputs.observed) if (!series.observed[name]) throw missing(series, `covariate ${name}`);
  const categories = inputs.categories.map(({ name, values }) => {
    if (!(name in series.categories)) throw missing(series, `category ${name}`);
    const place = values.indexOf(series.categories[name]);
    if (place >= 0) return place;
    throw new HiddenstateError(
      "unknown",
      `series ${series.id}: unknown ${name} ${shown(series.categories[name])}; training had ${values.slice(0, 10).join(", ")}${values.length > 10 ? ", ..." : ""}`,
    );
  });
  checkLogarithm(series, preprocessing);
  return { series, categories };
}

/** @throws HiddenstateError `invalid` for a value at or below 0 where logarithms are taken */
export function checkLogarithm(series: RegularSeries, { log }: Pick<Preprocessing, "log">): void {
  const step = log ? series.values.findIndex((value) => value <= 0) : -1;
  if (step < 0) return;
  throw invalid(
    series,
    `value ${series.values[step]} at step ${step + 1} has no logarithm, which the model takes; train with log "off"`,
  );
}

/** @throws HiddenstateError `invalid` for what is no count, for the negative binomial distribution */
export function checkCounts(series: RegularSeries): void {
  const step = series.values.findIndex((value) => value < 0 || (!Number.isNaN(value) && !Number.isInteger(value)));
  if (step < 0) return;
  throw invalid(
    series,
    `value ${series.values[step]} at step ${step + 1} is no count, as the negative binomial distribution needs; use head "gaussian" or "student-t"`,
  );
}

/**
 * @param end the step after the training part
 * @param needed steps to forecast and to learn from, besides the context and the first differences
 * @throws HiddenstateError `invalid` for a series shorter than that
 */
export function checkLength(
  series: RegularSeries,
  end: number,
  context: number,
  needed: number,
  preprocessing: Pick<Preprocessing, "difference" | "season">,
): void {
  const there = end - Math.max(0, firstStep(series));
  const lead = leadOf(preprocessing);
  if (there >= lead + context + needed) return;
  throw invalid(series, tooShort(there, context, lead, needed));
}

/** The first step that has a value; -1 where none has. */
export function firstStep({ values }: RegularSeries): number {
  return values.findIndex((value) => !Number.isNaN(value));
}

/**
 * @param first the first step with a change
 * @throws HiddenstateError `invalid` where a whole window does not lie before the step after an origin
 */
export function checkHistory(
  { id, first }: { id: string; first: number },
  origin: number,
  context: number,
  preprocessing: Pick<Preprocessing, "difference" | "season">,
): void {
  if (origin - context + 1 >= first) return;
  const lead = leadOf(preprocessing);
  throw invalid({ id }, tooShort(Math.max(0, origin + 1 - (first - lead)), context, lead, 0));
}

function tooShort(there: number, context: number, lead: number, needed: number): string {
  const parts = [
    `${context} of context`,
    ...(lead > 0 ? [`${lead} for differences`] : []),
    ...(needed > 0 ? [`${needed} to learn from`] : []),
  ];
  const remedy =
    needed > 0
      ? `give more, use a smaller context${lead > 0 ? ' or difference "none"' : ""}, or leave it out`
      : "give more of its past";
  return `it has ${there} known steps, shorter than one window: ${parts.join(" and ")} make ${lead + context + needed}; ${remedy}`;
}

function invalid({ id }: { id: string }, what: string): HiddenstateError {
  return new HiddenstateError("invalid", `series ${id}: invalid: ${what}`);
}

function missing({ id }: RegularSeries, what: string): HiddenstateError {
  return new HiddenstateError("missing", `series ${id}: missing ${what}`);
}
