import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { engine } from "../engine.ts";
import { empty, full, ones, tensor, zeros } from "./tensor.ts";

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("numbers go in and come out", async () => {
    expect(await tensor([1, 2.5, -3], [3, 1]).data()).toEqual(Float32Array.of(1, 2.5, -3));
    expect(await tensor(Float64Array.of(1, 2), [2]).data()).toEqual(Float32Array.of(1, 2));
    expect(tensor([4, -100], [2], { dtype: "int32" }).dataSync()).toEqual(Float32Array.of(4, -100));
    expect(() => zeros([1e9, 1e9])).toThrow("out of memory: a tensor of shape [1000000000, 1000000000]");
    expect(zeros([2]).dataSync()).toEqual(Float32Array.of(0, 0));
    expect(ones([1, 2]).dataSync()).toEqual(Float32Array.of(1, 1));
    expect(full([2], 7).dataSync()).toEqual(Float32Array.of(7, 7));
  });

  test("data is a copy", () => {
    const x = tensor([1, 2]);
    const copy = x.dataSync();
    copy[0] = 9;
    x.assign([3, 4]);
    expect(copy).toEqual(Float32Array.of(9, 2));
    expect(x.dataSync()).toEqual(Float32Array.of(3, 4));
  });

  test("numbers that are to be made later are made once, when they are first used", () => {
    let made = 0;
    const later = () =>
      empty([2]).fillLater(() => {
        made++;
        return [1, 2];
      });
    const x = later();
    expect(made).toBe(0);
    expect(x.dataSync()).toEqual(Float32Array.of(1, 2));
    expect(x.dataSync()).toEqual(Float32Array.of(1, 2));
    const y = later();
    expect(y.view([1], 1).dataSync()).toEqual(Float32Array.of(2));
    expect(made).toBe(2);
    const z = later();
    z.assign([5, 6]);
    expect(z.dataSync()).toEqual(Float32Array.of(5, 6));
    expect(made).toBe(2);
  });

  test("numbers survive when the heap grows", () => {
    const x = tensor([1, 2, 3]);
    zeros([12 * 2 ** 20]).end();
    expect(x.dataSync()).toEqual(Float32Array.of(1, 2, 3));
  });

  test("item is the one number", async () => {
    expect(await tensor([5], [1, 1]).item()).toBe(5);
    expect(await tensor([5], []).item()).toBe(5);
    expect(tensor([-7], [1], { dtype: "int32" }).itemSync()).toBe(-7);
    await expect(tensor([1, 2]).item()).rejects.toThrow("tensor.item: invalid shape: got [2], expected one element");
  });

  test("a shape array that is changed later changes no tensor", () => {
    const shape = [1, 2];
    const x = tensor([1, 2], shape);
    shape[0] = 5;
    expect(x.shape).toEqual([1, 2]);
  });

  test("an empty tensor has no numbers", () => {
    expect(tensor([], [0, 3]).dataSync()).toEqual(new Float32Array(0));
  });

  test("detach shares memory and is off the tape", () => {
    const x = tensor([1, 2]);
    x.requiresGrad = true;
    const detached = x.detach();
    x.assign([3, 4]);
    expect(detached.requiresGrad).toBe(false);
    expect(detached.dataSync()).toEqual(Float32Array.of(3, 4));
  });
});

describe("bad arguments", () => {
  beforeAll(() => engine.init({ backend: "reference" }));

  test("a count that does not fit the shape", () => {
    expect(() => tensor([1, 2, 3], [2, 2])).toThrow(
      "tensor: mismatch in values: got 3 numbers, expected 4 for shape [2, 2]",
    );
    expect(() => tensor([1, 2]).assign([1])).toThrow(
      "tensor.assign: mismatch in values: got 1 numbers, expected 2 (shape [2])",
    );
  });

  test.each([[[-1]], [[1.5]], [[NaN]], [[1, 1, 1, 1, 1, 1, 1]], [["2"]]])("the shape %j is none", (shape) => {
    expect(() => zeros(shape as number[])).toThrow("invalid shape: got");
  });

  test("a shape that is no array", () => {
    // @ts-expect-error a number is no shape
    expect(() => zeros(3)).toThrow("full: invalid shape: got 3, expected an array of at most 6 whole numbers");
  });

  test("nested arrays", () => {
    // @ts-expect-error nested
    expect(() => tensor([[1, 2]])).toThrow(
      "tensor: invalid values: got [1, 2] at 0, expected numbers in one flat array",
    );
  });

  test("what is no number, wherever it stands", () => {
    // @ts-expect-error nested
    expect(() => tensor([1, [2, 3]])).toThrow("tensor: invalid values: got [2, 3] at 1, expected numbers");
    // @ts-expect-error undefined
    expect(() => zeros([2]).assign([1, undefined])).toThrow("tensor.assign: invalid values: got undefined at 1");
    // @ts-expect-error 64 bits
    expect(() => tensor(BigInt64Array.of(1n))).toThrow("tensor: invalid values: got 1 at 0");
    expect(tensor([NaN, 1]).dataSync()).toEqual(Float32Array.of(NaN, 1));
  });

  test("what is no whole number in an int32 tensor", () => {
    expect(() => tensor([1, 0.5], [2], { dtype: "int32" })).toThrow(
      "tensor: invalid values: got 0.5 at 1, expected whole numbers",
    );
    expect(() => tensor([2 ** 31], [1], { dtype: "int32" })).toThrow("got 2147483648 at 0");
    expect(() => tensor([1], [1], { dtype: "int32" }).assign([NaN])).toThrow(
      "tensor.assign: invalid values: got NaN at 0",
    );
  });

  test("an unknown dtype or option", () => {
    // @ts-expect-error no such dtype
    expect(() => tensor([1], [1], { dtype: "int" })).toThrow(
      'tensor: invalid dtype: got "int", expected one of float, int32',
    );
    // @ts-expect-error no such option
    expect(() => tensor([1], [1], { type: "int32" })).toThrow('tensor: unknown option "type"');
  });

  test("more memory than there is names the shape and what to do", () => {
    expect(() => zeros([2 ** 20, 2 ** 20])).toThrow(
      expect.objectContaining({
        code: "out-of-memory",
        message: expect.stringContaining("a tensor of shape [1048576, 1048576] asked for 4194304 MB"),
      }),
    );
    expect(zeros([2]).dataSync()).toEqual(Float32Array.of(0, 0));
  });
});
