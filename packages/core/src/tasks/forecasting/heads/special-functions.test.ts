import { describe, expect, test } from "vitest";
import {
  incompleteBeta,
  logGammaOf,
  negativeBinomialCumulative,
  negativeBinomialQuantile,
  normalCumulative,
  normalQuantile,
  studentCumulative,
  studentQuantile,
} from "./special-functions.ts";

test("ln Γ of known numbers", () => {
  expect(logGammaOf(0.5)).toBeCloseTo(0.5 * Math.log(Math.PI), 13);
  expect(logGammaOf(11)).toBeCloseTo(Math.log(3628800), 12);
  expect(logGammaOf(0.1)).toBeCloseTo(2.252712651734206, 12);
});

test("the incomplete beta function where it is a polynomial", () => {
  // I_x(2, 3) = 6x² - 8x³ + 3x⁴
  for (const x of [0.1, 0.5, 0.9])
    expect(incompleteBeta(x, 2, 3)).toBeCloseTo(6 * x ** 2 - 8 * x ** 3 + 3 * x ** 4, 12);
});

describe("the normal distribution", () => {
  // Tables of the normal distribution, to 10 digits.
  test.each([
    [0, 0.5],
    [1, 0.8413447461],
    [1.959963984540054, 0.975],
    [-3, 0.001349898],
    [5, 0.9999997133],
  ])("is at most %d with probability %d", (x, p) => {
    expect(normalCumulative(x)).toBeCloseTo(p, 9);
    expect(normalQuantile(normalCumulative(x))).toBeCloseTo(x, 8);
  });
});

describe("Student's distribution", () => {
  // Tables of t: with 1 degree of freedom the Cauchy distribution, t_0.975(5), t_0.9(10).
  test.each([
    [1, 1, 0.75],
    [2.570581835636314, 5, 0.975],
    [1.372183641110336, 10, 0.9],
    [-2.570581835636314, 5, 0.025],
  ])("is at most %d with %d degrees of freedom with probability %d", (x, freedom, p) => {
    expect(studentCumulative(x, freedom)).toBeCloseTo(p, 9);
    expect(studentQuantile(p, freedom)).toBeCloseTo(x, 8);
  });
});

describe("the negative binomial distribution", () => {
  test("sums its probabilities", () => {
    const [mean, r] = [4, 2.5];
    const p = r / (r + mean);
    let [probability, sum] = [p ** r, 0];
    for (let k = 0; k < 20; k++) {
      sum += probability;
      expect(negativeBinomialCumulative(k, mean, r)).toBeCloseTo(sum, 11);
      probability *= ((k + r) / (k + 1)) * (1 - p);
    }
  });

  test("has for each probability the first count that reaches it", () => {
    for (const p of [0.01, 0.3, 0.5, 0.9, 0.999]) {
      const k = negativeBinomialQuantile(p, 30, 3);
      expect(negativeBinomialCumulative(k, 30, 3)).toBeGreaterThanOrEqual(p);
      expect(negativeBinomialCumulative(k - 1, 30, 3)).toBeLessThan(p);
    }
  });
});
