import { expect, test } from "vitest";
import { parseJsonLines } from "./json-lines.ts";

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
