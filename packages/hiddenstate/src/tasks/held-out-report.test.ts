import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EndEvent } from "@hiddenstate/core";
import { afterAll, expect, test } from "vitest";
import { type AnyOptions, planTraining, trainAsPlanned } from "../train.ts";

const folder = mkdtempSync(join(tmpdir(), "hiddenstate-report-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const small = { hidden: 4, layers: 1, steps: 3, batch: 8, evaluateEvery: 3 };
const words = Array.from({ length: 40 }, (_, i) => `w${"abcdefgh"[i % 8]}${"klmno"[i % 5]}`);

const tasks: [string, object][] = [
  ["seq2seq", { data: { training: words.map((source) => ({ source, target: source.slice(1) })) } }],
  ["classify", { data: { training: words.map((input, i) => ({ input, target: i % 3 === 0 ? "x" : "y" })) } }],
  [
    "tag",
    { data: { training: words.map((word, i) => ({ words: [word, "is"], tags: [i % 3 === 0 ? "N" : "P", "V"] })) } },
  ],
];

test.each(tasks)(
  "the report of %s is about what the training held out, also with a split seed of its own",
  async (task, data) => {
    const out = join(folder, task);
    const options = { task, out, ...data, ...small, seed: 1, splitSeed: 5 } as unknown as AnyOptions;
    const run = trainAsPlanned(await planTraining(options));
    let end: EndEvent | undefined;
    let next = await run.next();
    for (; !next.done; next = await run.next()) if (next.value.type === "end") end = next.value;
    const { record } = await next.value.report!(next.value.model);
    expect((record as { loss: number }).loss).toBeCloseTo(end!.best!.loss, 6);
  },
);
