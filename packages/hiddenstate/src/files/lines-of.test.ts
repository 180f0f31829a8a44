import * as fc from "fast-check";
import { expect, test } from "vitest";
import { linesOf } from "./lines-of.ts";

async function* parts(...chunks: (Uint8Array | string)[]): AsyncGenerator<Uint8Array | string, void> {
  yield* chunks;
}

async function all(input: AsyncIterable<Uint8Array | string>): Promise<string[]> {
  const lines: string[] = [];
  for await (const some of linesOf(input)) lines.push(...some);
  return lines;
}

test("a text cut anywhere has the same lines", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("a", "é", "漢", "😀", "\n", "\r\n", ""), { maxLength: 20 }),
      fc.nat(60),
      async (pieces, cut) => {
        const text = pieces.join("");
        const bytes = new TextEncoder().encode(text);
        const expected = text.split("\n").map((line) => line.replace(/\r$/, ""));
        if (text === "" || text.endsWith("\n")) expected.pop();
        expect(await all(parts(bytes.subarray(0, cut), bytes.subarray(cut)))).toEqual(expected);
      },
    ),
  );
});

test("lines are given as soon as they are there", async () => {
  const lines = linesOf(parts("one\ntwo\nthr", "ee\n"));
  expect((await lines.next()).value).toEqual(["one", "two"]);
  expect((await lines.next()).value).toEqual(["three"]);
});
