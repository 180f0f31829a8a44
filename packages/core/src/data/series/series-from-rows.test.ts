import { describe, expect, test } from "vitest";
import { seriesFromRows } from "./series-from-rows.ts";

describe("rows become series", () => {
  test("of the only column of numbers, text or not, with missing values", () => {
    const rows = [
      { month: "1949-01", passengers: "112" },
      { month: "1949-02", passengers: 118 },
      { month: "1949-03", passengers: "" },
    ];
    expect(seriesFromRows(rows, { date: "month" })).toEqual([
      {
        values: [112, 118, NaN],
        dates: ["1949-01", "1949-02", "1949-03"],
        known: {},
        observed: {},
        categories: {},
        rows: [1, 2, 3],
      },
    ]);
  });

  test("of ids that are whole numbers beyond 53 bits", () => {
    const rows = [
      { id: 2n ** 60n, value: 1 },
      { id: 2n ** 60n + 1n, value: 2 },
    ];
    const ids = seriesFromRows(rows, { id: "id" }).map(({ id }) => id);
    expect(ids).toEqual(["1152921504606846976", "1152921504606846977"]);
  });

  test("one for each id, with the rows' own numbers", () => {
    const rows = [
      { shop: "a", day: "2024-01-01", sold: 1, town: "X" },
      { shop: "b", day: "2024-01-01", sold: 2, town: "Y" },
      { shop: "a", day: "2024-01-02", sold: 3, town: "X" },
    ];
    const series = seriesFromRows(
      rows,
      { value: "sold", date: "day", id: "shop", categories: ["town"] },
      {
        numbers: rows.map((_, i) => i + 2),
        as: "line",
      },
    );
    expect(series.map(({ id, values, rows: from, categories }) => ({ id, values, from, categories }))).toEqual([
      { id: "a", values: [1, 3], from: [2, 4], categories: { town: "X" } },
      { id: "b", values: [2], from: [3], categories: { town: "Y" } },
    ]);
  });

  test("whose last rows may be the future of what is known ahead", () => {
    const rows = [
      { y: 1, price: 5 },
      { y: null, price: 6 },
      { y: 3, price: 7 },
      { y: null, price: 8 },
      { y: null, price: 9 },
    ];
    const [series] = seriesFromRows(rows, { value: "y", known: ["price"] });
    expect(series.values).toEqual([1, NaN, 3]);
    expect(series.known).toEqual({ price: [5, 6, 7, 8, 9] });
  });
});

describe("a table that does not fit is refused", () => {
  test("for a column that it lacks, with the nearest", () => {
    expect(() => seriesFromRows([{ date: "2024", sales: 1 }], { value: "sale" })).toThrow(
      'unknown column "sale"; did you mean "sales"?',
    );
  });

  test("for what is no number, naming the row", () => {
    expect(() => seriesFromRows([{ y: 1 }, { y: "two" }], { value: "y" })).toThrow('row 2: invalid y: got "two"');
    const counted = { numbers: [2, 5], as: "line" } as const;
    expect(() => seriesFromRows([{ y: 1 }, { y: "two" }], { value: "y" }, counted)).toThrow(
      'line 5: invalid y: got "two"',
    );
  });

  test("where no column, or more than one, may be the values", () => {
    expect(() => seriesFromRows([{ a: 1, b: 2 }], {})).toThrow("a, b all hold numbers; name one of a, b with value");
    expect(() => seriesFromRows([{ a: "x" }], {})).toThrow("no column holds numbers only");
  });

  test("where a category changes within a series", () => {
    const rows = [
      { y: 1, town: "X" },
      { y: 2, town: "Y" },
    ];
    expect(() => seriesFromRows(rows, { value: "y", categories: ["town"] })).toThrow(
      'row 2: invalid town: got "Y" after "X"',
    );
  });
});
