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
