import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HiddenstateError, type TrainingEvent } from "@hiddenstate/core";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { PlannedTraining, TrainedRun } from "../train.ts";
import { compare, type CompareOptions } from "./compare.ts";
import type { CompareEvent, Comparison } from "./comparison.ts";

const folder = mkdtempSync(join(tmpdir(), "hiddenstate-compare-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const data = join(folder, "fox.txt");
writeFileSync(data, "the quick brown fox jumps over the lazy dog; ".repeat(60));

/** How often trainings were started. */
let started = 0;

/** RNNs diverge here. */
vi.mock("../train.ts", async (original) => {
  const actual = await original<{
    trainAsPlanned: (plan: PlannedTraining) => AsyncGenerator<TrainingEvent, TrainedRun>;
  }>();
  return {
    ...actual,
    trainAsPlanned(plan: PlannedTraining) {
      started++;
      if ((plan.options as { cell?: string }).cell === "rnn")
        throw new HiddenstateError("not-finite", "train: the loss became NaN");
      return actual.trainAsPlanned(plan);
    },
  };
});

async function finish(options: CompareOptions): Promise<{ events: CompareEvent[]; comparison: Comparison }> {
  const run = compare(options);
  const events: CompareEvent[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) return { events, comparison: next.value };
    events.push(next.value);
  }
}

const sizes = { layers: 1, batch: 4, bptt: 16, steps: 12 } as const;
/** A comparison that takes no time. */
const quick = { data, task: "lm", cells: ["gru", "lstm"], ...sizes } as const;

test("a cell whose runs diverge is left out, and not tried again", async () => {
  const options = { ...quick, out: join(folder, "runs"), cells: ["rnn", "gru", "lstm"], parameters: 1500 } as const;
  const { events, comparison } = await finish(options);
  const failures = [0, 1].map((seed) => ({ cell: "rnn", seed, reason: "train: the loss became NaN" }));
  expect(events.filter(({ type }) => type === "failure")).toEqual(
    failures.map((failure) => ({ type: "failure", failure })),
  );
  expect(comparison).toMatchObject({ complete: true, failures });
  expect(comparison.cells.map(({ cell }) => cell)).toEqual(["gru", "lstm"]);
  expect(comparison.recommendation.cell).not.toBeNull();

  started = 0;
  const again = await finish({ ...options, resume: true });
  expect(started).toBe(0);
  expect(again.comparison.recommendation).toEqual(comparison.recommendation);
});

test("widths are above the projection, and the first cell's is the one that was named", async () => {
  const { comparison } = await finish({
    ...quick,
    out: join(folder, "widths"),
    cells: ["lstm", "gru"],
    hidden: 65,
    projection: 16,
  });
  const [lstm, gru] = comparison.plan.cells;
  expect(lstm.hidden).toBe(65);
  expect(Math.abs(gru.parameters - lstm.parameters)).toBeLessThan(0.1 * lstm.parameters);
  const { comparison: narrow } = await finish({
    ...quick,
    out: join(folder, "narrow"),
    parameters: 100,
    projection: 16,
  });
  expect(narrow.plan.cells.map(({ hidden }) => hidden)).toEqual([1, 17]);
});

test("a Transformer gets as many positions as the longest sequence has steps, where nobody says how many", async () => {
  const reviews = join(folder, "reviews.csv");
  const text = (i: number): string => (i === 7 ? "so very good ".repeat(23) : `${i % 2 ? "good" : "bad"} ${i}`);
  const lines = Array.from({ length: 30 }, (_, i) => `${text(i)},${i % 2 ? "yes" : "no"}\n`);
  writeFileSync(reviews, `review,liked\n${lines.join("")}`);
  const options = { data: reviews, task: "classify", cells: ["gru", "transformer"], hidden: 8, layers: 1 } as const;
  const { events, comparison } = await finish({ ...options, steps: 10, out: join(folder, "long") });
  expect(comparison.complete).toBe(true);
  expect(comparison.plan.options.positions).toBe(299);
  expect(events).toContainEqual({
    type: "notice",
    text: "sequences of up to 299 steps are read: the Transformer gets as many positions (--positions) instead of 256",
  });
  const named = finish({ ...options, positions: 200, steps: 10, out: join(folder, "short") });
  await expect(named).rejects.toThrow("the longest sequence has 299 steps, expected at most 200");
});

test("a width for the first cell, and parameters for all, exclude each other", async () => {
  await expect(finish({ ...quick, out: join(folder, "both"), hidden: 16, parameters: 1000 })).rejects.toThrow(
    "compare: mismatch in hidden: parameters are given too",
  );
});

test("what large data was made into while widths were looked for does not stay", async () => {
  const out = join(folder, "disk");
  await finish({ ...quick, out, hidden: 8, textPlace: "disk" });
  const files = "compare.json gru-seed0 gru-seed1 loss.png loss.svg lstm-seed0 lstm-seed1";
  expect(readdirSync(out).toSorted()).toEqual(files.split(" "));
});

describe("a comparison that goes on", () => {
  const begun = { ...quick, out: join(folder, "begun"), parameters: 1500 };

  test("takes the same data wherever it is, and no other", async () => {
    await finish(begun);
    const moved = join(folder, "moved.txt");
    writeFileSync(moved, readFileSync(data));
    const { comparison } = await finish({ ...begun, data: moved, resume: true });
    expect(comparison.complete).toBe(true);

    const other = join(folder, "other.txt");
    writeFileSync(other, readFileSync(data, "utf8").replace("fox", "cat"));
    await expect(finish({ ...begun, data: other, resume: true })).rejects.toThrow(
      `${begun.out} was begun otherwise: data was ${data} (2,700 bytes), is ${other} with other contents (2,700 bytes); use the same, or another --out`,
    );
  });

  test.each([
    ["seed", 7, "seed was 0, is 7"],
    ["hidden", 32, "hidden was not given, is 32"],
    ["parameters", 9000, "parameters was 1500, is 9000"],
    ["evaluateEvery", 3, "evaluateEvery was not given, is 3"],
    ["batch", 8, "batch was 4, is 8"],
    ["seeds", 3, "seeds was 2, is 3"],
    ["cells", ["lstm", "gru"], 'cells was ["gru","lstm"], is ["lstm","gru"]'],
    ["dropout", 0.5, "dropout was not given, is 0.5"],
  ])("is what it was: another %s is refused", async (name, value, sentence) => {
    const { data: same, task, out } = begun;
    const again = { data: same, task, out, resume: true, [name]: value } as CompareOptions;
    await expect(finish(again)).rejects.toThrow(`was begun otherwise: ${sentence}; use the same, or another --out`);
  });

  test("needs to know what was compared", async () => {
    const out = join(folder, "empty");
    mkdirSync(out);
    writeFileSync(join(out, "compare.json"), '{"runs":[]}');
    await expect(finish({ ...begun, out, resume: true })).rejects.toThrow("it does not say what was compared");
  });
});
