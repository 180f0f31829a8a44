import { beforeAll, describe, expect, test } from "vitest";
import type { Series } from "../../data/series/series.ts";
import { engine } from "../../engine.ts";
import { MemoryStorage } from "../../io/model-storage.ts";
import { Random, randomKey } from "../../memory/random.ts";
import type { TrainingEvent } from "../../train/events.ts";
import type { TrainingRunOptions } from "../training-run-options.ts";
import type { ForecasterModel } from "./forecaster-model.ts";
import { type ForecasterTraining, trainForecaster } from "./train-forecaster.ts";

const small: ForecasterTraining = {
  hidden: 6,
  context: 8,
  members: 2,
  steps: 12,
  evaluateEvery: 4,
  logEvery: 4,
  lr: 0.01,
  batch: 8,
  seed: 3,
};

interface Outcome {
  events: TrainingEvent[];
  model: ForecasterModel;
}

async function run(
  series: readonly Series[],
  options: ForecasterTraining,
  where: Partial<TrainingRunOptions> = {},
  onEvent?: (event: TrainingEvent) => void,
): Promise<Outcome> {
  const training = trainForecaster(series, options, { storage: new MemoryStorage(), ...where });
  const events: TrainingEvent[] = [];
  for (;;) {
    const next = await training.next();
    if (next.done) return { events, model: next.value };
    events.push(next.value);
    onEvent?.(next.value);
  }
}

/** A season of 6, a trend and noise. */
function sales(count: number, seed = 0, level = 50): number[] {
  const random = new Random(randomKey(seed, "test"));
  return Array.from(
    { length: count },
    (_, t) => level + 0.2 * t + 8 * Math.sin((2 * Math.PI * t) / 6) + random.normal(),
  );
}

beforeAll(() => engine.init({ threads: 1 }));

describe("a run", () => {
  test("tells what it chose, learns, and keeps the best", async () => {
    const storage = new MemoryStorage();
    const { events, model } = await run([{ values: sales(90) }], { ...small, test: 12 }, { storage });
    const notices = events.flatMap((event) => (event.type === "notice" ? [event.text] : []));
    expect(notices.join("\n")).toContain("seasonal differences: the season of 6 steps has strength");
    expect(events.at(-1)).toMatchObject({ type: "end", reason: "budget", step: 12 });
    const evaluations = events.filter((event) => event.type === "evaluation");
    expect(evaluations).toHaveLength(3);
    expect(evaluations.every(({ metrics }) => metrics!.rmse > 0 && metrics!.mae > 0)).toBe(true);
    expect(model.config).toMatchObject({ task: "forecast", members: 2, strategy: "recursive" });
    expect(model.config.trained["0"]).toMatchObject({ steps: 78 });
    expect([...storage.files.keys()].toSorted()).toEqual([
      "calibration.json",
      "config.json",
      "model.safetensors",
      "training/last.safetensors",
      "training/metrics.jsonl",
    ]);
  });

  test("ends early without a budget", async () => {
    const { steps, ...rest } = small;
    const { events } = await run([{ values: sales(60) }], { ...rest, lr: 1e-9 });
    expect(steps).toBe(12);
    expect(events.at(-1)).toMatchObject({ type: "end", reason: "early-stopping" });
  });

  test("has the same bytes as another with the same seed, and others with another seed", async () => {
    const bytes: Uint8Array[] = [];
    for (const seed of [3, 3, 4]) {
      const storage = new MemoryStorage();
      await run([{ values: sales(60) }], { ...small, seed }, { storage });
      bytes.push(storage.files.get("model.safetensors")!);
    }
    expect(bytes[0]).toEqual(bytes[1]);
    expect(bytes[0]).not.toEqual(bytes[2]);
  });

  test("that was stopped and goes on ends with the bytes of one that was not", async () => {
    const whole = new MemoryStorage();
    await run([{ values: sales(60) }], { ...small, dropout: 0.2 }, { storage: whole });
    const storage = new MemoryStorage();
    const interruption = new AbortController();
    await run(
      [{ values: sales(60) }],
      { ...small, dropout: 0.2 },
      { storage, signal: interruption.signal },
      (event) => {
        if (event.type === "step" && event.step === 8) interruption.abort();
      },
    );
    // What is measured at the end would keep whoever interrupts waiting.
    expect([...storage.files.keys()]).not.toContain("calibration.json");
    const { events } = await run([{ values: sales(60) }], { ...small, dropout: 0.2 }, { storage, resume: true });
    expect(events[0]).toMatchObject({ type: "start", step: 8 });
    for (const path of ["config.json", "model.safetensors", "calibration.json"])
      expect(storage.files.get(path)).toEqual(whole.files.get(path));
    const other = [{ values: sales(60, 1) }];
    await expect(run(other, { ...small, dropout: 0.2 }, { storage, resume: true })).rejects.toThrow(
      "was trained otherwise",
    );
  });

  test.each(["recursive", "direct"] as const)("fits eight examples (%s)", async (strategy) => {
    const random = new Random(randomKey(5, "test"));
    const values = Array.from({ length: 16 }, () => random.normal());
    const options: ForecasterTraining = {
      ...small,
      strategy,
      horizon: strategy === "direct" ? 2 : 1,
      context: 4,
      members: 1,
      difference: "none",
      season: 1,
      log: "off",
      head: "point",
      dropout: 0,
      hidden: 32,
      lags: [1, 2, 3, 4],
      lr: 0.03,
      steps: 400,
    };
    const { events } = await run([{ values }], { ...options, evaluateEvery: 400 });
    const losses = events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
    expect(losses.at(-1)).toBeLessThan(0.01);
  });
});

