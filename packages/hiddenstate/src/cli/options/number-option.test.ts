import { expect, test } from "vitest";
import type { NumberRange } from "../../tasks/task-option.ts";
import { numberOption } from "./number-option.ts";

const parse = (text: string, range: NumberRange): unknown =>
  numberOption("--hidden <size>", "", range).parseArg!(text, undefined);

test("numbers in range are taken, in any usual notation", () => {
  expect(parse("256", { whole: true, min: 1 })).toBe(256);
  expect(parse("1e-3", { above: 0 })).toBe(0.001);
  expect(parse(".5", { min: 0, below: 1 })).toBe(0.5);
  expect(parse("2e3", { whole: true })).toBe(2000);
});

test.each(["many", "", " ", "0x10", "1,000", "Infinity", "NaN", "12px", "--lr"])("%j is not a number", (text) => {
  expect(() => parse(text, {})).toThrow(`invalid --hidden: got ${JSON.stringify(text)}, expected a number`);
});

test("a number out of range is answered with the range", () => {
  expect(() => parse("0", { whole: true, min: 1 })).toThrow(
    'invalid --hidden: got "0", expected a whole number at least 1',
  );
  expect(() => parse("2.5", { whole: true })).toThrow("expected a whole number");
  expect(() => parse("1", { min: 0, below: 1 })).toThrow('got "1", expected a number at least 0 and below 1');
  expect(() => parse("9007199254740993", { whole: true })).toThrow("expected a whole number");
});
