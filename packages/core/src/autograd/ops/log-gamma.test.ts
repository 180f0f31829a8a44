import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { normal, weightedSum } from "../../../test/draws.ts";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { checkGradients } from "../gradient-check.ts";
import { sum } from "./reduce.ts";
import { abs, softplus } from "./softplus.ts";
import { exp } from "./unary.ts";
import { logGamma } from "./log-gamma.ts";

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("ln Γ of whole and half numbers is known", () => {
    const known: [number, number][] = [
      [1, 0],
      [2, 0],
      [5, Math.log(24)],
      [0.5, 0.5 * Math.log(Math.PI)],
      [2.5, Math.log((3 / 4) * Math.sqrt(Math.PI))],
      [11, Math.log(3628800)],
      // NIST Handbook, Γ(0.1) = 9.51350769866873...
      [0.1, Math.log(9.513507698668732)],
    ];
    const got = logGamma(tensor(known.map(([x]) => x))).exactDataSync();
    known.forEach(([, value], i) => expect(Math.abs(got[i] - value)).toBeLessThan(2e-6));
  });

  test("softplus neither overflows nor loses the small", () => {
    const got = softplus(tensor([-100, -10, 0, 10, 1000])).dataSync();
    [0, Math.log1p(Math.exp(-10)), Math.LN2, 10 + Math.log1p(Math.exp(-10)), 1000].forEach((value, i) =>
      expect(Math.abs(got[i] - value)).toBeLessThan(1e-6 * (1 + value)),
    );
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test("ln Γ is exact to 1e-8", () => {
    const x = tensor([0.01, 0.3, 1.5, 7, 30, 1000]);
    // Γ(x + 1) = x Γ(x)
    const difference = [...logGamma(tensor([1.01, 1.3, 2.5, 8, 31, 1001])).exactDataSync()].map(
      (after, i) => after - logGamma(x).exactDataSync()[i],
    );
    x.exactDataSync().forEach((value, i) => expect(Math.abs(difference[i] - Math.log(value))).toBeLessThan(1e-8));
  });

  test("gradients are right", () => {
    const x = normal([3, 5]);
    checkGradients(() => weightedSum(logGamma(exp(x))), { x });
    checkGradients(() => weightedSum(softplus(x)), { x });
    checkGradients(() => weightedSum(abs(x)), { x });
  });

  test("the gradient of ln Γ at 1 is minus Euler's constant", () => {
    const x = tensor([1]);
    x.requiresGrad = true;
    sum(logGamma(x)).backward();
    expect(x.grad!.exactDataSync()[0]).toBeCloseTo(-0.5772156649, 7);
  });
});
