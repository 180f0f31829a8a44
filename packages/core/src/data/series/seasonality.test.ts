import { describe, expect, test } from "vitest";
import { Random, randomKey } from "../../memory/random.ts";
import { cyclesOf, wavesOf, writeCalendar } from "./calendar.ts";
import { day, hour } from "./frequency.ts";
import { possibleSeasons, seasonalStrength, strongestSeason } from "./seasonality.ts";
import { isMultiplicative, kpss, kpssCritical } from "./stationarity.ts";

function noise(count: number, seed = 0): Float64Array {
  const random = new Random(randomKey(seed, "test"));
  return Float64Array.from({ length: count }, () => random.normal());
}

describe("seasons", () => {
  const weekly = noise(210).map((value, t) => 10 * Math.sin((2 * Math.PI * t) / 7) + 0.1 * t + value);

  test("of a wave in noise are found without dates", () => {
    expect(strongestSeason(weekly, possibleSeasons(weekly, null)).season).toBe(7);
    expect(seasonalStrength(weekly, 7)).toBeGreaterThan(0.9);
  });

  test("of noise and of a random walk are weak", () => {
    let sum = 0;
    const walk = noise(210).map((value) => (sum += value));
    for (const values of [noise(210), walk]) expect(seasonalStrength(values, 7)).toBeLessThan(0.3);
  });

  test("are those of the dates' frequency, where the series is long enough", () => {
    expect(possibleSeasons(new Float64Array(100), { unit: "month", step: 1 })).toEqual([12]);
    expect(possibleSeasons(new Float64Array(30), { unit: "month", step: 1 })).toEqual([]);
    expect(possibleSeasons(new Float64Array(1000), { unit: "millisecond", step: hour })).toEqual([24, 168]);
    expect(possibleSeasons(new Float64Array(1000), { unit: "millisecond", step: day })).toEqual([7]);
  });
});

describe("drift", () => {
  test("shows in a random walk and a trend, not in noise or a wave", () => {
    let sum = 0;
    const walk = noise(300, 1).map((value) => (sum += value));
    const trend = noise(300).map((value, t) => value + 0.02 * t);
    const wave = noise(300).map((value, t) => value + 3 * Math.sin(t / 5));
    for (const values of [walk, trend]) expect(kpss(values)).toBeGreaterThan(kpssCritical);
    for (const values of [noise(300), wave]) expect(kpss(values)).toBeLessThan(kpssCritical);
    expect(kpss(new Float64Array(20).fill(4))).toBe(0);
  });

  test("KPSS of 1 2 3 4, by hand", () => {
    // Deviations -1.5 -0.5 0.5 1.5; partial sums -1.5 -2 -1.5 0; variance 1.25, no lags: 8.5 / (16 * 1.25).
    expect(kpss(Float64Array.of(1, 2, 3, 4))).toBeCloseTo(8.5 / 20, 12);
  });
});

describe("the logarithm", () => {
  const level = (t: number): number => 100 * Math.exp(t / 60);
  const wave = (t: number): number => Math.sin((2 * Math.PI * t) / 12);

  test("is for what varies in proportion to its level", () => {
    const values = Float64Array.from({ length: 120 }, (_, t) => level(t) * (1 + 0.2 * wave(t)));
    expect(isMultiplicative(values, 12)).toBe(true);
  });

  test("is neither for what varies evenly, nor for what is not positive", () => {
    const even = Float64Array.from({ length: 120 }, (_, t) => 100 + t + 20 * wave(t));
    expect(isMultiplicative(even, 12)).toBe(false);
    expect(
      isMultiplicative(
        Float64Array.from({ length: 120 }, (_, t) => level(t) * wave(t)),
        12,
      ),
    ).toBe(false);
  });
});

describe("the calendar", () => {
  test("offers what the frequency can show", () => {
    expect(cyclesOf({ unit: "month", step: 1 })).toEqual(["year"]);
    expect(cyclesOf({ unit: "month", step: 12 })).toEqual([]);
    expect(cyclesOf({ unit: "millisecond", step: 7 * day })).toEqual(["year"]);
    expect(cyclesOf({ unit: "millisecond", step: day })).toEqual(["year", "week"]);
    expect(cyclesOf({ unit: "weekday", step: 1 })).toEqual(["year", "week"]);
    expect(cyclesOf({ unit: "millisecond", step: hour })).toEqual(["year", "week", "day"]);
  });

  test("has no wave that the dates could not tell from another", () => {
    const orders = (step: number): number[] => wavesOf(["year"], { unit: "month", step }).map(({ order }) => order);
    expect(orders(1)).toEqual([1, 2]);
    expect(orders(3)).toEqual([1]);
  });

  test("comes round", () => {
    const waves = wavesOf(["year", "week", "day"], { unit: "millisecond", step: hour });
    const at = (text: string): number[] => {
      const out = new Float64Array(2 * waves.length);
      writeCalendar(Date.parse(text), waves, out, 0);
      return [...out];
    };
    // New Year's Day, a Monday, midnight: each wave starts.
    expect(at("2024-01-01T00:00Z")).toEqual(waves.flatMap(() => [0, 1]));
    expect(at("2024-01-01T06:00Z").slice(-8, -6).map(Math.round)).toEqual([1, 0]);
    expect(at("1968-01-01T00:00Z").slice(4, 10)).toEqual([0, 1, 0, 1, 0, 1]);
  });
});
