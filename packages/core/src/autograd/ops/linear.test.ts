import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { normal, weightedSum } from "../../../test/draws.ts";
import { expectClose } from "../../../test/golden.ts";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { checkGradients } from "../gradient-check.ts";
import { add } from "./binary.ts";
import { linear } from "./linear.ts";
import { transpose } from "./transpose.ts";
import { tanh } from "./unary.ts";

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("a changed weight is packed again", () => {
    const x = tensor([1, 2], [1, 2]);
    const weight = tensor([1, 0, 0, 1], [2, 2]);
    expectClose(linear(x, weight, null), [1, 2], 0);
    weight.assign([0, 1, 1, 0]);
    expectClose(linear(x, weight, null), [2, 1], 0);
  });

  test("a weight first used inside a scope that it outlives can be used again", () => {
    const weight = tensor([1, 0, 0, 1], [2, 2]);
    const x = tensor([1, 2], [1, 2]);
    weight.requiresGrad = x.requiresGrad = true;
    for (let i = 0; i < 2; i++) engine.scope(() => weightedSum(linear(x, weight, null)).backward());
    expectClose(linear(x, weight, null), [1, 2], 0);
    expect(x.grad!.ended).toBe(false);
  });

  test("a row alone gives the same bits as among others", () => {
    const weight = normal([37, 19], 1);
    const bias = normal([37], 2);
    const x = normal([9, 19], 3);
    const all = linear(x, weight, bias).exactDataSync();
    for (let row = 0; row < 9; row++) {
      const alone = linear(tensor(x.exactDataSync().subarray(row * 19, row * 19 + 19), [1, 19]), weight, bias);
      expectClose(alone.exactDataSync(), all.subarray(row * 37, row * 37 + 37), 0);
    }
  });

  test("no rows and no inputs are fine", () => {
    expect(linear(tensor([], [0, 3]), normal([2, 3]), null).shape).toEqual([0, 2]);
    expectClose(
      linear(tensor([], [2, 0]), tensor([], [3, 0]), tensor([1, 2, 3])),
      tensor([1, 2, 3, 1, 2, 3], [2, 3]),
      0,
    );
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test.each([[[3]], [[2, 3]], [[2, 2, 3]], [[1, 3]]])("the gradients for x %j are right", (shape) => {
    const [x, weight, bias] = [normal(shape, 1), normal([4, 3], 2), normal([4], 3)];
    checkGradients(() => weightedSum(linear(x, weight, bias)), { x, weight, bias });
    checkGradients(() => weightedSum(linear(x, weight, null)), { x, weight });
  });

  test("the gradients of a weight used twice, and of one that was computed, are right", () => {
    const [x, weight, bias] = [normal([2, 3], 1), normal([3, 3], 2), normal([3], 3)];
    checkGradients(() => weightedSum(linear(tanh(linear(x, weight, bias)), weight, bias)), { x, weight, bias });
    checkGradients(() => weightedSum(add(linear(x, tanh(weight), bias), linear(x, transpose(weight), null))), {
      x,
      weight,
    });
  });

  test("sizes that do not fit are errors that name them", () => {
    const weight = normal([4, 3]);
    expect(() => linear(normal([2, 4]), weight, null)).toThrow(
      "linear: mismatch in x: got [2, 4], expected [.., 3] for a weight of shape [4, 3]",
    );
    expect(() => linear(normal([2, 3]), weight, normal([3]))).toThrow(
      "linear: mismatch in bias: got [3], expected [4]",
    );
    expect(() => linear(normal([2, 3]), normal([3]), null)).toThrow(
      "linear: mismatch in weight: got [3], expected [O, I]",
    );
    expect(() => linear(normal([]), weight, null)).toThrow("linear: mismatch in x: got []");
  });
});
