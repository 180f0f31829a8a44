import { expect, test } from "vitest";
import { wrapWords } from "./wrap-words.ts";

test("a text is cut between words, and a word that is too long has a line for itself", () => {
  expect(wrapWords("one two three four", 9)).toEqual(["one two", "three", "four"]);
  expect(wrapWords("a memorable b", 5)).toEqual(["a", "memorable", "b"]);
  expect(wrapWords("short", 9)).toEqual(["short"]);
});

test("what goes on is set in, within the same width", () => {
  expect(wrapWords("one two three four", 9, "  ")).toEqual(["one two", "  three", "  four"]);
});
