import type { CellKind } from "@hiddenstate/core";
import { describe, expect, test } from "vitest";
import type { ComparePlan, RunResult } from "./comparison.ts";
import { measureCells } from "./quality.ts";

const cells: readonly CellKind[] = ["lstm", "gru"];

const plan: ComparePlan = {
  task: "seq2seq",
  data: { path: "pairs.tsv", bytes: 1000, sha256: "" },
  validation: null,
  asked: {},
  cells: cells.map((cell) => ({ cell, hidden: 8, parameters: 100, evaluateEvery: 1 })),
  seeds: [0, 1],
  budget: { steps: 10 },
  options: {},
};

function run(cell: CellKind, seed: number, loss: number, metrics: RunResult["metrics"]): RunResult {
  const cost = { kind: "sequence", latency: [], streamBytes: null, stateBytes: [] } as const;
  const times = { seconds: 1, bestSeconds: 1, steps: 10, tokensPerSecond: 1 };
  return { cell, seed, folder: `${cell}-seed${seed}`, loss, metrics, ...times, curve: [], cost };
}

/** Two seeds of two cells, each with exact match, BLEU, token accuracy and loss. */
function pairs(...values: [number, number, number, number][]): RunResult[] {
  return values.map(([exactMatch, bleu, tokenAccuracy, loss], i) =>
    run(cells[i % 2], Math.floor(i / 2), loss, { exactMatch, bleu, tokenAccuracy }),
  );
}

describe("the quality of cells", () => {
  test("is the first measure that their task has", () => {
    const runs = pairs([0, 2, 0.3, 1], [0.1, 4, 0.4, 1], [0, 2, 0.3, 1], [0.3, 4, 0.4, 1]);
    const { quality, cells: found } = measureCells(plan, runs);
    expect(quality).toEqual({
      name: "held-out exact match",
      unit: "",
      better: "higher",
      baseline: null,
      zero: [],
      alike: [],
    });
    expect(found[1].quality).toEqual({ mean: 0.2, low: 0.1, high: 0.3 });
    const tags = cells.map((cell) => run(cell, 0, 1, { accuracy: 0.9, f1: 0.4 }));
    expect(measureCells({ ...plan, task: "tag" }, tags).quality.name).toBe("held-out F1");
    const texts = cells.map((cell) => run(cell, 0, 1, {}));
    expect(measureCells({ ...plan, task: "lm" }, texts).quality).toMatchObject({
      name: "held-out loss",
      unit: "nats per token",
      zero: [],
    });
  });

  test("stands beside the baseline's, where the task has one", () => {
    const labels = cells.map((cell) => run(cell, 0, 1, { accuracy: 0.9, macroF1: 0.4, majorityAccuracy: 0.6 }));
    expect(measureCells({ ...plan, task: "classify" }, labels).quality.baseline).toBe(0.6);
    const names = cells.map((cell) => run(cell, 0, 1, { accuracy: 0.9, f1: 0.4, baselineF1: 0.3 }));
    expect(measureCells({ ...plan, task: "tag" }, names).quality.baseline).toBe(0.3);
    const numbers = cells.map((cell) => run(cell, 0, 1, { rmse: 2, baselineRmse: 5 }));
    expect(measureCells({ ...plan, task: "classify" }, numbers).quality.baseline).toBe(5);
  });

  test("is the next one that tells them apart where that is 0 in all of them, and at last the loss", () => {
    const bleu = pairs([0, 0, 0.3, 1], [0, 4, 0.4, 1], [0, 0, 0.3, 1], [0, 4, 0.4, 1]);
    expect(measureCells(plan, bleu).quality).toMatchObject({ name: "held-out BLEU", zero: ["exact match"] });
    const accuracy = pairs([0, 0, 0.3, 1], [0, 0, 0.4, 1], [0, 0, 0.3, 1], [0, 0, 0.4, 1]);
    expect(measureCells(plan, accuracy).quality).toMatchObject({
      name: "held-out token accuracy",
      zero: ["exact match", "BLEU"],
      alike: [],
    });
    const loss = pairs([0, 0, 0.3, 2], [0, 0, 0.35, 3], [0, 0, 0.4, 2], [0, 0, 0.45, 3]);
    const { quality, cells: found } = measureCells(plan, loss);
    expect(quality).toMatchObject({
      name: "held-out loss",
      better: "lower",
      zero: ["exact match", "BLEU"],
      alike: ["token accuracy"],
    });
    expect(found.map((cell) => cell.quality.mean)).toEqual([2, 3]);
  });

  test("stays what it is where all are as good, but not none", () => {
    const all = pairs([1, 100, 1, 1], [1, 100, 1, 2], [1, 100, 1, 1], [1, 100, 1, 2]);
    expect(measureCells(plan, all).quality.name).toBe("held-out exact match");
  });
});
