import { expect, test } from "vitest";
import { conveyor } from "./conveyor.ts";

/** The norms of a gradient that keeps so much in a step. */
const kept = (share: number): number[] => Array.from({ length: 101 }, (_, k) => share ** k);

/** Shares kept along c and along h for the biases 0 and 3, and what the gates' product keeps where it differs. */
function judged(low: [number, number], high: [number, number], { gates = low[0], lags = 100 } = {}): string {
  const flows = [
    { bias: 0, path: "along c", norms: kept(low[0]), gates: kept(gates) },
    { bias: 0, path: "along h", norms: kept(low[1]), gates: [] },
    { bias: 3, path: "along c", norms: kept(high[0]), gates: kept(high[0]) },
    { bias: 3, path: "along h", norms: kept(high[1]), gates: [] },
  ];
  return conveyor.judge({ lags, flows } as Parameters<typeof conveyor.judge>[0]).outcome;
}

test("holds if the gradient reaches twice as far along c, and further with the higher bias", () => {
  expect(judged([0.5, 0.2], [0.9, 0.2])).toBe("holds");
});

test("holds within limits if it does for one bias only, or a higher bias does not reach further", () => {
  expect(judged([0.5, 0.5], [0.9, 0.2])).toBe("holds within limits");
  expect(judged([0.9, 0.2], [0.5, 0.2])).toBe("holds within limits");
});

test("does not hold if it reaches no further along c, or is not what the forget gates leave", () => {
  expect(judged([0.5, 0.5], [0.9, 0.9])).toBe("does not hold here");
  expect(judged([0.5, 0.2], [0.9, 0.2], { gates: 0.6 })).toBe("does not hold here");
});

test("is undecided if the gradient was not followed far enough", () => {
  expect(judged([0.5, 0.2], [0.9, 0.2], { lags: 9 })).toBe("undecided");
});
