import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { integers, normal, weightedSum } from "../../../test/draws.ts";
import { expectClose } from "../../../test/golden.ts";
import { engine } from "../../engine.ts";
import { randomKey } from "../../memory/random.ts";
import { ones, tensor } from "../../memory/tensor.ts";
import { checkGradients } from "../gradient-check.ts";
import { mul } from "./binary.ts";
import { dropout } from "./dropout.ts";
import { sum } from "./reduce.ts";
import { slice } from "./slice.ts";

const key = randomKey(7, "dropout", "test", 3);

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("the share dropped is the rate, and the rest is scaled up by 1 / (1 - rate)", () => {
    const y = dropout(ones([50, 20, 101]), 0.3, key, null, 20).exactDataSync();
    const kept = y.filter((value) => value !== 0);
    expectClose(
      kept,
      kept.map(() => 1 / 0.7),
      1e-6,
    );
    // Five standard deviations of a binomial share.
    expect(Math.abs(1 - kept.length / y.length - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / y.length));
  });

  test("the gradient goes through the same mask", () => {
    const x = ones([6, 9]);
    x.requiresGrad = true;
    const y = dropout(x, 0.5, key, null, 3);
    sum(y).backward();
    expectClose(x.grad, y, 0);
  });

  test("the mask depends on the key, and on nothing that was drawn before", () => {
    const x = ones([4, 16]);
    const first = dropout(x, 0.5, key, null, 4);
    const other = dropout(x, 0.5, randomKey(7, "dropout", "test", 4), null, 4);
    expectClose(dropout(x, 0.5, key, null, 4), first, 0);
    expect(other.dataSync()).not.toEqual(first.dataSync());
  });

  test("rows given by batch row and time get the mask that they have in the whole batch", () => {
    const whole = dropout(ones([3, 2, 7]), 0.5, key, null, 2);
    const packed = dropout(ones([2, 7]), 0.5, key, integers([1, 2, 0, 1], [2, 2]), 2);
    expectClose(slice(packed, { end: 1 }).dataSync(), whole.dataSync().subarray(35, 42), 0);
    expectClose(slice(packed, { start: 1 }).dataSync(), whole.dataSync().subarray(14, 21), 0);
  });

  test("rate 0 changes nothing, and a dropped NaN is gone", () => {
    const x = normal([2, 3]);
    expect(dropout(x, 0, key, null, 2)).toBe(x);
    const kept = dropout(ones([1, 64]), 0.5, key, null, 1).dataSync();
    const y = dropout(
      tensor(
        kept.map((value) => (value === 0 ? NaN : 1)),
        [1, 64],
      ),
      0.5,
      key,
      null,
      1,
    );
    expectClose(y, kept, 0);
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test("the gradient is right, with and without row ids, for x used twice", () => {
    const x = normal([4, 5]);
    const rowIds = integers([3, 0, 1, 0, 3, 1, 0, 9], [4, 2]);
    checkGradients(() => weightedSum(mul(dropout(x, 0.4, key, null, 2), x)), { x });
    checkGradients(() => weightedSum(mul(dropout(x, 0.4, key, rowIds, 2), x)), { x });
  });

  test("a rate of almost 1 drops everything, not nothing", () => {
    expectClose(dropout(ones([2, 8]), 1 - 2 ** -40, key, null, 2), new Float64Array(16), 0);
  });

  test("bad arguments are errors that say what was expected", () => {
    const x = normal([4, 5]);
    for (const rate of [1, -0.1, NaN]) {
      expect(() => dropout(x, rate, key, null, 2)).toThrow(
        `dropout: invalid rate: got ${rate}, expected a number from 0 to below 1`,
      );
    }
    expect(() => dropout(x, 0.5, key, integers([1, 2], [1, 2]), 2)).toThrow(
      "dropout: mismatch in rowIds: got [1, 2], expected [4, 2]",
    );
    expect(() => dropout(x, 0.5, key, null, 0)).toThrow("dropout: invalid batch: got 0");
  });
});
