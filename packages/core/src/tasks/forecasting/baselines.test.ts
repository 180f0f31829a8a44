import { describe, expect, test } from "vitest";
import { baselineErrors, baselinesOf, filledForward } from "./baselines.ts";

const values = Float64Array.of(1, 4, 2, 5, 3, 6, 4, 7);

function baseline(name: string, end = 8): ReturnType<typeof baselinesOf>[number] {
  return baselinesOf(values, end, 2).find((each) => each.name === name)!;
}

describe("baselines by hand", () => {
  test("naive repeats the last value", () => {
    expect(baseline("naive").forecast(values, 4, 3)).toEqual([3, 3, 3]);
  });

  test("seasonal naive repeats the last season", () => {
    expect(baseline("seasonal naive").forecast(values, 4, 3)).toEqual([5, 3, 5]);
    expect(baselinesOf(values, 8, 1).map(({ name }) => name)).not.toContain("seasonal naive");
  });

  test("drift goes on by the mean step so far", () => {
    expect(baseline("drift").forecast(values, 4, 2)).toEqual([3.5, 4]);
  });

  test("an autoregression finds y_t = y_{t-2} + 1, and goes on from its own forecasts", () => {
    const long = Float64Array.from({ length: 40 }, (_, t) => (t % 2 === 0 ? 1 : 4) + Math.floor(t / 2));
    const fitted = baselinesOf(long, 30, 2).find(({ name }) => name === "autoregression")!;
    fitted.forecast(long, 31, 4).forEach((value, k) => expect(value).toBeCloseTo(long[32 + k], 6));
  });

  test("none reads what comes after the origin", () => {
    const altered = values.slice().fill(99, 5);
    for (const { forecast } of baselinesOf(values, 5, 2))
      expect(forecast(altered, 4, 3)).toEqual(forecast(values, 4, 3));
  });

  test("errors are those of the training part", () => {
    // From step 2 on, one ahead: 5-2, 3-5, 6-3, 4-6, 7-4.
    const errors = baselineErrors(baseline("naive"), values, 8, 1);
    expect(errors(1, 0)).toBe(-2);
    expect(errors(1, 0.5)).toBe(3);
    expect(errors(1, 1)).toBe(3);
  });
});

test("gaps are filled from before, leading ones from the first value", () => {
  expect([...filledForward(Float64Array.of(NaN, 2, NaN, 3))]).toEqual([2, 2, 2, 3]);
});
