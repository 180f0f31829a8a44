import { expect, test } from "vitest";
import { cosine, deviation, mean, median, slope } from "./statistics.ts";

test("median, mean and deviation are those computed by hand", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(mean([1, 2, 6])).toBe(3);
  expect(deviation([1, 2, 6])).toBeCloseTo(Math.sqrt(7), 14);
  expect(deviation([5])).toBe(0);
});

test("the slope of a straight line is its own, and errors to both sides cancel", () => {
  expect(slope([1, 2, 5], [3, 1, -5])).toBeCloseTo(-2, 14);
  expect(slope([0, 1, 2, 3], [0, 1.1, 1.9, 3])).toBeCloseTo(0.98, 14);
});

test("the cosine is 1 in one direction, 0 at right angles, whatever the lengths", () => {
  expect(cosine([1, 2], [2, 4])).toBeCloseTo(1, 14);
  expect(cosine([1, 0], [0, 5])).toBe(0);
  expect(cosine([1, 1], [-1, -1])).toBeCloseTo(-1, 14);
});
