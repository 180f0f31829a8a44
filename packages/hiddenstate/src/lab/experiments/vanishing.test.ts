import { expect, test } from "vitest";
import { vanishing } from "./vanishing.ts";

/** A decay whose slope is off the logarithm of the radius by so much. */
const decay = (nonlinearity: "linear" | "tanh", radius: number, off: number) => ({
  nonlinearity,
  radius,
  slopes: [Math.log(radius) + off, Math.log(radius) + off],
  norms: [1],
});

function judged(linear: number, tanh: number, lags = 60): string {
  const decays = [decay("linear", 0.9, linear), decay("tanh", 0.9, 0), decay("tanh", 1.2, tanh)];
  return vanishing.judge({ fitFrom: 20, lags, decays }).outcome;
}

test("holds if all slopes are within the tolerance", () => {
  expect(judged(0.01, -0.019)).toBe("holds");
});

test("holds within limits if tanh falls short of the radius", () => {
  expect(judged(0.01, -0.2)).toBe("holds within limits");
});

test("does not hold if the linear network is off, or tanh grows faster than the radius", () => {
  expect(judged(-0.03, 0)).toBe("does not hold here");
  expect(judged(0, 0.03)).toBe("does not hold here");
});

test("is undecided if too few lags were fitted", () => {
  expect(judged(0, 0, 25)).toBe("undecided");
});
