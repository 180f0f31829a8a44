import { readText } from "../read-text.ts";
import { type DelimitedOptions, parseDelimited } from "./delimited.ts";
import { beginsJsonArray, holdsJsonLines, parseJsonArray, parseJsonLines } from "./json-lines.ts";
import { readParquet } from "./parquet.ts";
import type { Table } from "./table.ts";

/** How a table is read. */
export type TableOptions = Pick<DelimitedOptions, "delimiter" | "header">;

/** Whether a file's ending says that it is Parquet, which is no text. */
export function isParquet(path: string): boolean {
  return /\.(parquet|pq)$/i.test(path);
}

/** Whether a file's ending says that it may be a table of text; a `.json` file is none where it holds something else. */
export function hasTableEnding(path: string): boolean {
  return /\.(csv|tsv|tab|jsonl|ndjson|json)$/i.test(path);
}

/**
 * Whether a text is a table, and of which kind: by its file's ending, or where that says nothing because it is JSON.
 *
 * @param text or its beginning
 */
export function tableFormat(path: string, text: string): "delimited" | "json" | "jsonl" | null {
  if (/\.(csv|tsv|tab)$/i.test(path)) return "delimited";
  if (/\.(jsonl|ndjson)$/i.test(path)) return "jsonl";
  if (/\.json$/i.test(path) && beginsJsonArray(text)) return "json";
  return holdsJsonLines(text) ? "jsonl" : null;
}

/**
 * Reads a table: Parquet, lines of JSON and arrays of JSON (`.json`) by their ending, lines of JSON also where the first is an object, else CSV or TSV.
 *
 * @throws HiddenstateError `missing`, `invalid`, `mismatch`, `corrupt` or `storage`, naming the file and, where it is one line's fault, the line
 */
export async function readTable(path: string, options: TableOptions = {}): Promise<Table> {
  if (isParquet(path)) return readParquet(path);
  return parseTable(path, await readText(path), options);
}

/** The same, of a text that was read. */
export function parseTable(path: string, text: string, options: DelimitedOptions = {}): Table {
  const format = tableFormat(path, text);
  if (format === "json") return parseJsonArray(path, text);
  return format === "jsonl" ? parseJsonLines(path, text) : parseDelimited(path, text, options);
}
