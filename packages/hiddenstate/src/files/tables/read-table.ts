import { readText } from "../read-text.ts";
import { type DelimitedOptions, parseDelimited } from "./delimited.ts";
import { parseJsonLines } from "./json-lines.ts";
import type { Table } from "./table.ts";

/** How a table is read. */
export type TableOptions = Pick<DelimitedOptions, "delimiter" | "header">;

/** Whether a file's ending says that it is a table, and of which kind. */
export function tableFormat(path: string): "delimited" | "jsonl" | null {
  if (/\.(csv|tsv|tab)$/i.test(path)) return "delimited";
  return /\.(jsonl|ndjson)$/i.test(path) ? "jsonl" : null;
}

/**
 * Reads a table: lines of JSON by their ending or where the file begins with an object, else CSV or TSV.
 *
 * @throws HiddenstateError `missing`, `invalid`, `mismatch` or `storage`, naming the file and, where it is one line's fault, the line
 */
export async function readTable(path: string, options: TableOptions = {}): Promise<Table> {
  return parseTable(path, await readText(path), options);
}

/** The same, of a text that was read. */
export function parseTable(path: string, text: string, options: DelimitedOptions = {}): Table {
  const format = tableFormat(path) ?? (text.trimStart().startsWith("{") ? "jsonl" : "delimited");
  if (format === "delimited") return parseDelimited(path, text, options);
  return parseJsonLines(path, text);
}
