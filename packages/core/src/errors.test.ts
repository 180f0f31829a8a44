import { expect, test } from "vitest";
import { HiddenstateError, shown } from "./errors.ts";

test("an error has a code, a name and its cause", () => {
  const cause = new Error("below");
  const error = new HiddenstateError("corrupt", "load: corrupt file", { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ code: "corrupt", name: "HiddenstateError", message: "load: corrupt file", cause });
});

test.each([
  [[2, 3], "[2, 3]"],
  [[[1], "a"], '[[1], "a"]'],
  [Array.from({ length: 9 }, () => 0), "an array of 9"],
  [new Float32Array(3), "Float32Array of 12 bytes"],
  ["text", '"text"'],
  ["x".repeat(50), `"${"x".repeat(40)}..."`],
  [{ a: 1 }, "Object"],
  [Object.create(null), "an object"],
  [new Map(), "Map"],
  [null, "null"],
  [undefined, "undefined"],
  [NaN, "NaN"],
  [true, "true"],
  [10n, "10"],
  [Symbol("s"), "Symbol(s)"],
  [function named(): void {}, "function named"],
  [(() => () => {})(), "a function"],
])("%o is shown short", (value, text) => {
  expect(shown(value)).toBe(text);
});
