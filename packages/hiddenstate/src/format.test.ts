import { expect, test } from "vitest";
import { count, describeBytes, describeTime, duration, shellWord, significant } from "./format.ts";

test("counts have their thousands separated", () => {
  expect(count(1_234_567.4)).toBe("1,234,567");
});

test("three significant digits, exponents only for extremes", () => {
  expect([0.01234, 1.234, 12.34, 123.4, 1234].map(significant)).toEqual(["0.0123", "1.23", "12.3", "123", "1234"]);
  expect([1e-7, 1e9, 0, NaN].map(significant)).toEqual(["1.00e-7", "1.00e+9", "0", "NaN"]);
});

test("durations read as a person says them", () => {
  expect([0, 45.4, 125, 12_000, Infinity].map(duration)).toEqual(["0s", "45s", "2m 05s", "3h 20m", "?"]);
});

test("short times and sizes have three digits and a unit that fits", () => {
  expect([45.2e-6, 1.234e-3, 12.3, Infinity].map(describeTime)).toEqual(["45.2 us", "1.23 ms", "12.3 s", "-"]);
  expect([512, 2050, 1_049_000, null].map(describeBytes)).toEqual(["512 B", "2.05 kB", "1.05 MB", "-"]);
});

test("words are quoted for the shell only where they must be", () => {
  expect(shellWord("runs/shakespeare")).toBe("runs/shakespeare");
  expect(shellWord("my text's.txt")).toBe(`'my text'\\''s.txt'`);
});
