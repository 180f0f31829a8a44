import { isParquet, tableFormat, parseTable, type TableOptions } from "./read-table.ts";
import { readText } from "../read-text.ts";
import { beginsJsonArray, holdsJsonLines, jsonParts, parseJsonArray, parseJsonLines } from "./json-lines.ts";
import { readParquet } from "./parquet.ts";
import type { Table } from "./table.ts";

/** How to read what a model is asked about. */
export interface PartOptions extends TableOptions {
  /** The column that a line is, where a file is none of a table. */
  lineColumn: string;
  /** Columns of which one must stand in the first line of standard input for it to be CSV or TSV. */
  columns: readonly string[];
  /** Whether rows belong together, so that all of a file must be read at once. */
  whole: boolean;
  /**
   * Whether an empty line of text is a row too, with nothing but white space in it, so that there is a row for each line. Rows of tables have no
   * such lines. Default: it is skipped.
   */
  emptyLines?: boolean;
}

/** How errors name standard input. */
const standardInput = "standard input";

/**
 * Rows to ask a model about: of tables by their endings, or of other files a line each. Of standard input, which may be JSON, CSV, TSV or
 * lines of text, those rows come together that have arrived together, so that somebody who types is answered at once.
 *
 * @param paths files; none: standard input
 * @throws HiddenstateError naming the file and line
 */
export async function* tableParts(
  paths: readonly string[],
  input: AsyncIterable<Uint8Array | string>,
  options: PartOptions,
): AsyncGenerator<Table, void> {
  if (paths.length === 0) {
    yield* streamParts(input, options);
    return;
  }
  for (const path of paths) {
    if (isParquet(path)) {
      yield await readParquet(path);
      continue;
    }
    const text = await readText(path);
    const format = tableFormat(path, text);
    if (format === "jsonl") yield* jsonTables(path, text, 1, options);
    else if (format !== null) yield parseTable(path, text, options);
    else yield textLines(path, text, 1, options);
  }
}

/** What standard input may be. */
type Kind = "json" | "jsonl" | "delimited" | "lines";

async function* streamParts(
  input: AsyncIterable<Uint8Array | string>,
  options: PartOptions,
): AsyncGenerator<Table, void> {
  const decoder = new TextDecoder();
  let rest = "";
  let line = 1;
  let kind: Kind | null = null;
  const parse = (text: string): Iterable<Table> => {
    if (kind === "json") return [parseJsonArray(standardInput, text)];
    if (kind === "delimited") return [parseTable(standardInput, text, options)];
    return kind === "jsonl"
      ? jsonTables(standardInput, text, line, options)
      : [textLines(standardInput, text, line, options)];
  };
  const keepsEmpty = (): boolean => kind === "lines" && options.emptyLines === true;
  for await (const chunk of input) {
    rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const end = rest.lastIndexOf("\n") + 1;
    if (end === 0) continue;
    // Until something has come, nobody knows what it is.
    if (rest.trim() === "") continue;
    kind ??= kindOf(rest, options);
    // Rows in quotes may go on after a line's end, and an array is one value.
    if (kind === "json" || kind === "delimited" || options.whole) continue;
    const part = rest.slice(0, end);
    if (part.trim() !== "" || keepsEmpty()) yield* parse(part);
    line += part.split("\n").length - 1;
    rest = rest.slice(end);
  }
  rest += decoder.decode();
  kind ??= kindOf(rest, options);
  if (rest.trim() !== "" || (rest !== "" && keepsEmpty())) yield* parse(rest);
}

/** Rows that belong together are answered all or none. */
function jsonTables(path: string, text: string, line: number, { whole }: PartOptions): Iterable<Table> {
  return whole ? [parseJsonLines(path, text, line)] : jsonParts(path, text, line);
}

function kindOf(text: string, { columns, delimiter }: PartOptions): Kind {
  if (beginsJsonArray(text)) return "json";
  const first = text.trimStart().split(/\r?\n/, 1)[0];
  if (holdsJsonLines(text)) return "jsonl";
  const cells = first.split(delimiter ?? /[,;\t|]/).map((cell) => cell.trim().replaceAll(/^"|"$/g, ""));
  if (cells.some((cell) => columns.includes(cell))) return "delimited";
  // Where columns have no names but numbers, a line that has so many is a row.
  const numbers = columns.map(Number);
  const isNumbered = numbers.length > 0 && numbers.every((number) => Number.isInteger(number) && number > 0);
  return isNumbered && cells.length >= Math.max(...numbers) && cells.length > 1 ? "delimited" : "lines";
}

/** Lines of text as a table of one column. */
export function textLines(
  path: string,
  text: string,
  firstLine: number,
  { lineColumn: column, emptyLines = false }: Pick<PartOptions, "lineColumn" | "emptyLines">,
): Table {
  const lines: number[] = [];
  const rows: Record<string, string>[] = [];
  const found = text.replace(/^\ufeff/, "").split(/\r?\n/);
  // What ends with a line's end has no line after it.
  if (found.at(-1) === "") found.pop();
  found.forEach((line, i) => {
    if (line.trim() === "" && !emptyLines) return;
    rows.push({ [column]: line });
    lines.push(firstLine + i);
  });
  return { path, format: "lines", columns: [column], rows, lines, notes: [] };
}
