import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, test } from "vitest";
import { readSeries, readSeriesAs } from "./series-files.ts";

const folder = mkdtempSync(join(tmpdir(), "hiddenstate-series-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const dates = ["2024-01-01", "2024-01-02", "2024-01-03"];
const values = [1, 2.5, 4];

describe("the same series come from every kind of file", () => {
  const rows = dates.map((day, i) => ({ day, sold: values[i] }));
  test.each<[string, string | Uint8Array]>([
    ["a.csv", `day,sold\n${rows.map(({ day, sold }) => `${day},${sold}`).join("\n")}\n`],
    ["a.tsv", `day\tsold\n${rows.map(({ day, sold }) => `${day}\t${sold}`).join("\n")}\n`],
    ["a.jsonl", rows.map((row) => JSON.stringify(row)).join("\n")],
    ["a.json", JSON.stringify(rows, null, 2)],
    [
      "a.parquet",
      new Uint8Array(
        parquetWriteBuffer({
          columnData: [
            { name: "day", data: dates, type: "STRING" },
            { name: "sold", data: values, type: "DOUBLE" },
          ],
        }),
      ),
    ],
  ])("%s", async (name, content) => {
    const { series, source } = await readSeries(file(name, content), {}, {});
    expect(series).toHaveLength(1);
    expect(series[0]).toMatchObject({ id: "sold", values, dates });
    expect(source).toMatchObject({ order: ["day", "sold"], columns: { date: "day", value: "sold" } });
  });
});

test("an array may have whole series, which are counted and named as rows", async () => {
  const { reasons } = await readSeries(file("whole.json", '[{"values":[1,2]},{"values":[3]}]'), {}, {});
  expect(reasons).toEqual(["2 series, one in each row"]);
  await expect(readSeries(file("bad.json", '[{"values":[1]},{"sales":[3]}]'), {}, {})).rejects.toThrow(
    "bad.json, row 2: ",
  );
});

test("lines of JSON may each be a whole series, with null where a value is missing", async () => {
  const path = file(
    "whole.jsonl",
    '{"id":"a","values":[1,null,3],"known":{"x":[1,2,null,4]}}\n{"id":"b","values":[4,5]}\n',
  );
  const { series, source } = await readSeries(path, {}, {});
  expect(series.map(({ id, values: list, known }) => ({ id, list, known }))).toEqual([
    { id: "a", list: [1, NaN, 3], known: { x: [1, 2, NaN, 4] } },
    { id: "b", list: [4, 5], known: {} },
  ]);
  expect(source.columns).toBe(null);
  const bad = file("bad.jsonl", '{"values":[1]}\n{"values":[1],"valeus":[2]}\n');
  await expect(readSeries(bad, {}, {})).rejects.toThrow('bad.jsonl:2: unknown key "valeus"');
});

describe("more of it", () => {
  test("is read by the columns of the training", async () => {
    const { source } = await readSeries(file("b.csv", "day,y,x\n2024-01-01,1,2\n2024-01-02,2,3\n"), {}, {});
    const [series] = await readSeriesAs(file("c.csv", "x,y,day,z\n5,6,2024-02-01,7\n"), source);
    expect(series).toMatchObject({ values: [6], dates: ["2024-02-01"], observed: { x: [5] } });
  });

  test("is separated and named as the training's data was", async () => {
    const first = file("tilde.csv", "2024-01-01~1\n2024-01-02~2\n");
    const { source } = await readSeries(first, {}, { delimiter: "~", header: "no" });
    const [series] = await readSeriesAs(file("later.csv", "2024-02-01~7\n"), source);
    expect(series).toMatchObject({ values: [7], dates: ["2024-02-01"] });
  });

  test("must have them", async () => {
    const { source } = await readSeries(file("b.csv", "day,y,x\n2024-01-01,1,2\n2024-01-02,2,3\n"), {}, {});
    await expect(readSeriesAs(file("d.csv", "day,y\n2024-02-01,7\n"), source)).rejects.toThrow(
      "d.csv: missing column x, which the training's data had; the columns are day, y",
    );
  });
});

test("what is no number is told with its line", async () => {
  const { source } = await readSeries(file("b.csv", "day,y\n2024-01-01,1\n2024-01-02,2\n"), {}, {});
  await expect(readSeriesAs(file("e.csv", "day,y\n2024-02-01,7\n\n2024-02-02,seven\n"), source)).rejects.toThrow(
    'e.csv: line 4: invalid y: got "seven", expected a number',
  );
});
