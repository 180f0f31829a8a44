import { isNumber } from "./cells.ts";

/** Names that columns have and values hardly ever. */
const usual =
  /^(text|sentence|name|title|review|message|comment|content|document|input|label|labels|class|category|target|language|sentiment|tag|y|x|id|key|group|date|time|timestamp|value|source|translation)$/i;

/**
 * Whether the first row of a table names its columns: names are unique, not empty and no numbers, and they are usual ones, or stand over
 * numbers, or do not occur again in a column whose values recur.
 */
export function hasHeader(records: readonly (readonly string[])[]): boolean {
  const [first, ...others] = records;
  if (new Set(first).size < first.length && !first.some((cell) => usual.test(cell.trim()))) return false;
  if (first.some((cell) => isNumber(cell))) return false;
  if (first.some((cell) => usual.test(cell.trim()))) return true;
  if (first.some((cell) => cell.trim() === "")) return true;
  const rows = others.slice(0, 1000);
  return first.every((name, column) => {
    const values = rows.map((row) => row[column] ?? "");
    return !values.includes(name);
  });
}
