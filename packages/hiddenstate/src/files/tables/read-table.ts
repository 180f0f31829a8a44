import { readText } from "../read-text.ts";
import { type DelimitedOptions, parseDelimited } from "./delimited.ts";
import { parseJsonLines } from "./json-lines.ts";
import { readParquet } from "./parquet.ts";
import type { Table } from "./table.ts";

/** How a table is read. */
export type TableOptions = Pick<DelimitedOptions, "delimiter" | "header">;

/** Whether a file's ending says that it is a table, and of which kind. */
export function tableFormat(path: string): "delimited" | "jsonl" | "parquet" | null {
  if (/\.(csv|tsv|tab)$/i.test(path)) return "delimited";
  if (/\.(parquet|pq)$/i.test(path)) return "parquet";
  return /\.(jsonl|ndjson)$/i.test(path) ? "jsonl" : null;
}

/**
 * Reads a table: Parquet and lines of JSON by their ending, the latter also where the file begins with an object, else CSV or TSV.
 *
 * @throws HiddenstateError `missing`, `invalid`, `mismatch`, `corrupt` or `storage`, naming the file and, where it is one line's fault, the line
 */
export async function readTable(path: string, options: TableOptions = {}): Promise<Table> {
  if (tableFormat(path) === "parquet") return readParquet(path);
  return parseTable(path, await readText(path), options);
}

/** The same, of a text that was read. */
export function parseTable(path: string, text: string, options: DelimitedOptions = {}): Table {
  const format = tableFormat(path) ?? (text.trimStart().startsWith("{") ? "jsonl" : "delimited");
  if (format === "delimited") return parseDelimited(path, text, options);
  return parseJsonLines(path, text);
}
