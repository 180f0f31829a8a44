import { describe, expect, test } from "vitest";
import { dateOfStep, regularSeries, seriesUntil } from "./regular-series.ts";
import { showDate } from "./dates.ts";
import type { DateRepairs, Series } from "./series.ts";

const gap: Series = { id: "s", values: [3, 4, 5, 6], dates: ["2024-01", "2024-02", "2024-04", "2024-05"] };

describe("a regular series", () => {
  test("without dates is its values", () => {
    const series = regularSeries({ values: [1, NaN, 3] }, {}, 4);
    expect(series).toMatchObject({ id: "4", dates: null, frequency: null });
    expect([...series.values]).toEqual([1, NaN, 3]);
  });

  test("knows the dates after its end", () => {
    const series = regularSeries({ values: [1, 2, 3], dates: ["2024-01", "2024-02", "2024-03"] });
    expect(showDate(dateOfStep(series, 4)!)).toBe("2024-05-01");
  });

  test("until a step keeps what is known ahead, and nothing else of later", () => {
    const known = { price: [1, 2, 3, 4] };
    const series = seriesUntil(regularSeries({ values: [1, 2, 3], known, observed: { rain: [5, 6, 7] } }), 1);
    expect([...series.values]).toEqual([1]);
    expect([...series.observed.rain]).toEqual([5]);
    expect([...series.known.price]).toEqual([1, 2, 3, 4]);
  });
});

describe("dates that do not follow one another", () => {
  test.each<[string, Series, string, string]>([
    [
      "unsorted",
      { id: "s", values: [1, 2, 3], dates: ["2024-01-02", "2024-01-01", "2024-01-03"] },
      "series s: invalid dates: row 2 (2024-01-01) is before row 1 (2024-01-02)",
      'unsorted "sort"',
    ],
    [
      "repeated",
      { id: "s", values: [1, 2, 3], dates: ["2024-01-01", "2024-01-02", "2024-01-02"], rows: [11, 12, 13] },
      "series s: invalid dates: row 12 and row 13 both are 2024-01-02",
      'repeats "first", "last", "mean" or "sum"',
    ],
    [
      "irregular",
      gap,
      "row 3 (2024-04-01) comes after 2024-02-01 (1 left out), though the dates are monthly",
      'gaps "fill"',
    ],
    [
      "of no distance at all",
      { id: "s", values: [1, 2, 3, 4], dates: ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-03T07:00"] },
      "row 4 (2024-01-03T07:00) comes after 2024-01-03",
      'gaps "ignore"',
    ],
  ])("are refused where %s, naming the row and what to do", (_, series, what, remedy) => {
    expect(() => regularSeries(series)).toThrow(what);
    expect(() => regularSeries(series)).toThrow(remedy);
  });

  test("a gap filled is missing values, a gap ignored is none", () => {
    const filled = regularSeries(
      { ...gap, known: { x: [1, 2, 3, 4, 5] }, observed: { y: [1, 2, 3, 4] } },
      { gaps: "fill" },
    );
    expect([...filled.values]).toEqual([3, 4, NaN, 5, 6]);
    expect([...filled.known.x]).toEqual([1, 2, NaN, 3, 4, 5]);
    expect([...filled.observed.y]).toEqual([1, 2, NaN, 3, 4]);
    expect(Array.from(filled.dates!, showDate)).toEqual([
      "2024-01-01",
      "2024-02-01",
      "2024-03-01",
      "2024-04-01",
      "2024-05-01",
    ]);
    const ignored = regularSeries(gap, { gaps: "ignore" });
    expect([...ignored.values]).toEqual([3, 4, 5, 6]);
    expect(showDate(ignored.dates![2])).toBe("2024-04-01");
  });

  test.each<[DateRepairs["repeats"], number]>([
    ["first", 2],
    ["last", 6],
    ["mean", 4],
    ["sum", 8],
  ])("a date that occurs twice, repeats %s", (repeats, expected) => {
    const series = { values: [1, 2, 6, 3], dates: ["2024-01-01", "2024-01-02", "2024-01-02", "2024-01-03"] };
    expect([...regularSeries(series, { repeats }).values]).toEqual([1, expected, 3]);
  });

  test("sorting takes everything along", () => {
    const series = {
      values: [2, 1, 3],
      dates: ["2024-01-02", "2024-01-01", "2024-01-03"],
      observed: { y: [20, 10, 30] },
    };
    const sorted = regularSeries(series, { unsorted: "sort" });
    expect([...sorted.values]).toEqual([1, 2, 3]);
    expect([...sorted.observed.y]).toEqual([10, 20, 30]);
  });
});

describe("lists that do not fit", () => {
  test.each<[string, Series, string]>([
    ["dates", { values: [1, 2], dates: ["2024"] }, "mismatch in dates: got 1, expected 2"],
    [
      "an observed covariate",
      { values: [1, 2], observed: { y: [1] } },
      "mismatch in observed covariate y: got 1, expected 2",
    ],
    [
      "a known covariate",
      { values: [1, 2], known: { x: [1] } },
      "mismatch in known covariate x: got 1, expected at least 2",
    ],
    ["an infinite value", { values: [1, Infinity] }, "row 2: invalid value: got Infinity"],
  ])("%s", (_, series, message) => {
    expect(() => regularSeries(series)).toThrow(message);
  });
});
