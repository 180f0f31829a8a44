import {
  type CellKind,
  engine,
  ForecastStream,
  MemoryStorage,
  type Series,
  trainForecaster,
  type TrainingEvent,
  trainTranslator,
} from "@hiddenstate/core";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { forecastTask } from "./forecasting/forecast-task.ts";
import { sequenceSteps } from "./model-work.ts";
import { seq2seqTask } from "./translation/seq2seq.ts";

async function finish<Model>(run: AsyncGenerator<TrainingEvent, Model>): Promise<Model> {
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value;
  }
}

beforeAll(async () => engine.init({ seed: 0 }));

describe("the work that a model is timed with", () => {
  test.each<CellKind>(["lstm", "gru"])("is as many tokens to write for every translator: %s", async (cell) => {
    const training = Array.from({ length: 20 }, (_, i) => ({ source: `n ${i}`, target: String(i) }));
    const model = await finish(
      trainTranslator({ training }, { cell, hidden: 8, steps: 2 }, { storage: new MemoryStorage() }),
    );
    const step = vi.spyOn(model.model, "step");
    const work = seq2seqTask.work(model);
    expect(work.kind).toBe("sequence");
    if (work.kind === "sequence") await work.read();
    expect(step).toHaveBeenCalledTimes(sequenceSteps);
  });

  test("is a forecast at each step of a forecaster, whatever it reads beside the values", async () => {
    const steps = 80;
    const dates = Array.from({ length: steps }, (_, i) =>
      new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10),
    );
    const series = ["north", "south"].map((region, k): Series => {
      const values = dates.map((_, i) => 20 + 5 * Math.sin(i + k) + (i % 5));
      const price = values.map((value) => value / 10);
      return { id: region, categories: { region }, values, dates, known: { price }, observed: { visits: price } };
    });
    const model = await finish(trainForecaster(series, { hidden: 4, steps: 4 }, { storage: new MemoryStorage() }));
    const work = forecastTask.work(model);
    const push = vi.spyOn(ForecastStream.prototype, "push");
    if (work.kind !== "stream") throw new Error("a forecaster streams");
    const stream = work.open();
    for (let step = 0; step < 40; step++) stream.step();
    expect(push).toHaveBeenCalledTimes(40);
    for (const { value } of push.mock.results)
      expect(Number.isFinite((value as { expected: number | null }).expected)).toBe(true);
    expect(stream.stateBytes()).toBeGreaterThan(100);
  });
});
