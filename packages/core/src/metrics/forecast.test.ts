import { describe, expect, test } from "vitest";
import {
  intervalCoverage,
  meanAbsoluteError,
  meanAbsoluteScaledError,
  naiveScale,
  pinball,
  rootMeanSquaredError,
  symmetricPercentageError,
  weightedQuantileLoss,
} from "./forecast.ts";

const actual = [10, 20, 30, 40];
const forecast = [12, 18, 33, 40];

describe("by hand", () => {
  test("errors 2, 2, 3, 0", () => {
    expect(meanAbsoluteError(actual, forecast)).toBe(7 / 4);
    expect(rootMeanSquaredError(actual, forecast)).toBeCloseTo(Math.sqrt(17 / 4), 12);
  });

  test("symmetric percentage errors 4/22, 4/38, 6/63 and 0", () => {
    const expected = (100 * (4 / 22 + 4 / 38 + 6 / 63 + 0)) / 4;
    expect(symmetricPercentageError(actual, forecast)).toBeCloseTo(expected, 12);
    expect(symmetricPercentageError([0, 1], [0, -1])).toBe(100);
  });

  test("naive steps 1, 3, 2 make the scale 2, seasonal ones 4 and 5 make 4.5", () => {
    expect(naiveScale([1, 2, 5, 7])).toBe(2);
    expect(naiveScale([1, 2, 5, 7], 2)).toBe(4.5);
    expect(meanAbsoluteScaledError(actual, forecast, 3.5)).toBe(0.5);
  });

  test("pinball loss weighs what is above by the level, what is below by the rest", () => {
    expect(pinball(2, 0.9)).toBeCloseTo(1.8, 12);
    expect(pinball(-2, 0.9)).toBeCloseTo(0.2, 12);
  });

  test("weighted quantile loss at 0.5 is the sum of errors over the sum of values", () => {
    expect(weightedQuantileLoss(actual, [{ level: 0.5, values: forecast }])).toBeCloseTo(7 / 100, 12);
    const two = [
      { level: 0.5, values: forecast },
      { level: 0.9, values: [12, 22, 32, 38] },
    ];
    // 2 (0.2 + 0.2 + 0.2 + 1.8) / 100
    expect(weightedQuantileLoss(actual, two)).toBeCloseTo((0.07 + 0.048) / 2, 12);
  });

  test("coverage counts the ends of an interval", () => {
    expect(intervalCoverage(actual, [10, 21, 25, 41], [11, 22, 30, 50])).toBe(0.5);
  });
});

test("missing actual values do not count", () => {
  const withGap = [10, NaN, 20, 30, 40];
  const around = [12, 1e9, 18, 33, 40];
  expect(meanAbsoluteError(withGap, around)).toBe(7 / 4);
  expect(intervalCoverage(withGap, around, around)).toBe(0.25);
  expect(naiveScale([1, NaN, 3, 6])).toBe(3);
  expect(meanAbsoluteError([NaN], [1])).toBeNaN();
});
