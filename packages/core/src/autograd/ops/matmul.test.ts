import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { normal, weightedSum } from "../../../test/draws.ts";
import { expectClose } from "../../../test/golden.ts";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { checkGradients } from "../gradient-check.ts";
import { matmul } from "./matmul.ts";
import { sum } from "./reduce.ts";

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("no rows, no columns and no terms are fine", () => {
    expect(matmul(tensor([], [0, 3]), tensor([1, 2, 3], [3, 1])).shape).toEqual([0, 1]);
    expectClose(matmul(tensor([], [2, 0]), tensor([], [0, 2])), tensor([0, 0, 0, 0], [2, 2]), 0);
    const b = tensor([1, 2], [2, 1]);
    b.requiresGrad = true;
    sum(matmul(tensor([], [0, 1, 2]), b)).backward();
    expectClose(b.grad, tensor([0, 0], [2, 1]), 0);
  });

  test("a batch of none gives a shared factor a gradient of zero", () => {
    const b = tensor([1, 2], [1, 2, 1]);
    b.requiresGrad = true;
    sum(matmul(tensor([], [0, 1, 2]), b)).backward();
    expectClose(b.grad, tensor([0, 0], [1, 2, 1]), 0);
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test.each([
    [
      [2, 3],
      [3, 4],
    ],
    [
      [1, 1],
      [1, 1],
    ],
    [
      [2, 2, 3],
      [2, 3, 2],
    ],
    [
      [2, 2, 3],
      [3, 2],
    ],
    [
      [2, 3],
      [2, 3, 2],
    ],
    [
      [2, 1, 2, 3],
      [2, 3, 2],
    ],
    [
      [1, 2, 3],
      [4, 3, 2],
    ],
    [
      [3, 1, 2, 2],
      [1, 2, 2, 3],
    ],
  ])("the gradients of %j times %j are right", (shapeA, shapeB) => {
    const a = normal(shapeA, 1);
    const b = normal(shapeB, 2);
    checkGradients(() => weightedSum(matmul(a, b)), { a, b });
  });

  test("the gradient of a matrix times itself is right", () => {
    const x = normal([3, 3]);
    checkGradients(() => weightedSum(matmul(matmul(x, x), x)), { x });
  });

  test("shapes that do not fit are errors that name them", () => {
    expect(() => matmul(normal([2, 3]), normal([2, 3]))).toThrow("matmul: mismatch in shapes: got [2, 3] and [2, 3]");
    expect(() => matmul(normal([2, 2, 3]), normal([3, 3, 2]))).toThrow(expect.objectContaining({ code: "mismatch" }));
    expect(() => matmul(normal([2, 3]), normal([3]))).toThrow("matmul: invalid shape of b: got [3]");
  });
});
