import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HiddenstateError, type TrainingEvent } from "@hiddenstate/core";
import { afterAll, expect, test, vi } from "vitest";
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

test("a cell whose runs diverge is left out, and not tried again", async () => {
  const sizes = { layers: 1, batch: 4, bptt: 16, parameters: 1500, steps: 12 } as const;
  const options = { data, task: "lm", out: join(folder, "runs"), cells: ["rnn", "gru", "lstm"], ...sizes } as const;
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
