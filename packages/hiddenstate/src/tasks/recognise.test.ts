import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { recognise } from "./recognise.ts";

const folder = mkdtempSync(join(tmpdir(), "hiddenstate-recognise-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test("a text asks for a language model, and the sentence says why and how to say otherwise", async () => {
  const data = file("book.txt", "It was a dark and stormy night.\n");
  expect(await recognise({ data })).toEqual({
    task: "lm",
    sentence: `${data}: learning a language model (--task lm), since it is text without columns or tags`,
  });
});

test("a file that is not there is missing", async () => {
  await expect(recognise({ data: join(folder, "nowhere.txt") })).rejects.toMatchObject({ code: "missing" });
});

test("a table that is wrong is told of, not taken for text", async () => {
  await expect(recognise({ data: file("ragged.csv", "text,label\na,b\nc\n") })).rejects.toMatchObject({
    code: "mismatch",
    message: expect.stringContaining("ragged.csv:3") as string,
  });
});

test("a table is read with the delimiter that was named", async () => {
  const data = file("tilde.csv", "2024-01-01~1\n2024-01-02~2\n2024-01-03~3\n");
  expect((await recognise({ data, delimiter: "~", header: "no" })).task).toBe("forecast");
});

test("a table of dates and numbers asks for a forecaster, but not one with text to read or with labels", async () => {
  const days = (row: (i: number) => string): string =>
    Array.from({ length: 8 }, (_, i) => `2024-01-0${i + 1},${row(i)}`).join("\n");
  const series = file("series.csv", `day,id,price,sold\n${days((i) => `a,${i},${2 * i}`)}\n`);
  expect((await recognise({ data: series })).task).toBe("forecast");
  const reviews = file("reviews.csv", `day,review,stars\n${days((i) => `it was number ${i},${i % 5}`)}\n`);
  expect((await recognise({ data: reviews })).task).toBe("classify");
  const labelled = file("labelled.csv", `day,id,x,label\n${days((i) => `${i % 3},${i},${i % 2 ? "up" : "down"}`)}\n`);
  expect((await recognise({ data: labelled })).task).toBe("classify");
});
