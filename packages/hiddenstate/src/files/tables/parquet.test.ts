import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, test } from "vitest";
import { readParquet } from "./parquet.ts";
import { readTable } from "./read-table.ts";

const folder = mkdtempSync(join(tmpdir(), "hiddenstate-parquet-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: ArrayBuffer | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, new Uint8Array(bytes));
  return path;
}

const columnData = [
  { name: "day", data: [0, 1, 2].map((day) => new Date(Date.UTC(2024, 0, 1 + day))), type: "TIMESTAMP" as const },
  { name: "shop", data: ["a", "a", "b"], type: "STRING" as const },
  { name: "sold", data: [1n, 2n, 3n], type: "INT64" as const },
  { name: "price", data: [1.5, null, 2.5], type: "DOUBLE" as const, nullable: true },
];

describe("a Parquet file", () => {
  test.each(["UNCOMPRESSED", "SNAPPY"] as const)("is read as a table (%s)", async (codec) => {
    const path = file(`${codec}.parquet`, parquetWriteBuffer({ columnData, codec }));
    const { columns, rows, format, lines } = await readTable(path);
    expect({ columns, format, lines }).toEqual({
      columns: ["day", "shop", "sold", "price"],
      format: "parquet",
      lines: [1, 2, 3],
    });
    expect(rows).toEqual([
      { day: "2024-01-01T00:00:00.000Z", shop: "a", sold: 1, price: 1.5 },
      { day: "2024-01-02T00:00:00.000Z", shop: "a", sold: 2, price: null },
      { day: "2024-01-03T00:00:00.000Z", shop: "b", sold: 3, price: 2.5 },
    ]);
  });

  test("is read up to some row", async () => {
    const path = file("some.parquet", parquetWriteBuffer({ columnData }));
    expect((await readParquet(path, 2)).rows).toHaveLength(2);
  });

  test("that was cut, or is none, is said to be corrupt", async () => {
    const whole = new Uint8Array(parquetWriteBuffer({ columnData }));
    for (const bytes of [whole.subarray(0, whole.length - 9), new TextEncoder().encode("day,sold\n2024-01-01,1\n")]) {
      await expect(readParquet(file("bad.parquet", bytes))).rejects.toMatchObject({
        code: "corrupt",
        message: expect.stringContaining("bad.parquet: corrupt Parquet file") as string,
      });
    }
  });

  test("that is not there is missing", async () => {
    await expect(readParquet(join(folder, "nowhere.parquet"))).rejects.toMatchObject({ code: "missing" });
  });
});
