import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { normal, weightedSum } from "../../../test/draws.ts";
import { expectClose } from "../../../test/golden.ts";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { checkGradients } from "../gradient-check.ts";
import { mul } from "./binary.ts";
import { sum } from "./reduce.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { exp } from "./unary.ts";

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("each row sums to 1, and logSoftmax is its logarithm", () => {
    const x = normal([5, 19]);
    expectClose(sum(softmax(x), { axis: -1 }), [1, 1, 1, 1, 1], 1e-6);
    expectClose(exp(logSoftmax(x)), softmax(x), 1e-6);
  });

  test("an impossible class has probability 0", () => {
    const x = tensor([0, -Infinity, 0]);
    expectClose(softmax(x), [0.5, 0, 0.5], 1e-6);
    expectClose(logSoftmax(x), [-Math.LN2, -Infinity, -Math.LN2], 1e-6);
  });

  test("no rows are fine", () => {
    expect(softmax(tensor([], [0, 3])).shape).toEqual([0, 3]);
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test.each([[[4]], [[3, 5]], [[2, 2, 3]], [[3, 1]]])("the gradients for shape %j are right", (shape) => {
    const x = normal(shape);
    checkGradients(() => weightedSum(softmax(x)), { x });
    checkGradients(() => weightedSum(logSoftmax(x)), { x });
    checkGradients(() => weightedSum(mul(softmax(x), logSoftmax(x))), { x });
  });

  test("a scalar is refused", () => {
    expect(() => softmax(normal([]))).toThrow("softmax: invalid shape of x: got []");
  });
});
