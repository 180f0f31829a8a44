import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { normal, weightedSum } from "../../../test/draws.ts";
import { expectClose } from "../../../test/golden.ts";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { checkGradients } from "../gradient-check.ts";
import { add, mul } from "./binary.ts";
import { sum } from "./reduce.ts";
import { exp, log, relu, sigmoid, tanh } from "./unary.ts";

const operations = { tanh, sigmoid, relu, exp };

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("values at the ends are the limits", () => {
    const ends = tensor([-Infinity, -200, 0, 200, Infinity]);
    expectClose(tanh(ends), [-1, -1, 0, 1, 1], 0);
    expectClose(sigmoid(ends), [0, 0, 0.5, 1, 1], 1e-30);
    expectClose(relu(ends), [0, 0, 0, 200, Infinity], 0);
    expectClose(log(tensor([0, 1, Infinity])), [-Infinity, 0, Infinity], 0);
    expectClose(exp(tensor([-Infinity, 0, Infinity])), [0, 1, Infinity], 0);
  });

  test("NaN stays NaN", () => {
    const x = tensor([NaN]);
    for (const operation of [tanh, sigmoid, relu, exp, log])
      expect(operation(x).dataSync()).toEqual(Float32Array.of(NaN));
  });

  test("relu has gradient 0 at 0", () => {
    const x = tensor([-1, 0, 1]);
    x.requiresGrad = true;
    sum(relu(x)).backward();
    expectClose(x.grad, [0, 0, 1], 0);
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  for (const [name, operation] of Object.entries(operations)) {
    test(`the gradient of ${name} is right`, () => {
      const x = normal([3, 5]);
      checkGradients(() => weightedSum(operation(x)), { x });
    });

    test(`the gradient of ${name} is right for a tensor used three times`, () => {
      const x = normal([4]);
      checkGradients(() => weightedSum(add(mul(operation(x), x), operation(mul(x, 0.5)))), { x });
    });
  }

  test("the gradient of log is right", () => {
    const x = exp(normal([3, 5]));
    checkGradients(() => weightedSum(log(x)), { x });
  });

  test("whole numbers are refused", () => {
    expect(() => tanh(tensor([1], [1], { dtype: "int32" }))).toThrow("tanh: invalid x: got a tensor of dtype int32");
  });
});
