import { expect, test } from "vitest";
import { columnStatistics } from "./standardisation.ts";

test("mean and deviation are of each column over all sequences", () => {
  const { mean, deviation } = columnStatistics(
    [
      [1, 10, 3, 10],
      [5, 16],
    ],
    2,
  );
  expect(mean).toEqual([3, 12]);
  expect(deviation[0]).toBeCloseTo(Math.sqrt(8 / 3), 14);
  expect(deviation[1]).toBeCloseTo(Math.sqrt(8), 14);
});

test("a column that never changes has deviation 0, whatever its value, and so has one that differs by rounding", () => {
  for (const value of [0.1, 1 / 3, -1e9 / 7, 0])
    expect(columnStatistics([Array.from({ length: 1001 }, () => value)], 1)).toEqual({ mean: [value], deviation: [0] });
  expect(columnStatistics([[0.3, 0.1 + 0.2]], 1).deviation).toEqual([0]);
});

test("small changes of a large number count", () => {
  const time = Date.UTC(2024, 0, 1);
  expect(columnStatistics([[time, time + 1000, time + 2000]], 1).deviation[0]).toBeCloseTo(1000 * Math.sqrt(2 / 3), 6);
});