describe("no loss is lost at the edges", () => {
  const dates = Array.from({ length: 90 }, (_, t) => Date.UTC(2024, 0, 1 + t));
  const losses = async (values: number[], options: ForecasterTraining): Promise<number[]> => {
    const { events } = await run([{ values, dates }], { ...small, logEvery: 1, ...options });
    return events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
  };

  test.each<[string, ForecasterTraining]>([
    ["steps forecast at once", { strategy: "direct", horizon: 6 }],
    ["windows with scales of their own", { scaling: "window" }],
  ])("%s read the calendar past the training part's end", async (_, options) => {
    // An epoch and more: the last window is among those read.
    const found = await losses(sales(90), { ...options, calendar: ["week"] });
    expect(found).toHaveLength(12);
    expect(found.every(Number.isFinite)).toBe(true);
  });

  test("lags that fill a window centred by its own mean, and so add up to 0, get no endless weights", async () => {
    const lags = Array.from({ length: 10 }, (_, i) => i + 1);
    const found = await losses(sales(90), { scaling: "window", difference: "first", lags });
    expect(Math.max(...found)).toBeLessThan(1000);
  });

  test.each<[string, number]>([
    ["missing", NaN],
    ["still", 50],
  ])("a window in which all is %s has the series' spread so far", async (_, filling) => {
    const values = sales(90).map((value, t) => (t >= 40 && t < 60 ? filling : value));
    const found = await losses(values, { scaling: "window", difference: "first" });
    expect(Math.max(...found)).toBeLessThan(1000);
  });
});

describe("a run from a trained model", () => {
  test("starts where that one ended, with the scales of its own series", async () => {
    const first = new MemoryStorage();
    const old = await run([{ values: sales(90) }], { ...small, scaling: "standard" }, { storage: first });
    const series = [{ values: sales(90).map((value) => 10 * value) }];
    const { events, model } = await run(series, { ...small, lr: 1e-9 }, { from: first });
    const evaluation = events.find((event) => event.type === "evaluation");
    const best = old.events.filter((event) => event.type === "evaluation").findLast((event) => event.best)!;
    expect(evaluation!.loss).toBeCloseTo(best.loss, 3);
    expect(evaluation!.metrics!.rmse).toBeCloseTo(10 * best.metrics!.rmse, 1);
    expect(model.config.plan.inputs).toEqual(old.model.config.plan.inputs);
  });

  test("refuses what does not fit it", async () => {
    const first = new MemoryStorage();
    await run([{ values: sales(90) }], small, { storage: first });
    const series = [{ values: sales(90) }];
    await expect(run(series, { ...small, hidden: 7 }, { from: first })).rejects.toThrow(
      "train: mismatch in hidden: got 7",
    );
    await expect(run(series, { ...small, lags: [1] }, { from: first })).rejects.toThrow("train: mismatch in lags");
    await expect(run([{ ...series[0], known: { x: sales(90) } }], small, { from: first })).rejects.toThrow(
      "series 0: mismatch in known covariates: got x, expected none as the model to start from has",
    );
  });
});

describe("it learns what a linear autoregression can't", () => {
  test("the logistic map, with a fifth of the error of least squares", async () => {
    let x = 0.3;
    const values = Array.from({ length: 500 }, () => (x = 3.8 * x * (1 - x)));
    const options: ForecasterTraining = { test: 100, members: 1, hidden: 16, head: "point", lr: 0.01, steps: 400 };
    const { model } = await run([{ values }], options);
    const { scores } = await model.backtest([{ values }]);
    expect(scores.model.rmse).toBeLessThan(0.2 * scores.autoregression.rmse);
  });
});
