import { HiddenstateError, shown } from "../../errors.ts";
import { nearest, resolveOptions } from "../../options.ts";
import type { Series } from "./series.ts";

/** Which columns of a table make series. */
export interface SeriesColumns {
  /** The column of the values. Default: the only column of numbers that nothing else names. */
  value?: string;
  /** The column of the dates; without one, rows are steps. */
  date?: string;
  /** The column (or columns) that tells series apart; each series' rows in order. Default: all rows are one series. */
  id?: string | readonly string[];
  /** Covariates known ahead: their rows may go on where the value is missing. */
  known?: readonly string[];
  /** Covariates not known ahead. */
  observed?: readonly string[];
  /** What does not change within a series. */
  categories?: readonly string[];
}

/** Where rows stand. */
export interface CountedRows {
  /** The number of each row. */
  numbers: readonly number[];
  as: "row" | "line";
}

/** A row of a table, as a reader of CSV, JSONL or Parquet gives it. */
export type SeriesRow = Readonly<Record<string, unknown>>;

const missing = new Set(["", "na", "n/a", "nan", "null", "none", "-", "?"]);

/**
 * Makes series of a table's rows. Numbers may be text; empty, `NA`, `NaN`, `null`, `-` and `?` are missing values. Rows at a series'
 * end that have no value but a covariate known ahead are the future's.
 *
 * @param counted the rows' numbers, for messages: rows, or lines of a file. Default: rows, counted from 1
 * @throws HiddenstateError `unknown` or `missing` for columns that the table lacks, `invalid` for what is no number, and for a category that
 *   changes within a series, naming the row
 * @example
 * seriesFromRows([{ month: "1949-01", passengers: 112 }, { month: "1949-02", passengers: 118 }], { value: "passengers", date: "month" });
 */
export function seriesFromRows(rows: readonly SeriesRow[], columns: SeriesColumns, counted?: CountedRows): Series[] {
  const resolved = resolveOptions<SeriesColumns>("seriesFromRows", columns, {
    value: { type: "string", optional: true },
    date: { type: "string", optional: true },
    id: { type: "any", optional: true },
    known: { type: "any", optional: true },
    observed: { type: "any", optional: true },
    categories: { type: "any", optional: true },
  });
  if (rows.length === 0)
    throw new HiddenstateError("invalid", "seriesFromRows: invalid rows: got none, expected at least 1");
  const { date } = resolved;
  const { known = [], observed = [], categories = [] } = columns;
  const ids = typeof resolved.id === "string" ? [resolved.id] : (resolved.id ?? []);
  const others = [...ids, ...(date === undefined ? [] : [date]), ...known, ...observed, ...categories];
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  for (const name of resolved.value === undefined ? others : [resolved.value, ...others]) checkColumn(name, names);
  const value = resolved.value ?? valueColumn(rows, names, others);

  const numberOfRow = (i: number): number => counted?.numbers[i] ?? i + 1;
  const place = (i: number): string => `${counted?.as ?? "row"} ${numberOfRow(i)}`;

  const groups = new Map<string, number[]>();
  rows.forEach((row, i) => {
    const id = ids.map((name) => textOf(row[name])).join(" ");
    const group = groups.get(id);
    if (group) group.push(i);
    else groups.set(id, [i]);
  });
  return [...groups].map(([id, members]) => {
    const column = (name: string, of: readonly number[] = members): number[] =>
      of.map((i) => numberOf(rows[i][name], name, place(i)));
    const values = column(value);
    // Rows past the last value are the future, where a covariate is known there.
    const isFuture = (i: number): boolean =>
      known.some((name) => !Number.isNaN(numberOf(rows[i][name], name, place(i))));
    let count = values.length;
    while (known.length > 0 && count > 0 && Number.isNaN(values[count - 1]) && isFuture(members[count - 1])) count--;
    const past = members.slice(0, count);
    return {
      ...(ids.length > 0 && { id }),
      values: values.slice(0, count),
      ...(date !== undefined && { dates: past.map((i) => dateOf(rows[i][date])) }),
      known: Object.fromEntries(known.map((name) => [name, column(name)])),
      observed: Object.fromEntries(observed.map((name) => [name, column(name, past)])),
      categories: Object.fromEntries(categories.map((name) => [name, constant(rows, members, name, place)])),
      rows: members.map(numberOfRow),
      ...(counted && { countedAs: counted.as }),
    };
  });
}

function checkColumn(name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const near = nearest(name, names);
  throw new HiddenstateError(
    "unknown",
    `seriesFromRows: unknown column "${name}"; ${near ? `did you mean "${near}"?` : `the columns are ${names.join(", ")}`}`,
  );
}

/** The only column of numbers that nothing else names. */
function valueColumn(rows: readonly SeriesRow[], names: readonly string[], others: readonly string[]): string {
  const candidates = names.filter(
    (name) => !others.includes(name) && rows.every((row) => asNumber(row[name]) !== null),
  );
  if (candidates.length === 1) return candidates[0];
  throw new HiddenstateError(
    "missing",
    `seriesFromRows: missing column of the values: ${candidates.length === 0 ? "no column" : `${candidates.join(", ")} all`} ` +
      `${candidates.length === 0 ? "holds numbers only" : "hold numbers"}; name one of ${names.join(", ")} with value`,
  );
}

/** A number, NaN where it is missing, or null for what is none. */
function asNumber(cell: unknown): number | null {
  if (typeof cell === "number") return cell;
  if (typeof cell === "bigint") return Number(cell);
  if (typeof cell === "boolean") return cell ? 1 : 0;
  if (cell === null || cell === undefined) return NaN;
  if (typeof cell !== "string") return null;
  const text = cell.trim();
  if (missing.has(text.toLowerCase())) return NaN;
  const number = Number(text);
  return Number.isNaN(number) ? null : number;
}

function numberOf(cell: unknown, name: string, place: string): number {
  const number = asNumber(cell);
  if (number !== null && (Number.isFinite(number) || Number.isNaN(number))) return number;
  throw new HiddenstateError(
    "invalid",
    `${place}: invalid ${name}: got ${shown(cell)}, expected a number, or nothing where it is missing`,
  );
}

function dateOf(cell: unknown): string | number {
  if (cell instanceof Date) return cell.getTime();
  if (typeof cell === "bigint") return Number(cell);
  return typeof cell === "number" ? cell : textOf(cell);
}

function constant(
  rows: readonly SeriesRow[],
  members: readonly number[],
  name: string,
  place: (row: number) => string,
): string {
  const first = textOf(rows[members[0]][name]);
  for (const i of members) {
    const text = textOf(rows[i][name]);
    if (text === first) continue;
    throw new HiddenstateError(
      "invalid",
      `${place(i)}: invalid ${name}: got ${shown(text)} after ${shown(first)} in the same series; a category does not change over time: ` +
        "take it as a covariate, or as part of id",
    );
  }
  return first;
}

function textOf(cell: unknown): string {
  if (typeof cell === "string") return cell;
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "bigint") return String(cell);
  return cell instanceof Date
    ? cell.toISOString()
    : JSON.stringify(cell, (_, item: unknown) => (typeof item === "bigint" ? String(item) : item));
}
