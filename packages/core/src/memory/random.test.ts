import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { threefry2x32 } from "../kernels/threefry.ts";
import { Random, randomKey } from "./random.ts";

describe("Threefry-2x32-20", () => {
  // The known answers that come with the authors' Random123 library.
  test.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as const)("under key %j at counter %j is %j", (key, [counter0, counter1], expected) => {
    expect(threefry2x32(key, counter0, counter1)).toEqual(expected);
  });
});

describe("keys", () => {
  test("differ by seed, purpose, path and step, and by nothing else", () => {
    const keys = [
      randomKey(0, "init", "a", 0),
      randomKey(1, "init", "a", 0),
      randomKey(2 ** 32, "init", "a", 0),
      randomKey(0, "dropout", "a", 0),
      randomKey(0, "init", "b", 0),
      randomKey(0, "inita", "", 0),
      randomKey(0, "init", "a", 1),
      randomKey(0, "init", "a", 2 ** 32),
    ];
    expect(new Set(keys.map(String)).size).toBe(keys.length);
    expect(randomKey(0, "init", "a", 0)).toEqual(keys[0]);
  });

  test("do not collide in ten thousand names", () => {
    const keys = Array.from({ length: 10_000 }, (_, i) => String(randomKey(0, "init", `layers.${i}.weight`)));
    expect(new Set(keys).size).toBe(keys.length);
  });
});

function draw<T>(count: number, next: (random: Random) => T): T[] {
  const random = new Random(randomKey(3, "test"));
  return Array.from({ length: count }, () => next(random));
}

function moments(values: number[]): { mean: number; variance: number } {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return { mean, variance: values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length };
}

describe("draws", () => {
  test("uniform numbers lie between 0 and 1, evenly", () => {
    const values = draw(100_000, (random) => random.uniform());
    expect(values.every((value) => value > 0 && value < 1)).toBe(true);
    const { mean, variance } = moments(values);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.005);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.002);
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = values.filter((value) => Math.floor(value * 10) === tenth).length / values.length;
      expect(Math.abs(share - 0.1)).toBeLessThan(0.005);
    }
  });

  test("normal numbers have mean 0, variance 1 and the normal tails", () => {
    const values = draw(100_000, (random) => random.normal());
    const { mean, variance } = moments(values);
    expect(Math.abs(mean)).toBeLessThan(0.016);
    expect(Math.abs(variance - 1)).toBeLessThan(0.023);
    const beyond = values.filter((value) => Math.abs(value) > 1.959964).length / values.length;
    expect(Math.abs(beyond - 0.05)).toBeLessThan(0.0035);
  });

  test("whole numbers fill the range and stay in it", () => {
    const values = draw(1000, (random) => random.integer(7));
    expect(new Set(values)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  });

  test("go on from a position as if never interrupted, past 2^32 too", () => {
    for (const position of [0, 5, 2 ** 32 - 2]) {
      const random = new Random([1, 2], position);
      const values = Array.from({ length: 6 }, () => random.uniform());
      const resumed = new Random([1, 2], position + 3);
      expect(Array.from({ length: 3 }, () => resumed.uniform())).toEqual(values.slice(3));
      expect(new Set(values).size).toBe(6);
      expect(random.position).toBe(position + 6);
    }
  });

  test("a shuffle is a permutation, and leaves the original alone", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (items, seed) => {
        const before = [...items];
        const shuffled = new Random(randomKey(seed, "shuffle")).shuffled(items);
        expect(items).toEqual(before);
        expect(shuffled.toSorted((a, b) => a - b)).toEqual(before.toSorted((a, b) => a - b));
      }),
    );
  });

  test("every order of three comes up equally often", () => {
    const counts = new Map<string, number>();
    for (const order of draw(6000, (random) => random.shuffled("abc".split("")).join(""))) {
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted((a, b) => a.localeCompare(b))).toEqual([
      "abc",
      "acb",
      "bac",
      "bca",
      "cab",
      "cba",
    ]);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
