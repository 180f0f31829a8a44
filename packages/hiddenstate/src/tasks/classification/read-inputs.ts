import type { ClassifierModel } from "@hiddenstate/core";
import { tableParts } from "../../files/tables/table-parts.ts";
import { tableOptions } from "../table-options.ts";
import { madeInOrder } from "../answers.ts";
import type { PredictRequest } from "../task.ts";
import type { RowSource } from "./read-examples.ts";
import { type InputColumns, inputColumns } from "./row-columns.ts";
import { checkColumns, namesOf, rowInput, type RowInput, rowInputs } from "./row-examples.ts";

/** What a text is called where nothing names it. */
const lineColumn = "text";

/**
 * Sequences to ask a model about, read as its training's data was.
 *
 * @throws HiddenstateError naming the file and line
 */
export async function* readInputs(
  { config }: ClassifierModel,
  { paths, input }: PredictRequest,
): AsyncGenerator<RowInput[], void> {
  const { columns, ...reading }: RowSource = config.source ?? {};
  const known: InputColumns | undefined =
    columns?.input ?? (config.input.kind === "text" ? { from: "text", column: lineColumn } : undefined);
  const parts = tableParts(paths, input, {
    ...tableOptions(reading),
    lineColumn: known?.from === "text" ? known.column : lineColumn,
    columns: known ? namesOf(known) : [],
    whole: known?.from === "group",
    emptyLines: true,
  });
  for await (const table of parts) {
    // A model of a folder's texts knows no column's name: a table has its own.
    const isNamed = columns !== undefined || (known && table.columns.includes(namesOf(known)[0]));
    const found = isNamed && known ? known : inputColumns(table, "", {});
    if (found.from === "group") {
      yield rowInputs(table, found);
      continue;
    }
    // Objects of JSON may each have their own columns.
    if (!table.format.startsWith("json")) checkColumns(table, found);
    yield* madeInOrder(table.rows.length, (row) => rowInput(table, row, found));
  }
}
