import { type CsvError, type Info, type Options, parse } from "csv-parse/sync";
import { HiddenstateError } from "@hiddenstate/core";
import { hasHeader } from "./header.ts";
import type { Table } from "./table.ts";

/** How a file of separated values is read. */
export interface DelimitedOptions {
  /** Default: a tab for `.tsv` and `.tab`; else the one of `,` `;` tab and `|` that cuts the first lines into equally many parts. */
  delimiter?: string | undefined;
  /** Whether the first row names the columns. Default: found out. */
  header?: boolean | undefined;
  /** Whether the text may end within a row, which is then left out. Default false. */
  cut?: boolean | undefined;
}

const candidates = [",", "\t", ";", "|"] as const;
const names: Record<string, string> = { ",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars" };

/** A row, and the line that it begins in. */
interface Parsed {
  record: string[];
  line: number;
}

/**
 * Parses separated values (RFC 4180: fields in quotes may have delimiters, line ends and doubled quotes). Empty lines are skipped.
 *
 * @throws HiddenstateError `invalid` or `mismatch`, naming file and line, for quotes that do not close, rows of another width than the first,
 *   and columns of the same name
 */
export function parseDelimited(path: string, text: string, options: DelimitedOptions = {}): Table {
  const given = options.delimiter ?? (/\.(tsv|tab)$/i.test(path) ? "\t" : undefined);
  const delimiter = given ?? findDelimiter(text);
  const parsed = parseRows(path, text.replace(/^\ufeff/, ""), delimiter, options.cut ?? false);
  const records = parsed.map(({ record }) => record);
  if (records.length === 0) throw new HiddenstateError("invalid", `invalid file ${path}: it has no rows; give some`);
  const header = options.header ?? hasHeader(records);
  const [first] = records;
  const columns = header ? first.map((name) => name.trim()) : first.map((_, i) => String(i + 1));
  if (header) checkColumns(path, columns);
  if (header && records.length === 1 && options.cut !== true) throw noRows(path, columns);
  const lines = parsed.map(({ line }) => line);
  const rows: Record<string, string>[] = [];
  for (let i = header ? 1 : 0; i < records.length; i++) {
    const record = records[i];
    if (record.length !== columns.length) throw widthError(path, lines[i], record.length, columns, header);
    rows.push(Object.fromEntries(columns.map((name, k) => [name, record[k]])));
  }
  const notes: string[] = [];
  const usual = /\.(tsv|tab)$/i.test(path) ? "\t" : ",";
  if (delimiter !== usual && options.delimiter === undefined)
    notes.push(`${path}: columns are separated by ${names[delimiter] ?? delimiter}`);
  if (!header && options.header === undefined)
    notes.push(`${path}: the first line is taken for data, not for names: columns are 1 to ${columns.length}`);
  return { path, format: delimiter === "\t" ? "tsv" : "csv", columns, rows, lines: lines.slice(header ? 1 : 0), notes };
}

/** Of a file of which only the first line is there. */
export function noRows(path: string, columns: readonly string[]): HiddenstateError {
  const listed = columns.map((name) => JSON.stringify(name)).join(", ");
  return new HiddenstateError(
    "invalid",
    `invalid file ${path}: it has names of columns (${listed}) and no rows below them; give some, or --header no if that line is a row`,
  );
}

function parseRows(path: string, text: string, delimiter: string, cut: boolean): Parsed[] {
  const bytes = Buffer.from(text);
  const lineAt = lineCounter(bytes);
  const settings: Options = { delimiter, info: true, relax_column_count: true, skip_empty_lines: true };
  try {
    const records = parse(bytes, settings) as unknown as { record: string[]; info: Info }[];
    // Each is told with where it ends; it begins after the one before.
    return records.map(({ record }, i) => ({ record, line: lineAt(i === 0 ? 0 : records[i - 1].info.bytes) }));
  } catch (fault) {
    const { code, bytes: before } = fault as CsvError & { bytes: number };
    if (cut && code === "CSV_QUOTE_NOT_CLOSED")
      return parseRows(path, bytes.subarray(0, before).toString(), delimiter, false);
    const reason =
      code === "CSV_QUOTE_NOT_CLOSED"
        ? "a quote opens here and is never closed; close it, or double it if it is part of the text"
        : "a quote stands within a field that does not begin with one; put the whole field in quotes and double those within";
    throw new HiddenstateError("invalid", `${path}:${lineAt(before)}: invalid quotes: ${reason}`, { cause: fault });
  }
}

/** Tells the line of what begins at a byte, or after the empty lines there; bytes must come in their order. */
function lineCounter(bytes: Uint8Array): (at: number) => number {
  let line = 1;
  let counted = 0;
  return (at) => {
    for (; counted < bytes.length; counted++) {
      const isEnd = bytes[counted] === 10;
      if (counted >= at && !isEnd && bytes[counted] !== 13) break;
      if (isEnd) line++;
    }
    return line;
  };
}

/** The delimiter that the first lines agree on: there most often, and as often in each. */
function findDelimiter(text: string): string {
  const lines = text.slice(0, 20_000).split(/\r?\n/).slice(0, 20).filter(Boolean);
  // The last one may be cut.
  if (lines.length > 1) lines.pop();
  const scores = candidates.map((candidate) => {
    // What is in quotes separates nothing.
    const counts = lines.map((line) => line.replaceAll(/"[^"]*"/g, "").split(candidate).length - 1);
    const least = Math.min(...counts);
    const agree = counts.filter((count) => count === counts[0]).length / counts.length;
    return { candidate, score: least === 0 ? 0 : agree + least / 1000 };
  });
  const best = scores.reduce((a, b) => (b.score > a.score ? b : a));
  return best.score > 0 ? best.candidate : ",";
}

function checkColumns(path: string, columns: readonly string[]): void {
  columns.forEach((name, i) => {
    const first = columns.indexOf(name);
    if (first === i) return;
    throw new HiddenstateError(
      "invalid",
      `${path}:1: invalid columns: ${name === "" ? "columns without a name" : JSON.stringify(name)} ` +
        `${name === "" ? "are" : "stands"} in columns ${first + 1} and ${i + 1}; give each column a name of its own`,
    );
  });
}

function widthError(path: string, line: number, got: number, columns: readonly string[], header: boolean): Error {
  const expected = `${columns.length}, as ${header ? "the header" : "the first line"} has`;
  return new HiddenstateError(
    "mismatch",
    `${path}:${line}: mismatch in columns: got ${got}, expected ${expected}; ` +
      "put fields that hold the delimiter in quotes, or mend the line",
  );
}
