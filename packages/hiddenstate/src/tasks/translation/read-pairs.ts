import type { TranslationPair } from "@hiddenstate/core";
import { readText } from "../../files/read-text.ts";
import { readTable } from "../../files/tables/read-table.ts";
import { holdsJsonLines, parseJsonLines } from "../../files/tables/json-lines.ts";
import { type PartOptions, tableParts, textLines } from "../../files/tables/table-parts.ts";
import { cellOf, cellText, isEmptyLine, placeOf, type Table, type TableRow } from "../../files/tables/table.ts";
import { madeInOrder } from "../answers.ts";
import { tableOptions, type TableGiven } from "../table-options.ts";
import type { PredictRequest } from "../task.ts";
import { type NamedPair, type PairColumns, pairColumns, pairsOf } from "./pair-columns.ts";
import { holdsTabLines, parseTabLines, usualNames } from "./tab-lines.ts";

/** Pairs, and how they were read. */
export interface ReadPairs {
  pairs: TranslationPair[];
  columns: PairColumns;
  notes: readonly string[];
}

/** How a translator's data was read: what its `config.json` keeps of it. */
export interface PairSource {
  columns?: PairColumns;
  delimiter?: string;
  header?: "yes" | "no";
}

/**
 * Reads pairs: lines with tabs (`.tsv`, `.tab`, `.txt`), lines of JSON, CSV or Parquet.
 *
 * @param known columns that the training's data had: used where this data has them too
 * @throws HiddenstateError naming the file and, where it is one line's fault, the line
 */
export async function readPairs(path: string, named: NamedPair & TableGiven, known?: PairColumns): Promise<ReadPairs> {
  const table = await readPairTable(path, named);
  const isKnown = known && [known.source, known.target].every((name) => table.columns.includes(name));
  const columns = isKnown ? known : pairColumns(table, named);
  return { pairs: pairsOf(table, columns), columns, notes: table.notes };
}

async function readPairTable(path: string, given: TableGiven): Promise<Table> {
  const { delimiter, header } = tableOptions(given);
  if (!holdsTabLines(path) || (delimiter !== undefined && delimiter !== "\t"))
    return readTable(path, { delimiter, header });
  const text = await readText(path);
  return holdsJsonLines(text) ? parseJsonLines(path, text) : parseTabLines(path, text, header);
}

/** A text to write of, with the row it came in. */
export interface AskedSource {
  text: string;
  place: string;
  kept: TableRow;
  /** Whether it is an empty line of text: of nothing there is nothing to write, but it is a line. */
  empty: boolean;
}

/**
 * Texts to ask a translator about: of tables the column of sources, of lines with tabs the first part, of other text each line.
 * @throws HiddenstateError naming the file and line
 */
export async function* readSources(
  { paths, input }: Pick<PredictRequest, "paths" | "input">,
  { columns = usualNames, ...reading }: PairSource,
): AsyncGenerator<AskedSource[], void> {
  for await (const table of sourceTables({ paths, input }, columns, reading)) {
    const alone = table.columns.length === 1 ? table.columns[0] : undefined;
    const column = table.columns.includes(columns.source) ? columns.source : (alone ?? pairColumns(table, {}).source);
    yield* madeInOrder(table.rows.length, (i) => ({
      text: cellText(cellOf(table, i, column)),
      place: placeOf(table, i),
      kept: table.rows[i],
      empty: isEmptyLine(table, i),
    }));
  }
}

async function* sourceTables(
  { paths, input }: Pick<PredictRequest, "paths" | "input">,
  columns: PairColumns,
  reading: TableGiven,
): AsyncGenerator<Table, void> {
  const options = {
    ...tableOptions(reading),
    lineColumn: columns.source,
    columns: [columns.source],
    whole: false,
    emptyLines: true,
  };
  if (paths.length === 0) yield* tableParts([], input, options);
  for (const path of paths) {
    const isTabbed = holdsTabLines(path) && (options.delimiter ?? "\t") === "\t";
    if (isTabbed) yield sourcesAlone(path, await readText(path), options) ?? (await readPairTable(path, reading));
    else yield* tableParts([path], input, options);
  }
}

/** The lines of a file whose lines could have tabs and have none: sources without targets, after their name if it is there. Null for pairs. */
function sourcesAlone(path: string, text: string, options: PartOptions): Table | null {
  const first = text.split("\n").find((line) => line.trim() !== "") ?? "";
  if (first.includes("\t") || holdsJsonLines(text)) return null;
  const table = textLines(path, text, 1, options);
  const isNamed = !path.endsWith(".txt") && first.trim() === options.lineColumn;
  const start = isNamed ? table.rows.findIndex((_, i) => !isEmptyLine(table, i)) + 1 : 0;
  return { ...table, rows: table.rows.slice(start), lines: table.lines.slice(start) };
}
