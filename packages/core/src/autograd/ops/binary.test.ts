import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { normal, weightedSum } from "../../../test/draws.ts";
import { expectClose } from "../../../test/golden.ts";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { checkGradients } from "../gradient-check.ts";
import { add, div, mul, sub } from "./binary.ts";
import { sum } from "./reduce.ts";
import { exp } from "./unary.ts";

const operations = { add, sub, mul, div };

const shapePairs: [number[], number[]][] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [[3], [2, 3]],
  [
    [2, 3],
    [2, 1],
  ],
  [
    [1, 3],
    [2, 1],
  ],
  [[2, 3], []],
  [[], [2, 3]],
  [[], []],
  [[1], [1, 1]],
  [
    [2, 1, 3, 1],
    [4, 1, 2],
  ],
  [
    [3, 1, 2, 1, 2],
    [1, 2, 1, 3, 1],
  ],
  [
    [2, 1, 2, 1, 2, 1],
    [1, 2, 1, 2, 1, 2],
  ],
];

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("shapes broadcast as in NumPy", () => {
    const column = tensor([1, 2, 3], [3, 1]);
    const row = tensor([10, 20], [2]);
    expectClose(add(column, row), tensor([11, 21, 12, 22, 13, 23], [3, 2]), 0);
    expectClose(sub(row, column), tensor([9, 19, 8, 18, 7, 17], [3, 2]), 0);
    expectClose(mul(column, row), tensor([10, 20, 20, 40, 30, 60], [3, 2]), 0);
    expectClose(div(row, column), tensor([10, 20, 5, 10, 10 / 3, 20 / 3], [3, 2]), 1e-6);
  });

  test("either argument may be a number", () => {
    const x = tensor([1, 2, 4]);
    expectClose(add(x, 1), tensor([2, 3, 5]), 0);
    expectClose(sub(1, x), tensor([0, -1, -3]), 0);
    expectClose(div(1, x), tensor([1, 0.5, 0.25]), 0);
    expectClose(mul(2, 3), tensor([6], []), 0);
  });

  test("division by zero is JavaScript's", () => {
    expectClose(div(tensor([1, -1, 0]), 0), [Infinity, -Infinity, NaN], 0);
  });

  test("an empty array stays empty, and its gradient reaches what was broadcast as zero", () => {
    const nothing = tensor([], [0, 2]);
    const row = tensor([1, 2]);
    row.requiresGrad = true;
    const y = mul(nothing, row);
    expect(y.shape).toEqual([0, 2]);
    sum(y).backward();
    expectClose(row.grad, [0, 0], 0);
  });

  test("a tensor used on both sides gets both gradients", () => {
    const x = tensor([3, -2]);
    x.requiresGrad = true;
    sum(mul(x, x)).backward();
    expectClose(x.grad, [6, -4], 0);
    sum(sub(x, x)).backward();
    expectClose(x.grad, [6, -4], 0);
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  for (const [name, operation] of Object.entries(operations)) {
    test.each(shapePairs)(`the gradients of ${name} of %j and %j are right`, (shapeA, shapeB) => {
      const a = normal(shapeA, 1);
      const b = exp(normal(shapeB, 2));
      checkGradients(() => weightedSum(operation(a, b)), { a, b });
    });

    test(`the gradients of ${name} with a number are right on both sides`, () => {
      const x = exp(normal([2, 3]));
      checkGradients(() => weightedSum(operation(operation(x, 1.5), operation(-2.5, x))), { x });
    });

    test(`the gradients of ${name} of a tensor with itself are right`, () => {
      const x = exp(normal([2, 3]));
      checkGradients(() => weightedSum(operation(operation(x, x), x)), { x });
    });
  }

  test("shapes that do not broadcast are an error that names them", () => {
    expect(() => add(normal([2, 3]), normal([4]))).toThrow("add: mismatch in shapes: got [2, 3] and [4]");
    expect(() => mul(normal([2, 3]), normal([3, 2]))).toThrow(expect.objectContaining({ code: "mismatch" }));
  });

  test("what is no tensor and no number is an error", () => {
    // @ts-expect-error an array is no tensor
    expect(() => add(normal([2]), [1, 2])).toThrow("add: invalid b: got [1, 2], expected a tensor");
    expect(() => div(normal([2]), NaN)).toThrow("div: invalid b: got NaN");
    expect(() => sub(tensor([1], [1], { dtype: "int32" }), 1)).toThrow("sub: invalid a: got a tensor of dtype int32");
  });
});
