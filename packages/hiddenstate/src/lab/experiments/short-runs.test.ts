import { engine } from "@hiddenstate/core";
import { beforeAll, expect, test } from "vitest";
import { eigenvalues } from "../../inspect/eigenvalues.ts";
import { experiments } from "../catalogue.ts";
import type { Bench } from "../experiment.ts";
import { asKept } from "../results.ts";
import { labText } from "../text/lab-text.ts";
import { outcomes } from "../verdict.ts";

/** What makes each experiment's set-up a matter of a moment. */
const short: Readonly<Record<string, object>> = {
  "memory-span": { hidden: 8, batch: 4, steps: 50, lags: [2, 4] },
  vanishing: { hidden: 16, batch: 2, lags: 30, fitFrom: 10 },
  conveyor: { hidden: 8, inputs: 4, batch: 2, lags: 12 },
  "gru-cost": {
    hidden: 8,
    batch: 4,
    window: 16,
    steps: 8,
    smallSteps: 8,
    smallText: 500,
    heldOut: 400,
    looks: 2,
    timedBlocks: 2,
  },
  "memory-control": { hidden: 4, batch: 4, steps: 10, trained: 3, tried: 6 },
  bidirectional: { oneWay: 6, bothWays: 4, batch: 4, steps: 10, length: 8 },
  truncation: { hidden: 8, batch: 2, steps: 5, length: 40, windows: [5, 10, 40], lag: 12, batches: 2 },
  clipping: { hidden: 8, batch: 2, window: 30, steps: 5, learningRates: [0.1, 3], thresholds: [null, 1] },
  "exposure-bias": {
    text: {
      hidden: 8,
      batch: 4,
      window: 8,
      steps: 5,
      learningRate: 0.01,
      heldOut: 500,
      texts: 4,
      prompt: 5,
      length: 60,
    },
    series: { hidden: 4, batch: 2, steps: 5, learningRate: 0.01, prompt: 4, length: 6, tested: 4 },
  },
  transformer: {
    hidden: 8,
    batch: 2,
    steps: 25,
    lags: [5, 10],
    lengths: [8, 16],
    tokens: 32,
    contexts: [4, 8],
    streamHidden: 8,
  },
  scaling: {
    widths: { lstm: [8, 16], transformer: [8, 16] },
    batch: 4,
    window: 16,
    steps: 8,
    looks: 4,
    heldOut: 500,
  },
  defaults: {
    base: { hidden: 8, layers: 2, dropout: 0.3, learningRate: 1e-3, clip: 1, window: 16 },
    batch: 4,
    tokens: 512,
    text: 1000,
    heldOut: 400,
  },
};

let bench: Bench;
beforeAll(async () => {
  await engine.init({ threads: 1 });
  bench = { seeds: [0, 1, 2], text: await labText(), eigenvalues };
});

test("every experiment has a short set-up", () => {
  expect(Object.keys(short).toSorted()).toEqual(experiments.map(({ name }) => name).toSorted());
});

test.each(experiments.map((experiment) => [experiment.name, experiment] as const))(
  "%s runs from its set-up to its report",
  async (name, experiment) => {
    const settings = { ...experiment.settings.quick, ...short[name] };
    const running = experiment.measure(settings, bench);
    const shares: number[] = [];
    let next = running.next();
    for (; !next.done; next = running.next()) shares.push(next.value);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBeCloseTo(1);
    const numbers = asKept(next.value);
    const { outcome, because } = experiment.judge(numbers);
    expect(outcomes).toContain(outcome);
    expect(because).not.toMatch(/undefined|null|NaN|Infinity|\.$/);
    expect(experiment.setUp(settings)).not.toMatch(/undefined|NaN/);
    for (const { columns, rows } of experiment.tables(numbers)) {
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) {
        expect(row).toHaveLength(columns.length);
        expect(row.join(" ")).not.toMatch(/undefined|NaN/);
      }
    }
    const figures = experiment.figures(numbers);
    expect(figures.length).toBeGreaterThan(0);
    for (const figure of figures) expect((await figure.draw()).svg()).toMatch(/<path|<rect[^>]* y=/);
  },
);
