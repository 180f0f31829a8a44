import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { baseOf, changesOf, type Difference, leadOf, scaleOf, valueOf } from "./preprocessing.ts";
import { regularSeries } from "../../data/series/regular-series.ts";
import { Random, randomKey } from "../../memory/random.ts";
import { choosePreprocessing } from "./choose-preprocessing.ts";

const differences: Difference[] = ["none", "first", "seasonal", "both"];

describe("changes by hand", () => {
  const values = [1, 2, 4, 8, 16, 32];

  test.each<[Difference, number[]]>([
    ["none", [1, 2, 4, 8, 16, 32]],
    ["first", [NaN, 1, 2, 4, 8, 16]],
    ["seasonal", [NaN, NaN, 3, 6, 12, 24]],
    ["both", [NaN, NaN, NaN, 3, 6, 12]],
  ])("%s", (difference, expected) => {
    const { changes } = changesOf(values, { log: false, difference, season: 2 });
    expect([...changes]).toEqual(expected);
    expect(changes.findIndex((change) => !Number.isNaN(change))).toBe(leadOf({ difference, season: 2 }));
  });

  test("the base of several steps ahead is the seasonal naive forecast, raised by the level's change over a season", () => {
    const levels = [10, 20, 13, 24];
    const at = (difference: Difference, ahead: number): number => baseOf(levels, 3, ahead, { difference, season: 2 });
    expect([1, 2, 3].map((ahead) => at("seasonal", ahead))).toEqual([13, 24, 13]);
    expect([1, 2, 3].map((ahead) => at("both", ahead))).toEqual([17, 28, 21]);
    expect(at("first", 3)).toBe(24);
  });

  test("a missing value is filled from the season before for what comes after, and has no change itself", () => {
    const { levels, changes } = changesOf([1, 2, NaN, 4], { log: false, difference: "seasonal", season: 2 });
    expect([...levels]).toEqual([1, 2, 1, 4]);
    expect([...changes]).toEqual([NaN, NaN, NaN, 2]);
  });
});

const series = fc.array(fc.oneof(fc.double({ min: 0.5, max: 100, noNaN: true }), fc.constant(NaN)), {
  minLength: 8,
  maxLength: 40,
});
const choice = fc.record({
  log: fc.boolean(),
  difference: fc.constantFrom(...differences),
  season: fc.integer({ min: 2, max: 4 }),
});

describe("whatever the series", () => {
  test("values come back from changes", () => {
    fc.assert(
      fc.property(series, choice, (values, preprocessing) => {
        const { levels, changes } = changesOf(values, preprocessing);
        values.forEach((value, t) => {
          if (Number.isNaN(changes[t])) return;
          expect(valueOf(baseOf(levels, t - 1, 1, preprocessing) + changes[t], preprocessing)).toBeCloseTo(value, 6);
        });
      }),
    );
  });

  test("altering what comes later alters no level and no change before", () => {
    fc.assert(
      fc.property(series, series, choice, fc.nat(), (values, others, preprocessing, at) => {
        const cut = 1 + (at % values.length);
        const before = changesOf(values, preprocessing);
        const after = changesOf([...values.slice(0, cut), ...others], preprocessing);
        for (const key of ["levels", "changes", "observed"] as const)
          expect([...after[key].subarray(0, cut)]).toEqual([...before[key].subarray(0, cut)]);
      }),
    );
  });
});

describe("what is chosen", () => {
  const random = new Random(randomKey(1, "test"));
  const made = (count: number, of: (t: number) => number, month = true) =>
    regularSeries({
      values: Array.from({ length: count }, (_, t) => of(t)),
      ...(month && { dates: Array.from({ length: count }, (_, t) => Date.UTC(2000, t)) }),
    });
  const wave = (t: number): number => Math.sin((2 * Math.PI * t) / 12);

  test("logarithm and seasonal differences for a growing season", () => {
    const growing = made(96, (t) => 100 * Math.exp(t / 80) * (1 + 0.3 * wave(t)) * Math.exp(0.02 * random.normal()));
    const { preprocessing, reasons } = choosePreprocessing([growing], {}, 1);
    expect(preprocessing).toMatchObject({ log: true, season: 12, scaling: "standard" });
    expect(["seasonal", "both"]).toContain(preprocessing.difference);
    expect(reasons.join("\n")).toContain("log: the values vary in proportion to their level");
  });

  test("first differences for a random walk, none for noise", () => {
    let sum = 0;
    const walk = made(200, () => (sum += random.normal()), false);
    expect(choosePreprocessing([walk], {}, 1).preprocessing).toMatchObject({ log: false, difference: "first" });
    const noise = made(200, () => 5 + random.normal(), false);
    expect(choosePreprocessing([noise], {}, 1).preprocessing).toMatchObject({ difference: "none", season: 1 });
  });

  test("scaling by window where the spread changes", () => {
    const loud = made(300, (t) => random.normal() * (t < 150 ? 1 : 30), false);
    expect(choosePreprocessing([loud], { difference: "none" }, 1).preprocessing.scaling).toBe("window");
  });

  test("what is asked for, where it is asked for", () => {
    const request = { log: false, difference: "first", season: 5, scaling: "window" } as const;
    const { preprocessing } = choosePreprocessing([made(96, (t) => 10 + wave(t))], request, 3);
    expect(preprocessing).toMatchObject(request);
    expect(preprocessing.growth).toHaveLength(3);
  });

  test("growth is how much farther values lie from their base: √h for a random walk", () => {
    let sum = 0;
    const walk = made(4000, () => (sum += random.normal()), false);
    const { growth } = choosePreprocessing([walk], { difference: "first" }, 9).preprocessing;
    expect(growth[0]).toBe(1);
    expect(growth[3]).toBeCloseTo(2, 0);
    expect(growth[8]).toBeCloseTo(3, 0);
  });
});

test("a scale is mean and standard deviation of what is there; of counts 1 + mean", () => {
  expect(scaleOf(Float64Array.of(2, NaN, 4))).toEqual({ centre: 3, spread: 1 });
  expect(scaleOf(Float64Array.of(2, NaN, 4), false)).toEqual({ centre: 0, spread: 4 });
});
