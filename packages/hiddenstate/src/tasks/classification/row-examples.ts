import { HiddenstateError, type SequenceExample, type SequenceInput } from "@hiddenstate/core";
import { isNumber } from "../../files/tables/cells.ts";
import {
  cellOf,
  cellText,
  checkColumn,
  countedAs,
  isEmptyLine,
  placeOf,
  type Table,
  type TableRow,
} from "../../files/tables/table.ts";
import type { InputColumns, RowColumns } from "./row-columns.ts";

/** A sequence as it stands in a table. */
export interface RowInput {
  input: SequenceInput;
  /** How errors name it. */
  place: string;
  /** The rows that it was made of, by number. */
  rows: readonly number[];
  /** What is kept of its columns beside what is predicted. */
  kept: TableRow;
  /** Whether it is an empty line of text, which is nothing to be asked about. */
  empty: boolean;
}

/**
 * The sequences of a table, in the order of their first rows.
 *
 * @throws HiddenstateError `unknown` for a column that is not there, `invalid`, naming the line, for what is no text or no number
 */
export function rowInputs(table: Table, columns: InputColumns): RowInput[] {
  checkColumns(table, columns);
  return columns.from === "group" ? groupInputs(table, columns) : table.rows.map((_, i) => rowInput(table, i, columns));
}

/** @throws HiddenstateError `unknown` for a column that is not there */
export function checkColumns(table: Table, columns: InputColumns): void {
  for (const name of namesOf(columns)) checkColumn(table, name);
}

/** The sequence in a row. @throws HiddenstateError `missing` or `invalid`, naming the line */
export function rowInput(table: Table, row: number, columns: Exclude<InputColumns, { from: "group" }>): RowInput {
  const cells = table.rows[row];
  return {
    input: inputOf(table, row, columns),
    place: placeOf(table, row),
    rows: [row],
    empty: isEmptyLine(table, row),
    // The text is kept: it is short, and tells what was asked about.
    kept: columns.from === "text" ? cells : without(cells, namesOf(columns)),
  };
}

/** The sequences with what they are. @throws HiddenstateError as `rowInputs`, and `mismatch` where a sequence's rows disagree */
export function rowExamples(table: Table, { answer, kind, input }: RowColumns): SequenceExample[] {
  checkColumn(table, answer);
  return rowInputs(table, input).map(({ input: sequence, place, rows }) => ({
    input: sequence,
    target: answerOf(table, rows, answer, kind),
    place,
  }));
}

/** All columns that inputs are made of. */
export function namesOf(columns: InputColumns): readonly string[] {
  if (columns.from === "group") return [columns.group, ...columns.columns];
  return columns.from === "row" ? columns.columns : [columns.column];
}

function groupInputs(table: Table, { group, columns }: InputColumns & { from: "group" }): RowInput[] {
  const members = new Map<string, number[]>();
  table.rows.forEach((row, i) => {
    const key = cellText(row[group]);
    if (key === "")
      throw new HiddenstateError(
        "invalid",
        `${placeOf(table, i)}: invalid ${group}: it is empty, so nobody can tell which sequence the row belongs to; fill it in, or leave the row out`,
      );
    const rows = members.get(key);
    if (rows) rows.push(i);
    else members.set(key, [i]);
  });
  return [...members].map(([key, rows]) => ({
    input: rows.map((i) => columns.map((name) => numberIn(table, i, name))),
    place: `${placeOf(table, rows[0])} (${group} ${key})`,
    rows,
    empty: false,
    kept: { [group]: table.rows[rows[0]][group] },
  }));
}

function inputOf(table: Table, row: number, columns: Exclude<InputColumns, { from: "group" }>): SequenceInput {
  if (columns.from === "row") return columns.columns.map((name) => numberIn(table, row, name));
  const value = cellOf(table, row, columns.column);
  if (columns.from === "text") return cellText(value);
  if (Array.isArray(value)) return value as SequenceInput;
  throw new HiddenstateError(
    "invalid",
    `${placeOf(table, row)}: invalid ${columns.column}: got ${JSON.stringify(value)}, expected an array of numbers, or of rows of numbers`,
  );
}

function numberIn(table: Table, row: number, column: string): number {
  const value = table.rows[row][column];
  if (isNumber(value)) return Number(value);
  throw new HiddenstateError(
    "invalid",
    `${placeOf(table, row)}: invalid ${column}: got ${JSON.stringify(value ?? "")}, expected a number; ` +
      "fill gaps first, leave the row out, or name other columns with --inputs",
  );
}

/** What a sequence is: the same in all its rows. */
function answerOf(table: Table, rows: readonly number[], column: string, kind: RowColumns["kind"]): string | number {
  const first = table.rows[rows[0]][column] ?? "";
  const other = rows.find((i) => cellText(table.rows[i][column]) !== cellText(first));
  if (other !== undefined) {
    throw new HiddenstateError(
      "mismatch",
      `${placeOf(table, other)}: mismatch in ${column}: got ${JSON.stringify(table.rows[other][column])}, but the sequence began with ` +
        `${JSON.stringify(first)} in ${countedAs(table)} ${table.lines[rows[0]]}; expected one for the whole sequence`,
    );
  }
  if (typeof first === "object")
    throw new HiddenstateError(
      "invalid",
      `${placeOf(table, rows[0])}: invalid ${column}: got ${JSON.stringify(first).slice(0, 40)}, expected a ${kind}`,
    );
  // Text that is no number is refused where the place is known.
  return kind === "number" && isNumber(first) ? Number(first) : cellText(first);
}

function without(row: TableRow, names: readonly string[]): TableRow {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
}
