import { expect, test } from "vitest";
import { type PartOptions, tableParts } from "./table-parts.ts";
import { placeOf, type TableRow } from "./table.ts";

/** What stands on standard input, piece by piece. */
async function* input(...pieces: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(new TextEncoder().encode(piece));
}

async function partsOf(pieces: string[], options: Partial<PartOptions> = {}): Promise<[TableRow, string][][]> {
  const parts: [TableRow, string][][] = [];
  const all = { lineColumn: "text", columns: ["text"], whole: false, ...options };
  for await (const table of tableParts([], input(...pieces), all))
    parts.push(table.rows.map((row, i) => [row, placeOf(table, i)]));
  return parts;
}

test("lines come as they arrive, with their numbers, and the last one needs no end", async () => {
  expect(await partsOf(["one\ntw", "o\n\nthree", ""])).toEqual([
    [[{ text: "one" }, "standard input:1"]],
    [[{ text: "two" }, "standard input:2"]],
    [[{ text: "three" }, "standard input:4"]],
  ]);
});

test("a character may be cut between two pieces", async () => {
  const bytes = new TextEncoder().encode("née\n");
  const parts: string[] = [];
  const options = { lineColumn: "text", columns: [], whole: false };
  async function* halves(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(bytes.subarray(0, 2));
    yield bytes.subarray(2);
  }
  for await (const { rows } of tableParts([], halves(), options)) parts.push(...rows.map(({ text }) => text as string));
  expect(parts).toEqual(["née"]);
});

test("lines of JSON come as they arrive, unless all rows are needed together", async () => {
  const pieces = ['{"a":1}\n{"a"', ":2}\n"];
  const [first, second] = [
    [{ a: 1 }, "standard input:1"] as [TableRow, string],
    [{ a: 2 }, "standard input:2"] as [TableRow, string],
  ];
  expect(await partsOf(pieces)).toEqual([[first], [second]]);
  expect(await partsOf(pieces, { whole: true })).toEqual([[first, second]]);
});

test("an array of objects is read whole", async () => {
  expect(await partsOf(['[\n{"a":1},', '\n{"a":2}]\n'])).toEqual([
    [
      [{ a: 1 }, "standard input, row 1"],
      [{ a: 2 }, "standard input, row 2"],
    ],
  ]);
});

test("empty lines of text are rows where that is asked for", async () => {
  const parts = await partsOf(["\none\n", "\n", "  \ntwo"], { emptyLines: true });
  expect(parts.flat().map(([row, place]) => [row.text, place])).toEqual([
    ["", "standard input:1"],
    ["one", "standard input:2"],
    ["", "standard input:3"],
    ["  ", "standard input:4"],
    ["two", "standard input:5"],
  ]);
});

test("a first line that names a known column makes CSV of it, whose quotes may span pieces", async () => {
  expect(await partsOf(["id,text\n1,", '"a\n', 'b"\n'])).toEqual([[[{ id: "1", text: "a\nb" }, "standard input:2"]]]);
});

test("where columns are numbered, rows need no names above them", async () => {
  const rows = [
    { "1": "a", "2": "0.5" },
    { "1": "b", "2": "1.5" },
  ];
  const [part] = await partsOf(["a\t0.5\nb\t1.5\n"], { columns: ["2"] });
  expect(part.map(([row]) => row)).toEqual(rows);
});

test("a line with commas that names no column is text", async () => {
  expect(await partsOf(["well, well\n"])).toEqual([[[{ text: "well, well" }, "standard input:1"]]]);
});

test("nothing gives nothing", async () => {
  expect(await partsOf(["\n", "  \n"])).toEqual([]);
});
