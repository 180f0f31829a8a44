import { HiddenstateError } from "@hiddenstate/core";
import { isNumber, looksLikeDate, valuesOf } from "../../files/tables/cells.ts";
import { cellText, checkColumn, type Table } from "../../files/tables/table.ts";

/** What the columns of a table mean to a classifier: what a sequence is, and what it is to be taken for. */
export interface RowColumns {
  /** The column of labels, or of numbers to predict. */
  answer: string;
  kind: "label" | "number";
  input: InputColumns;
}

/** Where a sequence stands. */
export type InputColumns =
  /** One column: a text, or in lines of JSON an array of numbers or of rows of numbers. */
  | { from: "text" | "array"; column: string }
  /** Several columns of one row, a number each. */
  | { from: "row"; columns: readonly string[] }
  /** Several rows, which have the same value in the column `group`: a time step each, with a number from each of the columns. */
  | { from: "group"; group: string; columns: readonly string[] };

/** Columns that the user has named. */
export interface NamedColumns {
  text?: string | undefined;
  label?: string | undefined;
  target?: string | undefined;
  group?: string | undefined;
  inputs?: readonly string[] | undefined;
}

const labelNames =
  /^(labels?|class(es)?|category|target|lang(uage)?|sentiment|intent|topic|genre|activity|state|species|rating|stars?|score|polarity|spam)$/i;
const textNames =
  /^(text|sentence|review|message|comment|content|document|body|utterance|query|question|title|name|word|input|sequence|values|x)$/i;
const groupNames =
  /^(group|sequence|series|recording|session|trace|trial|sample|unit|engine|machine|id)(_?(id|no|number))?$/i;
const orderNames = /^(t|step|time(stamp)?|index|frame|cycle|date|seconds?|ms)$/i;

/** How many different numbers labels may be. */
const mostNumberLabels = 20;

/**
 * Finds out which columns hold the sequences and which one what they are, going by what was named, by usual names and by what stands in them.
 *
 * @throws HiddenstateError `unknown` for a column that the table lacks, `mismatch` for two answers, `missing` where nothing can be told
 */
export function rowColumns(table: Table, named: NamedColumns): RowColumns {
  const { text, label, target, group, inputs } = named;
  for (const column of [text, label, target, group, ...(inputs ?? [])])
    if (column !== undefined) checkColumn(table, column);
  if (label !== undefined && target !== undefined)
    throw new HiddenstateError(
      "mismatch",
      "train: mismatch in target: a label and a number can't both be learned; leave out either --label or --target",
    );
  const answer = label ?? target ?? guessAnswer(table, [text, group, ...(inputs ?? [])]);
  const kind = label !== undefined ? "label" : target !== undefined ? "number" : kindOf(valuesOf(table, answer));
  return { answer, kind, input: inputColumns(table, answer, named) };
}

function guessAnswer(table: Table, taken: readonly (string | undefined)[]): string {
  const free = table.columns.filter((column) => !taken.includes(column));
  const usual = free.find((column) => labelNames.test(column));
  if (usual !== undefined) return usual;
  // By custom what is to be predicted stands last; text that never recurs is no label.
  const last = free.at(-1);
  if (last !== undefined && table.columns.length > 1 && couldBeAnswer(valuesOf(table, last))) return last;
  throw new HiddenstateError(
    "missing",
    `${table.path}: missing column of labels or numbers to predict: none of ${table.columns.join(", ")} looks like it; ` +
      "name it with --label (a label) or --target (a number)",
  );
}

function couldBeAnswer(values: readonly unknown[]): boolean {
  if (values.length === 0 || values.some((value) => typeof value === "object")) return false;
  if (values.every(isNumber)) return true;
  return !values.some(looksLikeDate) && new Set(values).size <= Math.max(2, values.length / 2);
}

