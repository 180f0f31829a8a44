import { expect, test } from "vitest";
import { truncation } from "./truncation.ts";

/** Cosines of the windows 20, 50 and 200 on text and on recall. */
function judged(text: number[], recall: number[], sumError = 1e-7): string {
  const sizes = [20, 50, 200];
  const windows = [...text, ...recall].map((one, i) => ({
    source: i < 3 ? ("text" as const) : ("delayed recall" as const),
    window: sizes[i % 3],
    cosines: [one, one],
    ratio: 1,
  }));
  const costs = sizes.map((window) => ({ window, millisecondsPer1000Tokens: 1, activationBytes: window }));
  return truncation.judge({ lag: 60, sumError: [sumError, 0], windows, costs }).outcome;
}

test("holds if windows from 50 steps on give the direction of the full gradient", () => {
  expect(judged([0.9, 0.96, 1], [0.5, 0.97, 1])).toBe("holds");
});

test("holds within limits if they do on text only", () => {
  expect(judged([0.9, 0.96, 1], [0.5, 0.8, 1])).toBe("holds within limits");
});

test("does not hold if no shorter window does, or the time steps do not sum up to the gradient", () => {
  expect(judged([0.9, 0.9, 1], [1, 1, 1])).toBe("does not hold here");
  expect(judged([1, 1, 1], [1, 1, 1], 0.01)).toBe("does not hold here");
});

test("is undecided if the gradient vanished", () => {
  expect(judged([1, 1, 1], [NaN, NaN, NaN])).toBe("undecided");
});
