import { expect, test } from "vitest";
import { padRows, padTokens } from "./padding.ts";

test("tokens lie time-major, with padding beyond each end", () => {
  expect(padTokens([[5, 6, 7], [], [8]])).toEqual({
    steps: 3,
    batch: 3,
    lengths: [3, 0, 1],
    values: Int32Array.of(5, -1, 8, 6, -1, -1, 7, -1, -1),
  });
  expect(padTokens([[5], [6, 7]], -100).values).toEqual(Int32Array.of(5, 6, -100, 7));
  expect(padTokens([])).toEqual({ steps: 0, batch: 0, lengths: [], values: new Int32Array() });
});

test("rows of numbers lie time-major, with zeros beyond each end", () => {
  expect(padRows([[1, 2, 3, 4], [], [5, 6]], 2)).toEqual({
    steps: 2,
    batch: 3,
    lengths: [2, 0, 1],
    values: Float32Array.of(1, 2, 0, 0, 5, 6, 3, 4, 0, 0, 0, 0),
  });
});

test("half a row is refused", () => {
  expect(() => padRows([[1, 2], [1]], 2)).toThrow("mismatch in sequences[1]: got 1 numbers, expected whole rows of 2");
});
