import { HiddenstateError, shown } from "../../errors.ts";
import { type OptionRules, resolveOptions } from "../../options.ts";
import { parseDate, showDate } from "./dates.ts";
import { detectFrequency } from "./detect-frequency.ts";
import { dateAfter, type Frequency, showFrequency, unitsBetween } from "./frequency.ts";
import type { DateRepairs, Series } from "./series.ts";

/** A series that was checked: one value for each step. */
export interface RegularSeries {
  readonly id: string;
  /** NaN where missing. */
  readonly values: Float64Array;
  /** Milliseconds since 1970 of each value, or null. Past the last one, the frequency goes on. */
  readonly dates: Float64Array | null;
  readonly frequency: Frequency | null;
  /** As long as the values, or longer: then known ahead. */
  readonly known: Readonly<Record<string, Float64Array>>;
  readonly observed: Readonly<Record<string, Float64Array>>;
  readonly categories: Readonly<Record<string, string>>;
}

/** The rules behind `DateRepairs`. */
export const repairRules: OptionRules<DateRepairs> = {
  unsorted: { type: "choice", choices: ["error", "sort"], default: "error" },
  repeats: { type: "choice", choices: ["error", "first", "last", "mean", "sum"], default: "error" },
  gaps: { type: "choice", choices: ["error", "fill", "ignore"], default: "error" },
};

/**
 * Checks a series and puts it on a grid of equal distances.
 *
 * @param index the series' number, for its default id
 * @param frequency that the dates have; default: what they look like
 * @throws HiddenstateError `mismatch` for lists of other lengths than the values, `invalid` for dates that are no dates, and, unless
 *   repairs say what to do, for unsorted, repeated and irregular ones, naming the row (counted from 1)
 * @example
 * regularSeries({ values: [3, 4, 5], dates: ["2024-01", "2024-02", "2024-04"] }, { gaps: "fill" }).values;   // 3 4 NaN 5
 */
export function regularSeries(
  series: Series,
  repairs: DateRepairs = {},
  index = 0,
  frequency: Frequency | null = null,
): RegularSeries {
  const options = resolveOptions("series", repairs, repairRules);
  const id = series.id ?? String(index);
  const where = `series ${id}`;
  const table = tableOf(series, where);
  const grid = hasDates(table) ? onGrid(table, options, frequency, where) : { ...table, frequency: null };
  const { values, dates, known, observed } = grid;
  return { id, values, dates, frequency: grid.frequency, known, observed, categories: { ...series.categories } };
}

/** The date of a step, which may lie past the last value; null without dates. */
export function dateOfStep({ dates, frequency }: RegularSeries, step: number): number | null {
  if (!dates) return null;
  if (step < dates.length) return dates[step];
  return frequency ? dateAfter(dates[dates.length - 1], frequency, step - dates.length + 1) : null;
}

/** The series up to, not including, a step; what is known ahead stays. */
export function seriesUntil(series: RegularSeries, end: number): RegularSeries {
  const cut = (values: Float64Array): Float64Array => values.subarray(0, end);
  const observed = Object.fromEntries(Object.entries(series.observed).map(([name, values]) => [name, cut(values)]));
  return { ...series, values: cut(series.values), dates: series.dates && cut(series.dates), observed };
}

interface Table {
  /** The row of a value, for messages: `row 3`, or `line 3`. */
  rowOf: (index: number) => string;
  values: Float64Array;
  dates: Float64Array | null;
  known: Record<string, Float64Array>;
  observed: Record<string, Float64Array>;
}

type DatedTable = Table & { dates: Float64Array };

function hasDates(table: Table): table is DatedTable {
  return table.dates !== null;
}

function tableOf(series: Series, where: string): Table {
  const count = series.values.length;
  const { dates = null, known = {}, observed = {}, rows, countedAs = "row" } = series;
  const rowOf = (index: number): string => `${countedAs} ${rows?.[index] ?? index + 1}`;
  const numbers = (list: ArrayLike<number>, name: string): Float64Array =>
    Float64Array.from(list, (value, index) => {
      if (typeof value === "number" && (Number.isFinite(value) || Number.isNaN(value))) return value;
      throw new HiddenstateError(
        "invalid",
        `${where}, ${rowOf(index)}: invalid ${name}: got ${shown(value)}, expected a finite number, or NaN where it is missing`,
      );
    });
  if (dates && dates.length !== count) throw lengths(where, "dates", dates.length, count);
  for (const [name, list] of Object.entries(observed))
    if (list.length !== count) throw lengths(where, `observed covariate ${name}`, list.length, count);
  for (const [name, list] of Object.entries(known))
    if (list.length < count) throw lengths(where, `known covariate ${name}`, list.length, count, "at least ");
  return {
    rowOf,
    values: numbers(series.values, "value"),
    dates: dates && Float64Array.from(dates, (date, index) => parseDate(date, `${where}, ${rowOf(index)}`)),
    known: mapRecord(known, numbers),
    observed: mapRecord(observed, numbers),
  };
}

type Repairs = Required<DateRepairs>;

