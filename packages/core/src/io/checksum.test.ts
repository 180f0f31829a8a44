import { expect, test } from "vitest";
import { type Checkable, checksumOf } from "./checksum.ts";

test("the checksum of data changes with each number, text, name and length, and with where one ends", () => {
  const different: Checkable[] = [
    [{ input: "ab", target: 1 }],
    [{ input: "ab", target: 2 }],
    [{ input: "ac", target: 1 }],
    [{ source: "ab", target: 1 }],
    [{ input: "ab" }, { target: 1 }],
    ["ab", "c"],
    ["a", "bc"],
    ["abc"],
    ["é".repeat(400), "a"],
    ["é".repeat(400), "b"],
    ["é".repeat(400) + "a"],
    [[1], [2, 3]],
    [[1, 2], [3]],
    [Int32Array.of(1, 2)],
    [Int32Array.of(1), Int32Array.of(2)],
    [Float64Array.of(NaN)],
    [Float64Array.of(0)],
    [-0],
    [0],
    null,
  ];
  expect(new Set(different.map((data) => checksumOf(data))).size).toBe(different.length);
  expect(checksumOf([{ input: "ab", target: 1 }])).toBe(checksumOf([{ input: "ab", target: 1 }]));
});
