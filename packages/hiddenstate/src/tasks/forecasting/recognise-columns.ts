import { HiddenstateError, parseDate, type SeriesColumns } from "@hiddenstate/core";
import { isNumber } from "../../files/tables/cells.ts";
import { checkColumn, placeOf, type Table, type TableRow } from "../../files/tables/table.ts";

/** Columns as the user named them; `date: "none"`: rows are steps. */
export interface NamedColumns {
  value?: string | undefined;
  date?: string | undefined;
  id?: readonly string[] | undefined;
  known?: readonly string[] | undefined;
  observed?: readonly string[] | undefined;
  categories?: readonly string[] | undefined;
}

/** Which columns make series. */
export interface FoundColumns {
  columns: SeriesColumns;
  /** For people: one sentence for each, with the reason. */
  reasons: string[];
}

/** How a column's cells look. */
type Kind = "numbers" | "dates" | "text" | "empty";

const missing = /^\s*(|na|n\/a|nan|null|none|-|\?)\s*$/i;
const dateNames = /^(date|datetime|time|timestamp|ds|day|week|month|quarter|year|period)$/i;
const valueNames = /^(y|value|values|target)$/i;
/** Cells of each column that are looked at. */
const looked = 2000;

/** The date column that stands for none. */
export const noDate = "none";

/**
 * Finds the columns of a table that make series: dates, the values to forecast, ids that tell series apart, numbers beside the values, and what
 * does not change within a series. What is named is taken as it is.
 *
 * @throws HiddenstateError `missing` where it is not clear what is to be forecast, `invalid` for a date column whose dates are not ISO dates,
 *   `unknown` for a name that no column has
 */
export function recogniseColumns(table: Table, named: NamedColumns): FoundColumns {
  const reasons: string[] = [];
  for (const name of namesOf(named)) checkColumn(table, name);
  const kinds = new Map(table.columns.map((name) => [name, kindOf(table, name)]));
  const taken = new Set(namesOf(named));
  const free = (kind: Kind): string[] => table.columns.filter((name) => kinds.get(name) === kind && !taken.has(name));

  const date = findDate(table, named, kinds, reasons);
  if (date !== undefined) taken.add(date);
  const value = named.value ?? findValue(table, free("numbers"), reasons);
  taken.add(value);
  const id = named.id ?? findIds(table, { date, candidates: free("text") }, reasons);
  for (const name of id) taken.add(name);
  const categories = named.categories ?? findCategories(table, id, free("text"), reasons);
  for (const name of categories) taken.add(name);
  const { known, observed } = findCovariates(table, { named, value, id, candidates: free("numbers") }, reasons);
  for (const name of [...known, ...observed]) taken.add(name);
  const left = table.columns.filter((name) => !taken.has(name));
  if (left.length > 0) reasons.push(`not used: ${list(left)}`);
  return { columns: { value, date, id: id.length > 0 ? id : undefined, known, observed, categories }, reasons };
}

/** The column of dates that a table has, named or not; undefined where it has none. */
export function dateColumnOf(table: Table): string | undefined {
  const dated = table.columns.filter((name) => kindOf(table, name) === "dates");
  return dated.find((name) => dateNames.test(name)) ?? dated[0];
}

/** Whether a column holds numbers, some of which may be missing. */
export function holdsNumbers(table: Table, name: string): boolean {
  return kindOf(table, name) === "numbers";
}

/** Whether a column holds text of which most is there once: something to read, and nothing that tells series apart. */
export function holdsProse(table: Table, name: string): boolean {
  return kindOf(table, name) === "text" && distinct(table, [name]) > table.rows.length / 2 && table.rows.length > 4;
}

function namesOf({ value, date, id = [], known = [], observed = [], categories = [] }: NamedColumns): string[] {
  const dated = date === undefined || date === noDate ? [] : [date];
  return [...(value === undefined ? [] : [value]), ...dated, ...id, ...known, ...observed, ...categories];
}

function kindOf(table: Table, name: string): Kind {
  const cells = table.rows
    .slice(0, looked)
    .map((row) => row[name])
    .filter((cell) => !isMissing(cell));
  if (cells.length === 0) return "empty";
  // A year is a number too: its column's name tells.
  if (cells.every((cell) => readsAsDate(cell, dateNames.test(name)))) return "dates";
  return cells.every(readsAsNumber) ? "numbers" : "text";
}

function isMissing(cell: unknown): boolean {
  return cell === null || cell === undefined || (typeof cell === "string" && missing.test(cell));
}

/** In a series, true is 1 and false is 0. */
function readsAsNumber(cell: unknown): boolean {
  return typeof cell === "boolean" || isNumber(cell);
}

/** Whether a forecaster takes a cell for a date: an ISO date, and where the column's name says so, a year or milliseconds since 1970. */
function readsAsDate(cell: unknown, byName: boolean): boolean {
  if (typeof cell === "number") {
    return byName && Number.isInteger(cell) && ((cell > 1000 && cell < 3000) || Math.abs(cell) > 1e10);
  }
  if (typeof cell !== "string" || (!byName && isNumber(cell))) return false;
  try {
    parseDate(cell, "");
    return true;
  } catch {
    return false;
  }
}

