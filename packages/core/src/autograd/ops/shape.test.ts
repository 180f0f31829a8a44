import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { integers, normal, weightedSum } from "../../../test/draws.ts";
import { expectClose } from "../../../test/golden.ts";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { checkGradients } from "../gradient-check.ts";
import { add, mul } from "./binary.ts";
import { concat } from "./concat.ts";
import { reshape } from "./reshape.ts";
import { slice } from "./slice.ts";
import { transpose } from "./transpose.ts";

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("one size of a reshape is worked out", () => {
    const x = normal([2, 3, 4]);
    expect(reshape(x, [-1]).shape).toEqual([24]);
    expect(reshape(x, [6, -1]).shape).toEqual([6, 4]);
    expect(reshape(x, [2, -1, 2, 2]).shape).toEqual([2, 3, 2, 2]);
    expect(reshape(tensor([], [0, 3]), [-1, 3]).shape).toEqual([0, 3]);
    expect(reshape(tensor([1], []), [1, 1]).shape).toEqual([1, 1]);
  });

  test("reshape and slices along axis 0 share memory, other slices do not", () => {
    const x = tensor([1, 2, 3, 4], [2, 2]);
    const views = [reshape(x, [4]), slice(x, { start: 1 }), slice(x, { axis: 1, start: 1 })];
    x.assign([5, 6, 7, 8]);
    expectClose(views[0], [5, 6, 7, 8], 0);
    expectClose(views[1], tensor([7, 8], [1, 2]), 0);
    expectClose(views[2], tensor([2, 4], [2, 1]), 0);
  });

  test("a view keeps the memory alive when the tensor it looks at ends", () => {
    const part = engine.scope(() => slice(tensor([1, 2, 3, 4], [2, 2]), { start: 1 }));
    normal([4]);
    expectClose(part, tensor([3, 4], [1, 2]), 0);
  });

  test("negative starts and ends count from the back, and a slice may be empty", () => {
    const x = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
    expectClose(slice(x, { axis: -1, start: -2, end: -1 }), tensor([2, 5], [2, 1]), 0);
    expectClose(slice(x, { start: -1 }), tensor([4, 5, 6], [1, 3]), 0);
    expect(slice(x, { axis: 1, start: 3 }).shape).toEqual([2, 0]);
    expect(slice(x, {}).shape).toEqual([2, 3]);
  });

  test("whole numbers can be reshaped and cut along axis 0", () => {
    const ids = integers([1, -2, 3, -100], [2, 2]);
    expectClose(slice(ids, { start: 1 }), [3, -100], 0);
    expectClose(reshape(ids, [4]), [1, -2, 3, -100], 0);
    expect(() => slice(ids, { axis: 1, end: 1 })).toThrow("slice: unsupported axis 1 for an int32 tensor");
  });

  test("transpose without axes turns the order round", () => {
    expectClose(transpose(tensor([1, 2, 3, 4, 5, 6], [2, 3])), tensor([1, 4, 2, 5, 3, 6], [3, 2]), 0);
    expect(transpose(normal([2, 3, 4, 5])).shape).toEqual([5, 4, 3, 2]);
    expect(transpose(normal([])).shape).toEqual([]);
  });

  test("slices of all parts joined again are the whole", () => {
    const x = normal([3, 4, 5]);
    for (const axis of [0, 1, 2]) {
      const parts = [
        { axis, end: 1 },
        { axis, start: 1, end: 1 },
        { axis, start: 1 },
      ].map((part) => slice(x, part));
      expectClose(concat(parts, axis), x, 0);
    }
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test("the gradient of reshape is right", () => {
    const x = normal([2, 3, 4]);
    checkGradients(() => weightedSum(mul(reshape(x, [4, 6]), reshape(x, [-1, 6]))), { x });
  });

  test.each([[[2, 0, 1, 3]], [[3, 2, 1, 0]], [[0, 2, 1, 3]], [[0, 1, 2, 3]], [[-1, 0, 1, 2]]])(
    "the gradient of transpose by %j is right",
    (axes) => {
      const x = normal([2, 3, 2, 2]);
      checkGradients(() => weightedSum(mul(transpose(x, axes), transpose(x, axes))), { x });
    },
  );

  test.each([0, 1, 2])("the gradient of overlapping slices along axis %i is right", (axis) => {
    const x = normal([4, 4, 4]);
    checkGradients(
      () =>
        weightedSum(
          add(slice(x, { axis, start: 1, end: 3 }), mul(slice(x, { axis, end: 2 }), slice(x, { axis, end: 2 }))),
        ),
      { x },
    );
  });

  test.each([0, 1, 2])("the gradients of concat along axis %i are right, a part used twice too", (axis) => {
    const a = normal([2, 3, 2], 1);
    const b = normal([2, 3, 2].with(axis, 1), 2);
    checkGradients(() => weightedSum(concat([a, b, a], axis)), { a, b });
  });

  test("an element outside of every slice has gradient 0", () => {
    const x = normal([3, 2]);
    x.requiresGrad = true;
    weightedSum(slice(x, { start: 1, end: 2 })).backward();
    expect(Array.from(x.grad!.dataSync()).map((value) => value === 0)).toEqual([true, true, false, false, true, true]);
  });

  test("bad arguments are errors that say what was expected", () => {
    const x = normal([2, 3]);
    expect(() => reshape(x, [4, 2])).toThrow("reshape: mismatch in shape: got [4, 2] for 6 elements (shape [2, 3])");
    expect(() => reshape(x, [4, -1])).toThrow("reshape: mismatch in shape: got [4, -1]");
    expect(() => reshape(x, [-1, -1])).toThrow("reshape: invalid shape");
    expect(() => reshape(x, [1, 1, 1, 1, 1, 2, 3])).toThrow("at most 6");
    expect(() => transpose(x, [0])).toThrow("transpose: invalid axes: got [0], expected each of the 2 axes");
    expect(() => transpose(x, [0, 0])).toThrow("transpose: invalid axes");
    expect(() => transpose(x, [0, 2])).toThrow("transpose: invalid axis: got 2");
    expect(() => slice(x, { axis: 1, start: 2, end: 1 })).toThrow(
      "slice: invalid range: got 2 to 1, expected 0 <= start",
    );
    expect(() => slice(x, { end: 3 })).toThrow("slice: invalid range: got 0 to 3");
    expect(() => concat([])).toThrow("concat: invalid parts");
    expect(() => concat([x, normal([3, 3])], 1)).toThrow("concat: mismatch in parts[1]: got [3, 3]");
    expect(() => concat([normal([])])).toThrow("concat: invalid axis: got 0, expected no axis for shape []");
  });
});
