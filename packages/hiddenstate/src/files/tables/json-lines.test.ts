import { expect, test } from "vitest";
import { holdsJsonLines, parseJsonArray, parseJsonLines } from "./json-lines.ts";

test("columns are all keys in the order of their first occurrence, and empty lines are none", () => {
  const table = parseJsonLines("a.jsonl", '{"text":"one","n":1}\n\n{"label":"b","text":"two"}\n');
  expect(table).toMatchObject({ columns: ["text", "n", "label"], lines: [1, 3] });
  expect(table.rows[1]).toEqual({ label: "b", text: "two" });
});

test("a line that is no object is named", () => {
  expect(() => parseJsonLines("a.jsonl", '{"a":1}\n[1,2]\n')).toThrow("a.jsonl:2: invalid row: got [1,2]");
  expect(() => parseJsonLines("a.jsonl", '{"a":1}\n{"a":\n')).toThrow(/^a\.jsonl:2: invalid JSON: /);
  expect(() => parseJsonLines("a.jsonl", "\n")).toThrow("a.jsonl: it has no rows");
});

test("an array of objects has rows that are named by number", () => {
  expect(parseJsonArray("a.json", '[{"text": "one"}, {"n": 1}]')).toMatchObject({
    format: "json",
    columns: ["text", "n"],
    rows: [{ text: "one" }, { n: 1 }],
    lines: [1, 2],
  });
  expect(() => parseJsonArray("a.json", '[{"a": 1}, 2]')).toThrow("a.json, row 2: invalid row: got 2");
  expect(() => parseJsonArray("a.json", '[{"a": 1},')).toThrow(/^a\.json: invalid JSON: /);
});

test("lines of JSON begin with a whole object, and not with any brace", () => {
  expect(['\n{"a": 1}\nx', "{a}\tb\n", '{"a":\n1}', "[1]"].map((text) => holdsJsonLines(text))).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
