import { expect, test } from "vitest";
import type { CellSummary, ComparePlan } from "./comparison.ts";
import { meanCurve } from "./loss-picture.ts";
import { summarise } from "./summary.ts";
import { tableLines } from "./table.ts";

const plan: ComparePlan = {
  task: "lm",
  data: { path: "book.txt", bytes: 1000, sha256: "" },
  validation: null,
  asked: {},
  cells: [
    { cell: "lstm", hidden: 256, parameters: 1_085_505, evaluateEvery: 100 },
    { cell: "transformer", hidden: 192, parameters: 1_020_033, evaluateEvery: 100 },
    { cell: "gru", hidden: 296, parameters: 1_090_000, evaluateEvery: 100 },
  ],
  seeds: [0, 1],
  budget: { minutes: 3 },
  options: {},
};

const byLoss = ({ loss }: { loss: number }): number => loss;

function run(cell: "lstm" | "transformer", seed: number, loss: number): Parameters<typeof summarise>[1][number] {
  const grows = cell === "transformer";
  return {
    cell,
    seed,
    folder: `${cell}-seed${seed}`,
    loss,
    metrics: {},
    seconds: 180,
    bestSeconds: 170 + seed,
    steps: 1000,
    tokensPerSecond: 30_000 + 2000 * seed,
    curve: [],
    cost: {
      kind: "stream",
      latency: [
        { context: 64, seconds: 50e-6 },
        { context: 1024, seconds: (grows ? 80 + 20 * seed : 50) * 1e-6 },
      ],
      streamBytes: grows ? 1_500_000 : 9000,
      stateBytes: [
        { context: 1, bytes: grows ? 3080 : 4096 },
        { context: 1024, bytes: grows ? 783_368 : 4096 },
      ],
    },
  };
}

test("the tables show what finished runs reached and cost", () => {
  const runs = [run("lstm", 0, 1.55), run("transformer", 0, 1.6), run("lstm", 1, 1.57)];
  const cells = summarise(plan, runs, byLoss);
  const quality = {
    name: "held-out loss",
    unit: "nats per token",
    better: "lower",
    baseline: null,
    zero: [],
    alike: [],
  } as const;
  const recommendation = { cell: null, reason: "" };
  const lines = tableLines({ plan, quality, runs, failures: [], cells, recommendation, complete: false, folder: "" });
  expect(lines.join("\n")).toBe(`\
cell                        width  parameters  held-out loss      over seeds  trained  best after  per second
──────────────────────────  ─────  ──────────  ─────────────  ──────────────  ───────  ──────────  ──────────
LSTM                          256   1,085,505          1.560  1.550 to 1.570   3m 00s      2m 51s      31,000
Transformer (1 of 2 seeds)    192   1,020,033          1.600  1.600 to 1.600   3m 00s      2m 50s      30,000

one stream   step at 64  step at 1,024   memory  state at 1  state at 1,024
───────────  ──────────  ─────────────  ───────  ──────────  ──────────────
LSTM            50.0 us        50.0 us  9.00 kB     4.10 kB         4.10 kB
Transformer     50.0 us        80.0 us  1.50 MB     3.08 kB          783 kB`);
});

test("a cell's line is the mean of its runs, and times of a step are medians", () => {
  const runs = [run("lstm", 0, 1), ...[0, 1].map((seed) => run("transformer", seed, 2 + seed))];
  const [, transformer] = summarise(plan, runs, byLoss);
  expect(transformer).toMatchObject<Partial<CellSummary>>({
    runs: 2,
    quality: { mean: 2.5, low: 2, high: 3 },
    bestSeconds: 170.5,
    tokensPerSecond: 31_000,
  });
  expect(transformer.cost.latency[1].seconds).toBeCloseTo(90e-6, 12);
});

test("a curve is the mean of the seeds' where all of them are known, read off between their points", () => {
  const curves = [
    [
      { step: 10, seconds: 0, loss: 4 },
      { step: 30, seconds: 10, loss: 2 },
    ],
    [
      { step: 10, seconds: 5, loss: 5 },
      { step: 30, seconds: 15, loss: 1 },
    ],
  ];
  const curve = meanCurve(curves, "seconds");
  expect(curve[0]).toEqual({ x: 5, y: 4, low: 3, high: 5 });
  expect(curve.at(-1)).toEqual({ x: 10, y: 2.5, low: 2, high: 3 });
  const straight = curve.map(({ x, y }) => y - (4 - (x - 5) * 0.3));
  expect(Math.max(...straight.map(Math.abs))).toBeLessThan(1e-12);
  expect(meanCurve(curves, "step").at(0)).toEqual({ x: 10, y: 4.5, low: 4, high: 5 });
  expect(meanCurve(curves, "step").at(-1)).toEqual({ x: 30, y: 1.5, low: 1, high: 2 });
});
