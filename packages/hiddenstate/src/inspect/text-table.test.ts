import { expect, test } from "vitest";
import { textHistogram, textTable, wrapSentence } from "./text-table.ts";

test("a table's first column is flush left, the others flush right", () => {
  expect(
    textTable([
      ["k", "1", "10"],
      ["loss", "2.5", "−1"],
    ]),
  ).toEqual(["k       1  10", "loss  2.5  −1"]);
});

test("a histogram's bars are as high as their bins are full, and whatever is there shows", () => {
  const values = [...Array<number>(80).fill(0.05), ...Array<number>(40).fill(0.35), 0.95, 1];
  expect(textHistogram(values, [0, 1])).toBe("█  ▄     ▁");
  expect(textHistogram([], [0, 1], 3)).toBe("   ");
});

test("a sentence goes on in the next line, set in", () => {
  expect(wrapSentence("one two three four", 9)).toEqual(["one two", "  three", "  four"]);
  expect(wrapSentence("short", 9)).toEqual(["short"]);
});
