import { HiddenstateError } from "@hiddenstate/core";
import { isNumber } from "../../files/tables/cells.ts";
import { noRows } from "../../files/tables/delimited.ts";
import type { Table } from "../../files/tables/table.ts";
import { areTexts, type PairColumns, usualPair } from "./pair-columns.ts";

/** What the sides are called where no line names them. */
export const usualNames: PairColumns = { source: "source", target: "target" };

/** Endings of files whose lines are cut at tabs, where quotes are quotes and nothing else. */
export function holdsTabLines(path: string): boolean {
  return /\.(tsv|tab|txt)$/i.test(path);
}

/**
 * Parses lines of a source, a tab and a target. Quotes mean nothing, as in all text; empty lines are skipped. Columns after the second of a file
 * without names are not read: some collections keep there where a sentence is from.
 *
 * @param header whether the first line names the columns; default: if it has the usual names
 * @throws HiddenstateError `missing`, naming file and line, for a line without a tab; `mismatch` for fewer or more columns than there are names
 */
export function parseTabLines(path: string, text: string, header?: boolean): Table {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const numbers = [...lines.keys()].filter((i) => lines[i].trim() !== "");
  if (numbers.length === 0) throw new HiddenstateError("invalid", `invalid file ${path}: it has no pairs; give some`);
  const names = lines[numbers[0]].split("\t").map((name) => name.trim());
  const named = header ?? usualPair(names) !== null;
  const columns = named ? names : [usualNames.source, usualNames.target];
  if (named && numbers.length === 1) throw noRows(path, names);
  let more = 0;
  const rows = numbers.slice(named ? 1 : 0).map((i) => {
    const cells = lines[i].split("\t");
    if (cells.length === 1) throw withoutTab(path, i + 1, lines[i]);
    if (named && cells.length !== columns.length)
      throw new HiddenstateError(
        "mismatch",
        `${path}:${i + 1}: mismatch in columns: got ${cells.length}, expected ${columns.length}, as the first line has; mend the line`,
      );
    if (cells.length > columns.length) more++;
    return Object.fromEntries(columns.map((name, k) => [name, cells[k].trim()]));
  });
  const notes = more === 0 ? [] : [`${path}: what stands after a second tab is not read (${more} lines)`];
  return { path, format: "tsv", columns, rows, lines: numbers.slice(named ? 1 : 0).map((i) => i + 1), notes };
}

function withoutTab(path: string, line: number, text: string): HiddenstateError {
  return new HiddenstateError(
    "missing",
    `${path}:${line}: missing tab: got ${JSON.stringify(Array.from(text).slice(0, 40).join(""))}, expected a source, a tab and a target; mend the line`,
  );
}

/** Lines that may be wrong in what still looks like pairs: so many, or this share of them. They are told of when all is read. */
const most = { wrong: 2, share: 0.1 };

/**
 * Whether lines look like pairs: nearly all have one tab, sources are texts, and targets are either named, or texts that seldom recur (labels
 * and numbers do).
 */
export function looksLikePairs(lines: readonly string[]): boolean {
  const rows = lines.filter((line) => line.trim() !== "").map((line) => line.split("\t"));
  const pairs = rows.filter((cells) => cells.length === 2);
  const wrong = rows.length - pairs.length;
  if (pairs.length < 2 || wrong > Math.max(Math.min(most.wrong, pairs.length), most.share * rows.length)) return false;
  if (usualPair(rows[0]) !== null) return areTexts(pairs.slice(1).map(([source]) => source));
  const targets = pairs.map(([, target]) => target);
  const numbers = targets.filter(isNumber).length > targets.length / 2;
  return areTexts(pairs.map(([source]) => source)) && !numbers && new Set(targets).size > targets.length / 2;
}
