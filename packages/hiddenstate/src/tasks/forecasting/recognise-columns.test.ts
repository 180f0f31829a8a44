import { describe, expect, test } from "vitest";
import { parseTable } from "../../files/tables/read-table.ts";
import { type NamedColumns, recogniseColumns } from "./recognise-columns.ts";

function found(text: string, named: NamedColumns = {}, path = "data.csv"): ReturnType<typeof recogniseColumns> {
  return recogniseColumns(parseTable(path, text), named);
}

const one = "Month,Passengers\n1949-01,112\n1949-02,118\n1949-03,132\n";

describe("columns are recognised, and it is said why", () => {
  test("dates and the only numbers", () => {
    const { columns, reasons } = found(one);
    expect(columns).toMatchObject({ date: "Month", value: "Passengers", id: undefined });
    expect(reasons).toEqual([
      "dates: Month, the only column of dates",
      "values: Passengers, the only column of numbers",
    ]);
  });

  test("years, by the column's name", () => {
    expect(found("year,y\n1990,1\n1991,2\n").columns).toMatchObject({ date: "year", value: "y" });
    expect(found("size,y\n1990,1\n1991,2\n").columns).toMatchObject({
      date: undefined,
      value: "y",
      observed: ["size"],
    });
  });

  test("what tells series apart, and what does not change within one", () => {
    const { columns, reasons } = found(
      "day,shop,town,sold\n2024-01-01,a,X,1\n2024-01-01,b,X,2\n2024-01-01,c,Y,2\n2024-01-02,a,X,3\n2024-01-02,b,X,4\n2024-01-02,c,Y,2\n",
    );
    expect(columns).toMatchObject({ date: "day", value: "sold", id: ["shop"], categories: ["town"] });
    expect(reasons).toContain("series: told apart by shop, with which each date occurs once (3 series)");
    expect(reasons).toContain("categories: town, the same within each series");
  });

  test("series that only two columns tell apart", () => {
    const rows = ["a,X", "a,Y", "b,X", "b,Y"].flatMap((id) => [`2024-01-01,${id},1`, `2024-01-02,${id},2`]);
    expect(found(`day,shop,product,sold\n${rows.join("\n")}\n`).columns.id).toEqual(["shop", "product"]);
  });

  test("series without dates, by what stays over many rows", () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i < 20 ? "pump" : "fan"},${i}`);
    expect(found(`machine,load\n${rows.join("\n")}\n`).columns.id).toEqual(["machine"]);
  });

  test("numbers beside the values: known ahead where they go on, else not", () => {
    const text = "day,value,price,rain\n2024-01-01,1,5,0.1\n2024-01-02,2,5,0.2\n2024-01-03,,6,\n2024-01-04,,6,\n";
    const { columns, reasons } = found(text);
    expect(columns).toMatchObject({ value: "value", known: ["price"], observed: ["rain"] });
    expect(reasons).toContain("values: value, by its name");
    expect(reasons).toContain("known ahead: price, which goes on where value has ended");
  });

  test("also where each of several series goes on", () => {
    const text = "day,shop,y,price\n2024-01-01,a,1,5\n2024-01-02,a,,5\n2024-01-01,b,1,5\n2024-01-02,b,,6\n";
    expect(found(text).columns).toMatchObject({ id: ["shop"], known: ["price"], observed: [] });
  });

  test("what is named is taken as it is", () => {
    const text = "day,a,b,c\n2024-01-01,1,2,3\n2024-01-02,2,3,4\n";
    expect(found(text, { value: "b", known: ["a"], observed: [] }).columns).toMatchObject({
      value: "b",
      known: ["a"],
      observed: [],
    });
    expect(found(one, { date: "none" }).columns.date).toBe(undefined);
    expect(found(text, { value: "b", observed: [] }).reasons).toContain("not used: a and c");
  });
});

describe("what can't be recognised is asked for", () => {
  test("which of several numbers to forecast", () => {
    expect(() => found("day,a,b\n2024-01-01,1,2\n")).toThrow(
      "data.csv: missing column of values: a and b all hold numbers; say with --value which is to be forecast",
    );
    expect(() => found("day,a\n2024-01-01,x\n")).toThrow("no column holds numbers alone");
  });

  test("dates that are not ISO dates, by their line", () => {
    expect(() => found("Date,y\n31/12/1981,1\n01/01/1982,2\n")).toThrow(
      'data.csv:2: invalid Date: got "31/12/1981", expected an ISO date such as "1981-12-31"',
    );
  });

  test("a column that is not there", () => {
    expect(() => found(one, { value: "passengers" })).toThrow(
      'data.csv: unknown column "passengers"; the columns are "Month", "Passengers"',
    );
  });
});
