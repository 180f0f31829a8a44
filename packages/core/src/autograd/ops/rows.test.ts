import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { integers, normal, weightedSum } from "../../../test/draws.ts";
import { expectClose } from "../../../test/golden.ts";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { checkGradients } from "../gradient-check.ts";
import { add, mul } from "./binary.ts";
import { embedding } from "./embedding.ts";
import { gatherRows } from "./gather-rows.ts";
import { linear } from "./linear.ts";
import { sum } from "./reduce.ts";

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("rows that are not gathered never leak, not even NaN", () => {
    const x = tensor([1, 2, NaN, NaN, 5, 6, NaN, NaN], [4, 2]);
    x.requiresGrad = true;
    const y = gatherRows(x, integers([2, -1, 0]), integers([2, -1, 0, -1]));
    expectClose(y, tensor([5, 6, 0, 0, 1, 2], [3, 2]), 0);
    sum(mul(y, tensor([1, 2, NaN, NaN, 3, 4], [3, 2]))).backward();
    expectClose(x.grad, tensor([3, 4, 0, 0, 1, 2, 0, 0], [4, 2]), 0);
  });

  test("the gradient of gathered rows adds to what is there", () => {
    const x = tensor([1, 2, 3], [3, 1]);
    x.requiresGrad = true;
    const rows = gatherRows(x, integers([1]), integers([-1, 0, -1]));
    add(sum(rows), sum(x)).backward();
    expectClose(x.grad, [1, 2, 1], 0);
  });

  test("an embedding's gradient is added up for repeated ids and zero for others, on every pass", () => {
    const weight = normal([4, 2]);
    weight.requiresGrad = true;
    const ids = integers([3, 1, 3, 3], [2, 2]);
    const ones = [0, 0, 1, 1, 0, 0, 3, 3];
    sum(embedding(weight, ids)).backward();
    expectClose(weight.grad, tensor(ones, [4, 2]), 0);
    sum(embedding(weight, ids)).backward();
    expectClose(
      weight.grad,
      ones.map((value) => 2 * value),
      0,
    );
  });

  test("an id past the last row is refused before a kernel follows it", () => {
    expect(() => embedding(normal([4, 2]), integers([3, 4]))).toThrow(/invalid ids\[1\]: got 4, expected at most 3/);
    expect(() => embedding(normal([4, 2]), integers([2 ** 31 - 1]))).toThrow(/invalid ids\[0\]/);
  });

  test("a negative id gives zeros", () => {
    const weight = tensor([1, 2, 3, 4], [2, 2]);
    expectClose(embedding(weight, integers([1, -1])), tensor([3, 4, 0, 0], [2, 2]), 0);
    expectClose(embedding(weight, integers([0], [])), tensor([1, 2]), 0);
    expect(embedding(weight, integers([], [0, 3])).shape).toEqual([0, 3, 2]);
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test("the gradient of an embedding is right, also when its weight is the output layer's", () => {
    const weight = normal([5, 3]);
    const ids = integers([4, 0, 4], [3]);
    checkGradients(() => weightedSum(embedding(weight, ids)), { weight });
    checkGradients(() => weightedSum(linear(embedding(weight, ids), weight, null)), { weight });
  });

  test("the gradient of gathered rows is right", () => {
    const x = normal([4, 3]);
    const [index, inverse] = [integers([3, -1, 0, 1]), integers([2, 3, -1, 0])];
    checkGradients(() => weightedSum(mul(gatherRows(x, index, inverse), x)), { x });
  });

  test("bad arguments are errors that say what was expected", () => {
    expect(() => embedding(normal([3]), integers([0]))).toThrow(
      "embedding: mismatch in weight: got [3], expected [V, E]",
    );
    expect(() => embedding(normal([3, 2]), normal([2]))).toThrow("embedding: invalid ids: got a tensor of dtype float");
    // @ts-expect-error plain numbers are for the module
    expect(() => embedding(normal([3, 2]), [0, 1])).toThrow("embedding: invalid ids: got [0, 1], expected a tensor");
    expect(() => gatherRows(normal([3, 2]), integers([0]), integers([0]))).toThrow(
      "gatherRows: mismatch in inverse: got 1 entries, expected 3",
    );
    expect(() => gatherRows(normal([3]), integers([0]), integers([0]))).toThrow("gatherRows: mismatch in x");
  });
});