function findDate(
  table: Table,
  named: NamedColumns,
  kinds: ReadonlyMap<string, Kind>,
  reasons: string[],
): string | undefined {
  if (named.date === noDate) return undefined;
  if (named.date !== undefined) return named.date;
  const taken = new Set(namesOf(named));
  const dated = table.columns.filter((name) => kinds.get(name) === "dates" && !taken.has(name));
  const found = dated.find((name) => dateNames.test(name)) ?? dated[0];
  if (found !== undefined) {
    reasons.push(`dates: ${found}, ${dated.length > 1 ? "by its name" : "the only column of dates"}`);
    return found;
  }
  const meant = table.columns.find((name) => dateNames.test(name) && kinds.get(name) === "text" && !taken.has(name));
  if (meant !== undefined) throw noIsoDate(table, meant);
  reasons.push("dates: none, so rows are steps at equal distances");
  return undefined;
}

function noIsoDate(table: Table, name: string): HiddenstateError {
  const row = table.rows.findIndex((each) => !isMissing(each[name]) && !readsAsDate(each[name], true));
  return new HiddenstateError(
    "invalid",
    `${placeOf(table, row)}: invalid ${name}: got ${JSON.stringify(table.rows[row][name])}, expected an ISO date such as "1981-12-31", ` +
      `"1949-01" or "2024-03-01T12:30"; bring the dates to that form, or use --date none to take rows as steps at equal distances`,
  );
}

function findValue(table: Table, candidates: readonly string[], reasons: string[]): string {
  const byName = candidates.filter((name) => valueNames.test(name));
  if (candidates.length === 1 || byName.length === 1) {
    const found = byName[0] ?? candidates[0];
    reasons.push(`values: ${found}, ${candidates.length === 1 ? "the only column of numbers" : "by its name"}`);
    return found;
  }
  throw new HiddenstateError(
    "missing",
    candidates.length === 0
      ? `${table.path}: missing column of values: no column holds numbers alone; name one of ${table.columns.join(", ")} with --value`
      : `${table.path}: missing column of values: ${list(candidates)} all hold numbers; say with --value which is to be forecast`,
  );
}

/** Text that tells series apart: needed where a date occurs more than once. */
function findIds(
  table: Table,
  { date, candidates }: { date: string | undefined; candidates: readonly string[] },
  reasons: string[],
): readonly string[] {
  if (candidates.length === 0) return [];
  if (date === undefined) {
    // Without dates, what stays the same over long stretches tells series apart.
    const lasting = candidates.find(
      (name) => stretches(table, name) * 8 <= table.rows.length && distinct(table, [name]) > 1,
    );
    if (lasting === undefined) return [];
    reasons.push(`series: told apart by ${lasting}, whose values stay over many rows`);
    return [lasting];
  }
  const unique = (names: readonly string[]): boolean => distinct(table, [date, ...names]) === table.rows.length;
  if (unique([])) return [];
  const found = candidates.find((name) => unique([name]));
  const names = found === undefined ? (unique(candidates) ? candidates : []) : [found];
  if (names.length > 0) {
    reasons.push(
      `series: told apart by ${list(names)}, with which each date occurs once (${distinct(table, names)} series)`,
    );
  }
  return names;
}

/** Other text that does not change within a series. */
function findCategories(
  table: Table,
  id: readonly string[],
  candidates: readonly string[],
  reasons: string[],
): readonly string[] {
  if (id.length === 0) return [];
  const series = distinct(table, id);
  const found = candidates.filter((name) => distinct(table, [...id, name]) === series && distinct(table, [name]) > 1);
  if (found.length > 0) reasons.push(`categories: ${list(found)}, the same within each series`);
  return found;
}

interface FoundSoFar {
  named: NamedColumns;
  value: string;
  id: readonly string[];
  candidates: readonly string[];
}

/** Other numbers: known ahead if they go on where the values have ended, else not. */
function findCovariates(
  table: Table,
  { named, value, id, candidates }: FoundSoFar,
  reasons: string[],
): { known: readonly string[]; observed: readonly string[] } {
  const future = futureRows(table, value, id);
  const goesOn = (name: string): boolean => future.length > 0 && future.every((row) => !isMissing(row[name]));
  const ahead = named.known ? [] : candidates.filter(goesOn);
  const others = named.observed ? [] : candidates.filter((name) => !ahead.includes(name));
  if (ahead.length > 0)
    reasons.push(`known ahead: ${list(ahead)}, which go${ahead.length > 1 ? "" : "es"} on where ${value} has ended`);
  if (others.length > 0) {
    reasons.push(
      `beside them: ${list(others)}, numbers taken as not known ahead (name those that are with --known; leave one out with --observed)`,
    );
  }
  return { known: [...(named.known ?? []), ...ahead], observed: [...(named.observed ?? []), ...others] };
}

/** Rows after the last value of their series. */
function futureRows(table: Table, value: string, id: readonly string[]): TableRow[] {
  const ended = new Set<string>();
  return table.rows.toReversed().filter((row) => {
    const series = keyOf(row, id);
    if (!isMissing(row[value])) ended.add(series);
    return !ended.has(series);
  });
}

function keyOf(row: TableRow, names: readonly string[]): string {
  return names.map((name) => JSON.stringify(row[name] ?? "")).join();
}

function distinct(table: Table, names: readonly string[]): number {
  return new Set(table.rows.map((row) => keyOf(row, names))).size;
}

/** How often a column's value changes from row to row, and one. */
function stretches(table: Table, name: string): number {
  return 1 + table.rows.filter((row, i) => i > 0 && row[name] !== table.rows[i - 1][name]).length;
}

function list(names: readonly string[]): string {
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}` : names[0];
}