function onGrid(
  table: DatedTable,
  repairs: Repairs,
  given: Frequency | null,
  where: string,
): Omit<DatedTable, "rowOf"> & { frequency: Frequency | null } {
  const rows = withoutRepeats(sorted(table, repairs, where), repairs, table, where);
  const dates = rows.map(({ date }) => date);
  const frequency = given ?? detectFrequency(dates);
  const steps = frequency ? stepsOf(rows, frequency, repairs, table, where) : dates.map((_, i) => i);
  const count = (steps.at(-1) ?? -1) + 1;
  const { length } = table.values;
  const place = (list: Float64Array, merge: boolean): Float64Array => {
    const placed = new Float64Array(count + list.length - length).fill(NaN);
    rows.forEach(({ from }, i) => (placed[steps[i]] = merge ? merged(list, from, repairs) : list[from[0]]));
    placed.set(list.subarray(length), count);
    return placed;
  };
  const placedDates = new Float64Array(count);
  for (let i = 0, step = 0; step < count; step++) {
    if (steps[i] === step) placedDates[step] = dates[i++];
    else placedDates[step] = dateAfter(placedDates[step - 1], frequency!, 1);
  }
  return {
    values: place(table.values, true),
    dates: placedDates,
    known: mapRecord(table.known, (list) => place(list, false)),
    observed: mapRecord(table.observed, (list) => place(list, true)),
    frequency,
  };
}

/** A date and the rows, counted from 0, that have it. */
interface DatedRows {
  date: number;
  from: number[];
}

function sorted({ dates, rowOf }: DatedTable, { unsorted }: Repairs, where: string): DatedRows[] {
  const rows = Array.from(dates, (date, row): DatedRows => ({ date, from: [row] }));
  const early = rows.findIndex(({ date }, i) => i > 0 && date < rows[i - 1].date);
  if (early < 0) return rows;
  if (unsorted === "sort") return rows.toSorted((a, b) => a.date - b.date);
  throw new HiddenstateError(
    "invalid",
    `${where}: invalid dates: ${rowOf(early)} (${showDate(dates[early])}) is before ${rowOf(early - 1)} (${showDate(dates[early - 1])}); ` +
      'sort the rows, or use unsorted "sort"; where there are several series, name the column that tells them apart',
  );
}

function withoutRepeats(rows: DatedRows[], { repeats }: Repairs, { rowOf }: Table, where: string): DatedRows[] {
  const result: DatedRows[] = [];
  for (const row of rows) {
    const last = result.at(-1);
    if (last?.date !== row.date) {
      result.push({ ...row });
      continue;
    }
    if (repeats === "error") {
      throw new HiddenstateError(
        "invalid",
        `${where}: invalid dates: ${rowOf(last.from[0])} and ${rowOf(row.from[0])} both are ${showDate(row.date)}; ` +
          'remove one, or use repeats "first", "last", "mean" or "sum"; where there are several series, name the column that tells them apart',
      );
    }
    last.from = repeats === "last" ? row.from : repeats === "first" ? last.from : [...last.from, ...row.from];
  }
  return result;
}

/** The mean or sum of the values that are there; of one row, that row's. */
function merged(list: Float64Array, from: readonly number[], { repeats }: Repairs): number {
  if (from.length === 1) return list[from[0]];
  const present = from.map((row) => list[row]).filter((value) => !Number.isNaN(value));
  if (present.length === 0) return NaN;
  const total = present.reduce((sum, value) => sum + value, 0);
  return repeats === "mean" ? total / present.length : total;
}

/** The place of each date on the grid. */
function stepsOf(
  rows: readonly DatedRows[],
  frequency: Frequency,
  { gaps }: Repairs,
  { rowOf }: Table,
  where: string,
): number[] {
  if (gaps === "ignore") return rows.map((_, i) => i);
  const steps = [0];
  for (let i = 1; i < rows.length; i++) {
    const [before, row] = [rows[i - 1], rows[i]];
    const distance = unitsBetween(before.date, row.date, frequency.unit) / frequency.step;
    const whole = Number.isInteger(distance);
    if (distance !== 1 && (gaps === "error" || !whole)) {
      const leftOut = whole ? ` (${distance - 1} left out)` : "";
      const remedy = whole
        ? 'use gaps "fill" to take them as missing values, or'
        : "bring them to one distance first, or use";
      throw new HiddenstateError(
        "invalid",
        `${where}: invalid dates: irregular: ${rowOf(row.from[0])} (${showDate(row.date)}) comes after ${showDate(before.date)}${leftOut}, ` +
          `though the dates are ${showFrequency(frequency)}; ${remedy} gaps "ignore" to take the rows as they follow one another`,
      );
    }
    steps.push(steps[i - 1] + distance);
  }
  return steps;
}

function lengths(where: string, what: string, got: number, expected: number, least = ""): HiddenstateError {
  return new HiddenstateError(
    "mismatch",
    `${where}: mismatch in ${what}: got ${got}, expected ${least}${expected}, one for each value`,
  );
}

function mapRecord<A, B>(record: Readonly<Record<string, A>>, map: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}
