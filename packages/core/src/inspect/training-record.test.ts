import { describe, expect, test } from "vitest";
import { quantile } from "../metrics/quantile.ts";
import { trainingRecord } from "./training-record.ts";

const reading = (
  step: number,
  gradientNorm: number,
  clipped: number,
  more: object = {},
): { type: string; step: number; gradientNorm: number; clipped: number } => ({
  type: "step",
  step,
  gradientNorm,
  clipped,
  ...more,
});

describe("a training's record", () => {
  const record = trainingRecord([
    reading(10, 2, 1, { largestGradientNorm: 9, updateRatio: 4e-3, updateRatios: { a: 1e-3, b: 8e-3 } }),
    { type: "evaluation" },
    reading(20, 1, 0.5, { updateRatio: 2e-3, updateRatios: { a: 1e-3, b: 4e-3 } }),
    reading(24, 0.5, 0),
  ])!;

  test("has the norms' distribution and the largest single one", () => {
    expect(record).toMatchObject({ steps: 24, readings: 3 });
    expect(record.gradientNorm.median).toBe(1);
    expect(record.gradientNorm.low).toBeCloseTo(0.6, 12);
    expect(record.gradientNorm.high).toBeCloseTo(1.8, 12);
    expect(record.gradientNorm.largest).toBe(9);
  });

  test("counts clipped steps, not readings", () => {
    expect(record.clipped).toBeCloseTo((10 + 10 * 0.5) / 24, 12);
    expect(record.clippedLately).toBe(0);
  });

  test("has the ratios of updates where they were recorded", () => {
    expect(record.updateRatio?.median).toBeCloseTo(3e-3, 12);
    expect(record.updateRatios.a).toBeCloseTo(1e-3, 12);
    expect(record.updateRatios.b).toBeCloseTo(6e-3, 12);
    expect(record.course.map(({ updateRatio }) => updateRatio)).toEqual([4e-3, 2e-3, null]);
  });

  test("of a run before ratios were recorded has none", () => {
    const old = trainingRecord([reading(10, 2, 0)])!;
    expect(old).toMatchObject({ updateRatio: null, updateRatios: {}, gradientNorm: { largest: 2 } });
  });

  test("of nothing is null", () => {
    expect(trainingRecord([])).toBe(null);
    expect(trainingRecord([{ type: "evaluation" }])).toBe(null);
  });
});

test("quantiles lie between neighbours", () => {
  expect(quantile([1, 2, 4], 0.5)).toBe(2);
  expect(quantile([1, 2, 4], 0.75)).toBe(3);
  expect(quantile([1, 2, Infinity], 0.5)).toBe(2);
});
