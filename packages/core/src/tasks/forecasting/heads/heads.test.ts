import { beforeAll, describe, expect, test } from "vitest";
import { checkGradients } from "../../../autograd/gradient-check.ts";
import { normal } from "../../../../test/draws.ts";
import { sum } from "../../../autograd/ops/reduce.ts";
import { exp } from "../../../autograd/ops/unary.ts";
import { engine } from "../../../engine.ts";
import { tensor } from "../../../memory/tensor.ts";
import type { Head } from "./head.ts";
import { headKinds, makeHead } from "./make-head.ts";
import { pointHead } from "./point.ts";
import { logGammaOf } from "./special-functions.ts";

beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

const levels = [0.1, 0.5, 0.9];
const heads = headKinds.map((kind) => ({ kind, head: makeHead(kind, { loss: "mse", levels }) }));

function lossOf(head: Head, raw: readonly number[], target: number, spread = 1): number {
  return head.loss(tensor(raw, [1, head.width]), tensor([target], [1, 1]), tensor([spread], [1, 1])).itemSync();
}

describe.each(heads)("the $kind head", ({ kind, head }) => {
  test("has the right gradients", () => {
    const raw = normal([6, head.width]);
    const target = exp(normal([6, 1]));
    const spread = exp(normal([6, 1]));
    checkGradients(() => sum(head.loss(raw, target, spread)), { raw });
  });

  test("has quantiles that do not fall", () => {
    const raw = [...normal([1, head.width]).exactDataSync()];
    const { quantile } = head.forecast(raw, 7);
    const values = [0.01, 0.1, 0.3, 0.5, 0.7, 0.95, 0.999].map(quantile);
    values.slice(1).forEach((value, i) => expect(value).toBeGreaterThanOrEqual(values[i]));
    expect(values.at(-1)! > values[0]).toBe(kind !== "point");
  });

  test("fits a sample: the loss is least near the sample's own parameters", () => {
    // At the initial biases every distribution is about the standard one, so moving the location away costs.
    const at = (shift: number): number =>
      lossOf(
        head,
        head.initialBias(1).with(Math.floor(head.width / 2) === 1 && kind === "quantile" ? 1 : 0, shift),
        kind === "negative-binomial" ? 1 : 0,
        20,
      );
    const best = kind === "negative-binomial" ? 0.5413 : 0;
    expect(at(best)).toBeLessThan(at(best + 2));
    expect(at(best)).toBeLessThan(at(best - 2));
  });
});

describe("losses by hand", () => {
  test("squared, absolute and Huber's errors", () => {
    expect(lossOf(pointHead("mse"), [1], 3)).toBeCloseTo(4, 12);
    expect(lossOf(pointHead("mae"), [1], -2)).toBeCloseTo(3, 12);
    expect(lossOf(pointHead("huber"), [1], 1.5)).toBeCloseTo(0.125, 12);
    expect(lossOf(pointHead("huber"), [1], -2)).toBeCloseTo(2.5, 12);
  });

  test("the normal distribution's density", () => {
    const head = makeHead("gaussian", { loss: "mse", levels });
    const sigma = Math.log(1 + Math.exp(0.3)) + 1e-3;
    const density = Math.exp(-0.5 * ((2 - 0.5) / sigma) ** 2) / (sigma * Math.sqrt(2 * Math.PI));
    expect(lossOf(head, [0.5, 0.3], 2)).toBeCloseTo(-Math.log(density), 10);
  });

  test("Student's density, by the gamma function", () => {
    const head = makeHead("student-t", { loss: "mse", levels });
    const [sigma, freedom] = [Math.LN2 + 1e-3, 2 + Math.LN2];
    const z = (2 - 0.5) / sigma;
    const density =
      Math.exp(logGammaOf((freedom + 1) / 2) - logGammaOf(freedom / 2)) /
      (Math.sqrt(freedom * Math.PI) * sigma) /
      (1 + (z * z) / freedom) ** ((freedom + 1) / 2);
    expect(lossOf(head, [0.5, 0, 0], 2)).toBeCloseTo(-Math.log(density), 7);
  });

  test("the negative binomial's probability of a count", () => {
    const head = makeHead("negative-binomial", { loss: "mse", levels });
    const spread = 4;
    const mean = spread * (Math.LN2 + 1e-6);
    const r = 1 / (Math.LN2 / 2 + 1e-3);
    const p = r / (r + mean);
    // Γ(3 + r) / (Γ(r) 3!) p^r (1 - p)³
    const probability = ((r * (r + 1) * (r + 2)) / 6) * p ** r * (1 - p) ** 3;
    expect(lossOf(head, [0, 0], 3 / spread, spread)).toBeCloseTo(-Math.log(probability), 6);
  });

  test("the pinball loss of quantiles -1, 0 and 1", () => {
    const head = makeHead("quantile", { loss: "mse", levels });
    const one = Math.log(Math.E - 1);
    // 2/3 (0.1 * 3 + 0.5 * 2 + 0.9 * 1)
    expect(lossOf(head, [one, 0, one], 2)).toBeCloseTo((2 / 3) * 2.2, 10);
    const { quantile } = head.forecast([one, 0, one], 1);
    expect(quantile(0.1)).toBeCloseTo(-1, 10);
    expect(quantile(0.9)).toBeCloseTo(1, 10);
  });
});

test("a negative binomial forecast counts in the series' unit", () => {
  const head = makeHead("negative-binomial", { loss: "mse", levels });
  const { point, quantile } = head.forecast([0.5413, 0.5413], 50);
  expect(point * 50).toBeCloseTo(50, 1);
  expect(Number.isInteger(Math.round(quantile(0.9) * 50 * 1e9) / 1e9)).toBe(true);
  expect(quantile(0.9) * 50).toBeGreaterThan(50);
});
