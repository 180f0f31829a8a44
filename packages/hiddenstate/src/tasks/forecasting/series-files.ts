import {
  HiddenstateError,
  type Series,
  type SeriesColumns,
  seriesFromRows,
  type SeriesRow,
  type DataSource,
} from "@hiddenstate/core";
import { readTable, type TableOptions } from "../../files/tables/read-table.ts";
import { countedAs, placeOf, type Table } from "../../files/tables/table.ts";
import { type TableGiven, tableOptions } from "../table-options.ts";
import { type NamedColumns, noDate, recogniseColumns } from "./recognise-columns.ts";

/** Series as a file has them. */
export interface SeriesFile {
  series: Series[];
  /** How it was read, for whoever reads more of it later. */
  source: SeriesSource;
  /** For people: what was recognised, and why. */
  reasons: string[];
}

/** How series were read. It stands in the model's `config.json`. */
export interface SeriesSource extends DataSource, TableGiven {
  /** Which columns mean what; null where each line of JSON is a whole series. */
  columns: SeriesColumns | null;
  /** The names of the file's columns in their order: rows that come without names have that one. */
  order: readonly string[];
}

/**
 * Reads series from CSV, TSV, lines of JSON or Parquet: a row for each step, or in lines of JSON also an object for each series with its `values`
 * (and `id`, `dates`, `known`, `observed`, `categories`).
 *
 * @throws HiddenstateError naming the file, and the line where it is one line's fault
 */
export async function readSeries(path: string, named: NamedColumns, given: TableGiven): Promise<SeriesFile> {
  const table = await readTable(path, tableOptions(given));
  if (holdsWholeSeries(table)) return wholeSeries(table);
  const { columns, reasons } = recogniseColumns(table, named);
  return {
    series: seriesOf(table, columns),
    source: { columns, order: table.columns, ...given },
    reasons: [...table.notes, ...reasons],
  };
}

/**
 * Reads more of what a model was trained on.
 *
 * @param source how the training's data was read; undefined where nobody wrote that down
 * @throws HiddenstateError `missing` for columns that the file lacks, and as `readSeries`
 */
export async function readSeriesAs(path: string, source: DataSource | undefined): Promise<Series[]> {
  const table = await readTable(path, sourceOptions(source));
  if (holdsWholeSeries(table)) return wholeSeries(table).series;
  const { columns } =
    source && isSeriesSource(source) && source.columns ? { columns: source.columns } : recogniseColumns(table, {});
  const { value, date, id = [], known = [], observed = [], categories = [] } = columns;
  const needed = [value, date, id, known, observed, categories].flat().filter((name) => name !== undefined);
  const lacking = needed.filter((name) => !table.columns.includes(name));
  if (lacking.length > 0) {
    throw new HiddenstateError(
      "missing",
      `${path}: missing column${lacking.length > 1 ? "s" : ""} ${lacking.join(", ")}, which the training's data had; the columns are ${table.columns.join(", ")}`,
    );
  }
  return seriesOf(table, columns);
}

/** Whether a model's source is one of series. */
export function isSeriesSource(source: DataSource): source is SeriesSource {
  return "columns" in source && Array.isArray(source.order);
}

/** How the tables of a model's source are read. */
export function sourceOptions(source: DataSource | undefined): TableOptions {
  return source && isSeriesSource(source) ? tableOptions(source) : {};
}

/** Whether each row is a whole series. */
export function holdsWholeSeries({ format, rows }: Table): boolean {
  return (format === "jsonl" || format === "json") && rows.length > 0 && Array.isArray(rows[0].values);
}

/** Series of rows. A single one is called as its values are. */
function seriesOf(table: Table, columns: SeriesColumns): Series[] {
  const rows = table.rows as readonly SeriesRow[];
  const counted = { numbers: table.lines, as: countedAs(table) } as const;
  const read = inFile(table.path, () => seriesFromRows(rows, columns, counted));
  return read.map((each) => ({ ...each, id: each.id ?? columns.value }));
}

function wholeSeries(table: Table): SeriesFile {
  const keys = new Set(["id", "values", "dates", "known", "observed", "categories"]);
  const series = table.rows.map((row, i): Series => {
    const other = Object.keys(row).find((key) => !keys.has(key));
    const fault =
      other !== undefined
        ? `unknown key ${JSON.stringify(other)}`
        : Array.isArray(row.values)
          ? null
          : "missing values";
    if (fault !== null)
      throw new HiddenstateError(
        fault.startsWith("unknown") ? "unknown" : "missing",
        `${placeOf(table, i)}: ${fault}; a series has ${[...keys].join(", ")}`,
      );
    const { id = i, values, ...rest } = row as unknown as Series & { values: (number | null)[] };
    return {
      ...rest,
      id: String(id),
      values: numbers(values),
      known: columnsOf(rest.known),
      observed: columnsOf(rest.observed),
    };
  });
  return {
    series,
    source: { columns: null, order: [] },
    reasons: [`${series.length} series, one in each ${countedAs(table)}`],
  };
}

/** JSON has no NaN: what is missing is null there. */
function numbers(list: ArrayLike<number | null>): number[] {
  return Array.from(list, (number) => number ?? NaN);
}

function columnsOf(columns: Series["known"]): Record<string, number[]> {
  return Object.fromEntries(Object.entries(columns ?? {}).map(([name, list]) => [name, numbers(list)]));
}

/** Errors of series with the file's name before them, and options as flags. */
export function inFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw ofFile(path, error);
  }
}

/**
 * An error about series as the command line tells it.
 *
 * @param trained whether a model reads them: how dates are mended was then settled by its training
 */
export function ofFile(path: string | null, error: unknown, trained = true): unknown {
  if (!(error instanceof HiddenstateError)) return error;
  const about = /^(series|row|line|seriesFromRows)\b/.test(error.message) && path !== null ? `${path}: ` : "";
  const told = inFlags(error.message.replace(/^seriesFromRows: /, ""));
  const advised = trained ? told.replace(/\buse (?=--(unsorted|repeats|gaps) )/, "train with ") : told;
  return new HiddenstateError(error.code, `${about}${advised}`, { cause: error });
}

const flags = "unsorted|repeats|gaps|difference|scaling|log|head|strategy";

/** Options of the library that a message recommends, as flags: `gaps "fill"` is `--gaps fill`. */
function inFlags(message: string): string {
  return message
    .replaceAll(new RegExp(`\\b(${flags}) "([\\w-]+)"`, "g"), "--$1 $2")
    .replace("use a smaller context", "use a smaller --context")
    .replace("name the column that tells them apart", "name the column that tells them apart with --id")
    .replace(
      /\bsay( how many steps at its end to test on| with last how many steps to test on)/,
      "say with --last how many steps at its end to test on",
    );
}

/** A table's series are told apart, and their dates kept apart, by what was named. */
export { noDate };