function kindOf(values: readonly unknown[]): RowColumns["kind"] {
  if (!values.every(isNumber)) return "label";
  const different = new Set(values.map(Number));
  const whole = [...different].every(Number.isInteger);
  return whole && different.size <= mostNumberLabels ? "label" : "number";
}

/** Finds out which columns hold the sequences. @throws HiddenstateError as `rowColumns` */
export function inputColumns(table: Table, answer: string, { text, group, inputs }: NamedColumns): InputColumns {
  if (text !== undefined && (group ?? inputs) !== undefined)
    throw new HiddenstateError(
      "mismatch",
      `train: mismatch in text: a sequence is either the text of one column or numbers of several; leave out --text, or ${
        group === undefined ? "--inputs" : "--group"
      }`,
    );
  if (text !== undefined) return { from: holdsArrays(table, text) ? "array" : "text", column: text };
  const free = table.columns.filter((column) => column !== answer && column !== group);
  if (group !== undefined) return { from: "group", group, columns: inputs ?? numbersIn(table, free) };
  if (inputs !== undefined) return { from: "row", columns: inputs };
  const arrays = free.filter((column) => holdsArrays(table, column));
  if (arrays.length > 0) return { from: "array", column: arrays.find((column) => textNames.test(column)) ?? arrays[0] };
  const texts = free.filter((column) => isText(valuesOf(table, column)));
  const usual = texts.find((column) => textNames.test(column));
  if (usual !== undefined) return { from: "text", column: usual };
  const recurring = free.find((column) => groupNames.test(column) && recurs(valuesOf(table, column)));
  if (recurring !== undefined) {
    const others = free.filter((column) => column !== recurring);
    return { from: "group", group: recurring, columns: numbersIn(table, others) };
  }
  if (texts.length > 0) return { from: "text", column: longest(table, texts) };
  const steps = numberedColumns(free);
  if (steps.length > 0) return { from: "row", columns: steps };
  throw new HiddenstateError(
    "missing",
    `${table.path}: missing sequences: none of the columns ${free.join(", ")} holds text; name one with --text, or for rows of numbers ` +
      "the column that tells sequences apart with --group, or the columns that are the steps of one row's sequence with --inputs",
  );
}

function holdsArrays(table: Table, column: string): boolean {
  return Array.isArray(table.rows.find((row) => row[column] !== undefined)?.[column]);
}

function isText(values: readonly unknown[]): boolean {
  const some = values.slice(0, 200);
  return (
    some.length > 0 &&
    some.every((value) => typeof value === "string") &&
    !some.every((value) => isNumber(value) || looksLikeDate(value))
  );
}

/** @throws HiddenstateError `missing` where no column holds numbers alone */
function numbersIn(table: Table, columns: readonly string[]): string[] {
  const found = columns.filter(
    (column) => !orderNames.test(column) && valuesOf(table, column).slice(0, 200).every(isNumber),
  );
  if (found.length > 0) return found;
  throw new HiddenstateError(
    "missing",
    `${table.path}: missing numbers: none of the columns ${columns.join(", ")} holds numbers alone; name those to read with --inputs`,
  );
}

/** Columns that are steps by their names: `t0`, `t1`, ... or 1, 2, ...; at least 8 of them. */
function numberedColumns(columns: readonly string[]): string[] {
  const stem = (column: string): string => column.replace(/\d+$/, "");
  const stems = new Map<string, string[]>();
  for (const column of columns.filter((name) => /\d$/.test(name)))
    stems.set(stem(column), [...(stems.get(stem(column)) ?? []), column]);
  return [...stems.values()].find((members) => members.length >= 8) ?? [];
}

function recurs(values: readonly unknown[]): boolean {
  return new Set(values).size <= values.length / 2;
}

function longest(table: Table, columns: readonly string[]): string {
  const length = (column: string): number =>
    valuesOf(table, column)
      .slice(0, 200)
      .reduce<number>((sum, value) => sum + cellText(value).length, 0);
  return columns.reduce((best, column) => (length(column) > length(best) ? column : best));
}
