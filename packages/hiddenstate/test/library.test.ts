import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { load, train, type TrainingEvent, type TrainOptions } from "hiddenstate";
import { folder, text } from "./command.ts";

const small = { hidden: 16, layers: 1, batch: 4, bptt: 16 } as const;

async function eventsOf(options: TrainOptions): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of train(options)) events.push(event);
  return events;
}

describe("train and load, from TypeScript", () => {
  test("a file is learned from, and the model loaded, evaluated, streamed and made to write", async () => {
    const out = join(folder, "file");
    const events = await eventsOf({ task: "lm", data: text, out, ...small, steps: 30 });
    expect(events.map(({ type }) => type)).toContain("evaluation");
    expect(events.at(-1)).toMatchObject({ type: "end", reason: "budget", step: 30 });

    const model = await load(out, { task: "lm" });
    const { loss } = await model.evaluate("the quick brown fox");
    expect(loss).toBeLessThan(4);
    let written = "";
    for await (const piece of model.generate({ prompt: "the ", length: 20 })) written += piece;
    expect(written).toHaveLength(20);
    const stream = model.stream();
    stream.push("the ");
    expect(JSON.parse(JSON.stringify(stream.state()))).toEqual(stream.state());
  });

  test("texts are learned from as they are", async () => {
    const data = { training: "abc".repeat(500), validation: "abc".repeat(20) };
    const [first] = await eventsOf({ task: "lm", data, out: join(folder, "texts"), ...small, steps: 2 });
    expect(first).toMatchObject({ type: "start", trainingTokens: 1500, validationTokens: 60 });
  });

  test("series are learned from as they are, forecast, tested and watched", async () => {
    const values = Array.from(
      { length: 80 },
      (_, t) => 10 + 3 * Math.sin((2 * Math.PI * t) / 8) + 0.1 * Math.sin(t * t),
    );
    const out = join(folder, "series");
    const options = { hidden: 4, members: 1, steps: 20, test: 10, horizon: 2, context: 16 } as const;
    const events = await eventsOf({ task: "forecast", data: [{ id: "tide", values }], out, ...options });
    expect(events.at(-1)).toMatchObject({ type: "end", step: 20 });
    const model = await load(out, { task: "forecast" });
    const [forecast] = await model.forecast([{ id: "tide", values }], 3);
    expect(forecast).toMatchObject({ id: "tide", dates: null });
    expect(forecast.values).toHaveLength(3);
    expect((await model.backtest([{ id: "tide", values }])).origins).toBe(9);
    expect(model.stream({ series: { id: "tide", values } }).push({ value: 40 }).odd).toBe(true);
  });

  test("the model is what train returns", async () => {
    const run = train({ task: "lm", data: text, out: join(folder, "returned"), ...small, steps: 2 });
    let next = await run.next();
    while (!next.done) next = await run.next();
    expect(next.value.parameterCount).toBeGreaterThan(2000);
  });

  test("an aborted signal ends the run with what was learned saved", async () => {
    const controller = new AbortController();
    const out = join(folder, "aborted");
    const events: TrainingEvent[] = [];
    const options = { task: "lm", data: text, out, ...small, steps: 1000, evaluateEvery: 5 } as const;
    for await (const event of train({ ...options, signal: controller.signal })) {
      events.push(event);
      if (event.type === "evaluation") controller.abort();
    }
    expect(events.at(-1)).toMatchObject({ type: "end", reason: "interrupted", step: 5 });
    const [start] = await eventsOf({ task: "lm", data: text, out, resume: true, steps: 7 });
    expect(start).toMatchObject({ type: "start", step: 5 });
  });

  test("options that are none are refused before anything is written", async () => {
    const out = join(folder, "refused");
    const options = { task: "lm", data: text, out, hiddn: 3 } as unknown as TrainOptions;
    await expect(eventsOf(options)).rejects.toMatchObject({
      code: "unknown",
      message: expect.stringContaining("hidden") as string,
    });
    await expect(eventsOf({ task: "lm", data: text, out, steps: 1, epochs: 1 })).rejects.toMatchObject({
      code: "invalid",
    });
    expect(existsSync(out)).toBe(false);
  });

  test("another engine than the one that runs is refused", async () => {
    await expect(load(join(folder, "file"), { backend: "reference" })).rejects.toMatchObject({ code: "mismatch" });
  });
});
