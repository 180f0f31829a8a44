import { expect, test } from "vitest";
import { expectClose } from "./golden.ts";

test("numbers within the tolerance pass, at any magnitude", () => {
  expectClose([1.0000019, 1e6 + 1, -Infinity], [1, 1e6, -Infinity], 1e-6);
});

test.each([
  ["a number off by more than the tolerance", [1.0000021], [1]],
  ["NaN where a number belongs", [NaN], [1]],
  ["a number where NaN belongs", [1], [NaN]],
  ["Infinity where a number belongs", [Infinity], [1]],
  ["too few numbers", [1], [1, 1]],
])("%s fails", (_, actual, expected) => {
  expect(() => expectClose(actual, expected, 1e-6)).toThrow("values: ");
});

test("a missing gradient fails", () => {
  expect(() => expectClose(null, [], 1)).toThrow("nothing there");
});

test("the worst place is named", () => {
  expect(() => expectClose([1, 3, 2], [1, 2, 2.5], 1e-3, "loss")).toThrow("loss: element 1 is 3, expected 2");
});
