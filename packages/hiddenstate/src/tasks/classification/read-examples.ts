import type { DataSource, SequenceExample } from "@hiddenstate/core";
import { readLabelledFolder } from "../../files/labelled-folder.ts";
import { filesIn } from "../../files/see-data.ts";
import { readTable } from "../../files/tables/read-table.ts";
import { type TableGiven, tableOptions } from "../table-options.ts";
import { type NamedColumns, type RowColumns, rowColumns } from "./row-columns.ts";
import { rowExamples } from "./row-examples.ts";

/** How a classifier's data was read: `config.source` of a model that was trained on a table or a folder. */
export interface RowSource extends TableGiven {
  /** Of a table. */
  columns?: RowColumns | undefined;
}

/** Examples that were read from files. */
export interface ReadExamples {
  examples: SequenceExample[];
  /** What the columns were taken for; undefined for a folder. */
  columns: RowColumns | undefined;
  /** How the file was read, where that was a guess. */
  notes: readonly string[];
  /** What its columns were taken for, where they were not known before. */
  reading: string | undefined;
}

/**
 * Reads examples: of a folder with a text file for each label, or of a table.
 *
 * @param source how the data of a trained model was read; default: what was named, else found out
 * @throws HiddenstateError naming the file and line
 */
export async function readExamples(
  path: string,
  named: NamedColumns & TableGiven,
  source: DataSource | RowSource = {},
): Promise<ReadExamples> {
  const names = await filesIn(path);
  if (names) {
    const lines = await readLabelledFolder(path, names);
    const examples = lines.map(({ text, label, place }) => ({ input: text, target: label, place }));
    return { examples, columns: undefined, notes: [], reading: undefined };
  }
  const { columns: known, ...reading } = source as RowSource;
  const table = await readTable(path, tableOptions({ ...reading, ...definedOf(named) }));
  const columns = known ?? rowColumns(table, named);
  const examples = rowExamples(table, columns);
  return { examples, columns, notes: table.notes, reading: known ? undefined : readingOf(path, columns) };
}

function definedOf({ delimiter, header }: TableGiven): TableGiven {
  return { ...(delimiter !== undefined && { delimiter }), ...(header !== undefined && { header }) };
}

/** What the columns were taken for, in one line. */
function readingOf(path: string, { answer, kind, input }: RowColumns): string {
  const what = `${path}: reading ${kind === "label" ? "labels" : "numbers to predict"} from ${answer}`;
  switch (input.from) {
    case "text":
      return `${what}, text from ${input.column}`;
    case "array":
      return `${what}, sequences from ${input.column}`;
    case "row":
      return `${what}, sequences from ${list(input.columns)}, a step each`;
    case "group":
      return `${what}, sequences from the rows of each ${input.group}, with ${list(input.columns)} at each step`;
  }
}

function list(names: readonly string[]): string {
  return names.length > 6
    ? `${names.slice(0, 3).join(", ")}, ... ${names.at(-1)} (${names.length} columns)`
    : names.join(", ");
}
