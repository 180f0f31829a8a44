import { HiddenstateError } from "@hiddenstate/core";
import type { Table, TableRow } from "./table.ts";

/**
 * Parses lines of JSON, an object each. Columns are all keys, in the order in which they first occur.
 *
 * @param firstLine the number of the text's first line
 * @throws HiddenstateError `invalid`, naming file and line, for a line that is no object
 */
export function parseJsonLines(path: string, text: string, firstLine = 1): Table {
  const rows: TableRow[] = [];
  const lines: number[] = [];
  const columns = new Set<string>();
  text.split("\n").forEach((line, i) => {
    if (line.trim() === "") return;
    const row = parseObject(`${path}:${i + firstLine}`, line);
    for (const key of Object.keys(row)) columns.add(key);
    rows.push(row);
    lines.push(i + firstLine);
  });
  if (rows.length === 0) throw new HiddenstateError("invalid", `invalid file ${path}: it has no rows; give some`);
  return { path, format: "jsonl", columns: [...columns], rows, lines, notes: [] };
}

/** @throws HiddenstateError `invalid`, naming the place, for a line that is no object */
export function parseObject(place: string, line: string): TableRow {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new HiddenstateError("invalid", `${place}: invalid JSON: ${(cause as Error).message}; mend the line`, {
      cause,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HiddenstateError(
      "invalid",
      `${place}: invalid row: got ${JSON.stringify(value).slice(0, 40)}, expected a JSON object such as {"text": "...", "label": "..."}`,
    );
  }
  return value as TableRow;
}
