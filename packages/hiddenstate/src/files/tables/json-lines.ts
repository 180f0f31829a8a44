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

/**
 * The same, where what stands before a line that is no object is wanted first.
 *
 * @throws HiddenstateError as `parseJsonLines`, after what stands before
 */
export function* jsonParts(path: string, text: string, firstLine = 1): Generator<Table, void> {
  let table: Table;
  try {
    table = parseJsonLines(path, text, firstLine);
  } catch (fault) {
    const lines = text.split("\n");
    const good = lines.slice(
      0,
      lines.findIndex((line) => line.trim() !== "" && !isObject(line)),
    );
    if (good.some((line) => line.trim() !== "")) yield parseJsonLines(path, good.join("\n"), firstLine);
    throw fault;
  }
  yield table;
}

function isObject(line: string): boolean {
  try {
    return parseObject("", line) !== null;
  } catch {
    return false;
  }
}

/** Whether a text is lines of JSON: its first line is a whole object. A text may begin with a brace, too. */
export function holdsJsonLines(text: string): boolean {
  const [first] = text.trimStart().split("\n", 1);
  if (!first.startsWith("{")) return false;
  try {
    JSON.parse(first);
    return true;
  } catch {
    return false;
  }
}

/** Whether a text is an array of objects, as far as its beginning tells. */
export function beginsJsonArray(text: string): boolean {
  return /^\s*\[\s*\{/.test(text);
}

/**
 * Parses an array of objects. Rows have no lines of their own: errors name them by number.
 *
 * @throws HiddenstateError `invalid`, naming the file and, where it is one's fault, the row
 */
export function parseJsonArray(path: string, text: string): Table {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new HiddenstateError("invalid", `${path}: invalid JSON: ${reason}; expected an array of objects; mend it`, {
      cause,
    });
  }
  const rows = (values as unknown[]).map((value, i) => objectOf(`${path}, row ${i + 1}`, value));
  const columns = new Set(rows.flatMap((row) => Object.keys(row)));
  return { path, format: "json", columns: [...columns], rows, lines: rows.map((_, i) => i + 1), notes: [] };
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
  return objectOf(place, value);
}

function objectOf(place: string, value: unknown): TableRow {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HiddenstateError(
      "invalid",
      `${place}: invalid row: got ${JSON.stringify(value).slice(0, 40)}, expected a JSON object such as {"text": "...", "label": "..."}`,
    );
  }
  return value as TableRow;
}
