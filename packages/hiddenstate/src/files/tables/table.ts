import { HiddenstateError } from "@hiddenstate/core";

/** One row by column name: text from CSV and TSV, any JSON value from JSON and Parquet; a value that is not there is absent or `""`. */
export type TableRow = Readonly<Record<string, unknown>>;

/** Rows with named columns (of a file of lines: one, each line a row), and where they stand in their file. */
export interface Table {
  /** The file, as errors name it. */
  path: string;
  format: "csv" | "tsv" | "json" | "jsonl" | "lines" | "parquet";
  /** In their order. */
  columns: readonly string[];
  rows: readonly TableRow[];
  /** The line that each row begins in, from 1; of Parquet and arrays of JSON, whose rows are not lines, the row's number. */
  lines: readonly number[];
  /** How it was read, where that was a guess: to be told. */
  notes: readonly string[];
}

/** How errors name a row: `data.csv:17`, `data.parquet, row 17`. */
export function placeOf(table: Table, row: number): string {
  return `${table.path}${countedAs(table) === "row" ? ", row " : ":"}${table.lines[row]}`;
}

/** What the numbers of a table's rows count: lines of the file, or rows where it has no lines. */
export function countedAs({ format }: Pick<Table, "format">): "line" | "row" {
  return format === "parquet" || format === "json" ? "row" : "line";
}

/** Whether a row is a line with nothing in it: what was asked to be kept of a file of lines. */
export function isEmptyLine({ format, columns, rows }: Table, row: number): boolean {
  return format === "lines" && cellText(rows[row][columns[0]]).trim() === "";
}

/** A value as text: nothing for one that is not there, JSON for one that has parts. */
export function cellText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : JSON.stringify(value);
}

/**
 * A row's value in a column.
 *
 * @throws HiddenstateError `missing`, naming the line, where an object of JSON lacks it
 */
export function cellOf(table: Table, row: number, name: string): unknown {
  const cells = table.rows[row];
  if (!table.format.startsWith("json") || Object.hasOwn(cells, name)) return cells[name];
  throw new HiddenstateError(
    "missing",
    `${placeOf(table, row)}: missing column ${name}: the row has ${Object.keys(cells).join(", ") || "none"}; give it, or leave the row out`,
  );
}

/** @throws HiddenstateError `unknown`, naming the columns that there are */
export function checkColumn({ path, columns }: Table, name: string): void {
  if (columns.includes(name)) return;
  throw new HiddenstateError(
    "unknown",
    `${path}: unknown column ${JSON.stringify(name)}; the columns are ${columns.map((column) => JSON.stringify(column)).join(", ")}`,
  );
}
