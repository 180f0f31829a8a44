import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { normal, weightedSum } from "../../../test/draws.ts";
import { expectClose } from "../../../test/golden.ts";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { checkGradients } from "../gradient-check.ts";
import { mul } from "./binary.ts";
import { mean, sum } from "./reduce.ts";

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("several axes at once, negative ones from the back", () => {
    const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    expectClose(sum(x, { axis: [0, -1] }), tensor([14, 22]), 0);
    expectClose(sum(x, { axis: [0, 2], keepDims: true }), tensor([14, 22], [1, 2, 1]), 0);
    expectClose(mean(x, { axis: [1, 2] }), tensor([2.5, 6.5]), 0);
    expectClose(sum(x, { keepDims: true }), tensor([36], [1, 1, 1]), 0);
    expectClose(sum(x, { axis: [] }), x, 0);
  });

  test("a scalar is its own sum and mean", () => {
    expectClose(sum(tensor([3], [])), tensor([3], []), 0);
    expectClose(mean(tensor([3], [])), tensor([3], []), 0);
  });

  test("the sum of nothing is 0, the mean NaN", () => {
    expectClose(sum(tensor([], [0, 3])), tensor([0], []), 0);
    expectClose(sum(tensor([], [0, 3]), { axis: 0 }), tensor([0, 0, 0]), 0);
    expectClose(mean(tensor([], [0, 3])), tensor([NaN], []), 0);
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test.each([null, 0, 1, 2, -1, [0, 1], [1, 2], [0, 2], [0, 1, 2], []])(
    "the gradients along axis %j are right",
    (axis) => {
      const x = normal([2, 3, 4]);
      checkGradients(() => weightedSum(mul(sum(x, { axis }), mean(x, { axis }))), { x });
      checkGradients(() => weightedSum(mul(x, sum(x, { axis, keepDims: true }))), { x });
    },
  );

  test("bad options are errors", () => {
    expect(() => sum(normal([2, 3]), { axis: 2 })).toThrow(
      "sum: invalid axis: got 2, expected a whole number from -2 to 1",
    );
    expect(() => mean(normal([2, 3]), { axis: [1, -1] })).toThrow("expected each axis once");
    // @ts-expect-error NumPy's spelling
    expect(() => sum(normal([2]), { keepdims: true })).toThrow(
      'sum: unknown option "keepdims"; did you mean "keepDims"?',
    );
  });
});
