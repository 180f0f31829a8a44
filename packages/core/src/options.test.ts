import { describe, expect, test } from "vitest";
import { nearest, type OptionRules, resolveOptions } from "./options.ts";

interface Options {
  size: number;
  rate?: number;
  bias?: boolean;
  cell?: string;
  name?: string;
  hook?: unknown;
}

const rules: OptionRules<Options> = {
  size: { type: "integer", min: 1, max: 10 },
  rate: { type: "number", above: 0, below: 1, default: 0.5 },
  bias: { type: "boolean", default: true },
  cell: { type: "choice", choices: ["lstm", "gru"], default: "lstm" },
  name: { type: "string", optional: true },
  hook: { type: "any", optional: true },
};

const resolve = (given: unknown): Options => resolveOptions("new Thing", given as Options, rules);

describe("options", () => {
  test("get their defaults, also where undefined is given", () => {
    expect(resolve({ size: 3 })).toEqual({ size: 3, rate: 0.5, bias: true, cell: "lstm" });
    expect(resolve({ size: 3, rate: undefined, name: undefined })).toEqual(resolve({ size: 3 }));
  });

  test("keep what is given, falsy values too", () => {
    const given = { size: 10, rate: 0.1, bias: false, cell: "gru", name: "", hook: resolve };
    expect(resolve(given)).toEqual(given);
    expect(resolve({ size: 1, hook: null })).toMatchObject({ hook: null });
  });

  test.each([
    [{ size: 0 }, "new Thing: invalid size: got 0, expected a whole number at least 1 and at most 10"],
    [{ size: 11 }, "invalid size: got 11"],
    [{ size: 1.5 }, "invalid size: got 1.5"],
    [{ size: "3" }, 'invalid size: got "3"'],
    [{ size: NaN }, "invalid size: got NaN"],
    [{ size: null }, "invalid size: got null"],
    [{ size: 1, rate: 0 }, "invalid rate: got 0, expected a number above 0 and below 1"],
    [{ size: 1, rate: 1 }, "invalid rate: got 1"],
    [{ size: 1, rate: Infinity }, "invalid rate: got Infinity"],
    [{ size: 1, bias: 1 }, "invalid bias: got 1, expected true or false"],
    [{ size: 1, cell: "LSTM" }, 'invalid cell: got "LSTM", expected one of lstm, gru'],
    [{ size: 1, name: 3 }, "invalid name: got 3, expected a string"],
  ])("%j is invalid", (given, message) => {
    expect(() => resolve(given)).toThrow(
      expect.objectContaining({ code: "invalid", message: expect.stringContaining(message) }),
    );
  });

  test("a missing one is named with what was expected", () => {
    expect(() => resolve({})).toThrow(
      expect.objectContaining({
        code: "missing",
        message: 'new Thing: missing option "size"; expected a whole number at least 1 and at most 10',
      }),
    );
  });

  test("an unknown one is named with the nearest known one, or all of them", () => {
    expect(() => resolve({ size: 1, bais: true })).toThrow(
      expect.objectContaining({ code: "unknown", message: 'new Thing: unknown option "bais"; did you mean "bias"?' }),
    );
    expect(() => resolve({ size: 1, zzzzzzzzzzz: true })).toThrow("the options are size, rate, bias, cell, name, hook");
    // What every object has is no option.
    expect(() => resolve({ size: 1, constructor: 5 })).toThrow('unknown option "constructor"');
  });

  test.each([null, 3, "size", undefined])("%j are none", (given) => {
    expect(() => resolve(given)).toThrow("new Thing: invalid options: got");
  });
});

test("the nearest name is found whatever its case, and none where none is near", () => {
  expect(nearest("hiddensize", ["inputSize", "hiddenSize"])).toBe("hiddenSize");
  expect(nearest("hiden", ["hidden", "hide"])).toBe("hidden");
  expect(nearest("x", ["batchSize"])).toBeUndefined();
  expect(nearest("anything", [])).toBeUndefined();
});
