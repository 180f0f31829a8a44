import type { TranslationPair } from "@hiddenstate/core";
import { HiddenstateError } from "@hiddenstate/core";
import { isNumber, looksLikeDate, valuesOf } from "../../files/tables/cells.ts";
import { cellText, checkColumn, placeOf, type Table } from "../../files/tables/table.ts";

/** The columns of the text that is read and of the one that is written. */
export interface PairColumns {
  source: string;
  target: string;
}

/** Columns that the user has named. */
export type NamedPair = { [Side in keyof PairColumns]?: string | undefined };

/** Names under which pairs are usually kept. */
const usualPairs: readonly (readonly [string, string])[] = [
  ["source", "target"],
  ["src", "tgt"],
  ["source", "translation"],
  ["original", "translation"],
  ["input", "output"],
  ["question", "answer"],
  ["from", "to"],
];

/** The usual pair of names among some, as they are written there; null if there is none. */
export function usualPair(names: readonly string[]): PairColumns | null {
  for (const [source, target] of usualPairs) {
    const [left, right] = [source, target].map((name) => names.find((each) => each.trim().toLowerCase() === name));
    if (left !== undefined && right !== undefined) return { source: left, target: right };
  }
  return null;
}

/**
 * Finds out which columns of a table hold the pairs.
 * @throws HiddenstateError `unknown` for a column that the table lacks, `missing` where nothing can be told
 */
export function pairColumns(table: Table, named: NamedPair): PairColumns {
  for (const column of [named.source, named.target]) if (column !== undefined) checkColumn(table, column);
  const usual = usualPair(table.columns);
  const free = table.columns.filter((column) => column !== named.source && column !== named.target);
  const source = named.source ?? usual?.source ?? (table.columns.length === 2 ? free[0] : undefined);
  const target = named.target ?? usual?.target ?? (table.columns.length === 2 ? free.at(-1) : undefined);
  if (source !== undefined && target !== undefined && source !== target) return { source, target };
  throw new HiddenstateError(
    "missing",
    `${table.path}: missing columns of pairs: none of ${table.columns.join(", ")} looks like it; ` +
      "name the text to read with --source and the text to write with --target",
  );
}

/** The pairs of a table; a value that is not there is an empty text. */
export function pairsOf(table: Table, { source, target }: PairColumns): TranslationPair[] {
  return table.rows.map((row, i) => {
    return { source: cellText(row[source]), target: cellText(row[target]), place: placeOf(table, i) };
  });
}

/** Whether values are texts: most of them neither numbers nor dates. */
export function areTexts(values: readonly unknown[]): boolean {
  const some = values.slice(0, 1000);
  return some.filter((value) => !isNumber(value) && !looksLikeDate(value)).length > some.length / 2;
}

/** The usual names of pairs, where the first of them holds texts; else null. */
export function recognisedPair(table: Table): PairColumns | null {
  const usual = usualPair(table.columns);
  return usual && areTexts(valuesOf(table, usual.source)) ? usual : null;
}
