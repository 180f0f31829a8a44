import { beforeAll, expect, test } from "vitest";
import { engine } from "../engine.ts";
import { MemoryStorage } from "../io/model-storage.ts";
import { tensor } from "../memory/tensor.ts";
import { trainClassifier } from "../tasks/classification/train-classifier.ts";
import type { TrainingEvent } from "../train/events.ts";
import { AveragedParameters } from "./averaged-parameters.ts";

beforeAll(async () => void (await engine.init({ threads: 1, seed: 0 })));

test("the mean follows its equation, and is exchanged with the parameters and back", () => {
  const weight = tensor([1, 2, 3], [3]).persist();
  const average = new AveragedParameters(new Map([["weight", weight]]), 0.5);
  const expected = [1, 2, 3];
  for (let step = 0; step < 4; step++) {
    const now = [step, -step, 2 * step];
    weight.assign(now);
    average.update(step);
    const decay = Math.min(0.5, (1 + step) / (10 + step));
    now.forEach((value, i) => (expected[i] = decay * expected[i] + (1 - decay) * value));
  }
  average.exchange();
  expect([...weight.dataSync()].map((value, i) => value - expected[i])).toEqual(
    expected.map(() => expect.closeTo(0, 6) as number),
  );
  average.exchange();
  expect([...weight.dataSync()]).toEqual([3, -3, 6]);
  average.end();
  weight.end();
});

const words = Array.from({ length: 24 }, (_, i) => ({
  input: `${"aeioubcdfg"[i % 10]}n${i % 7}`,
  target: i % 10 < 5 ? "v" : "c",
}));
const options = {
  hidden: 8,
  layers: 1,
  dropout: 0.1,
  batch: 8,
  lr: 0.02,
  evaluateEvery: 4,
  average: 0.9,
  seed: 1,
} as const;

test("a run that is interrupted and resumed has the same means to the byte, and one without means is refused", async () => {
  const whole = new MemoryStorage();
  for await (const event of trainClassifier({ training: words }, { ...options, steps: 12 }, { storage: whole }))
    void event;
  const parts = new MemoryStorage();
  const abort = new AbortController();
  const first = trainClassifier(
    { training: words },
    { ...options, steps: 12 },
    { storage: parts, signal: abort.signal },
  );
  for await (const event of first) if (event.type === "evaluation" && event.step === 4) abort.abort();
  const without = trainClassifier(
    { training: words },
    { ...options, average: 0, steps: 12 },
    { storage: parts, resume: true },
  );
  await expect(without.next()).rejects.toThrow(/average was 0\.9, is 0/);
  const resumed: TrainingEvent[] = [];
  const rest = trainClassifier({ training: words }, { ...options, steps: 12 }, { storage: parts, resume: true });
  for await (const event of rest) resumed.push(event);
  expect(resumed[0]).toMatchObject({ type: "start", step: 4 });
  expect(await parts.read("model.safetensors")).toEqual(await whole.read("model.safetensors"));
});

test("means do not change where training goes", async () => {
  const steps = async (average: number): Promise<number[]> => {
    const losses: number[] = [];
    const run = trainClassifier(
      { training: words },
      { ...options, average, steps: 8, logEvery: 1 },
      { storage: new MemoryStorage() },
    );
    for await (const event of run) if (event.type === "step") losses.push(event.loss);
    return losses;
  };
  expect(await steps(0.9)).toEqual(await steps(0));
});
