import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { engine } from "../engine.ts";
import { MemoryStorage } from "../io/model-storage.ts";
import { tensor } from "../memory/tensor.ts";
import { trainLanguageModel } from "../tasks/language-modelling/train-language-model.ts";
import type { StepEvent } from "./events.ts";
import { readUpdate, watchUpdate } from "./update-ratios.ts";

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("an update's ratio is the norm of the step over the norm of the parameter before it", () => {
    const [a, b, zero] = [tensor([3, 4], [2]), tensor([0, 10], [2]), tensor([0, 0], [2])];
    const found = watchUpdate([a, b, zero]);
    a.assign([3, 4.5]);
    b.assign([0.6, 10.8]);
    zero.assign([1, 0]);
    const { updateRatio, updateRatios } = readUpdate(found(), ["a", "b", "zero"]);
    expect(updateRatios.a).toBeCloseTo(0.1, 6);
    expect(updateRatios.b).toBeCloseTo(0.1, 6);
    expect(Object.keys(updateRatios)).toEqual(["a", "b"]);
    expect(updateRatio).toBeCloseTo(Math.sqrt(0.25 + 1 + 1) / Math.sqrt(125), 6);
  });
});

describe("a training", () => {
  beforeAll(() => engine.init({ backend: "wasm", seed: 0 }));

  async function stepsOf(lr: number): Promise<StepEvent[]> {
    const text = "the quick brown fox jumps over the lazy dog. ".repeat(40);
    const options = { hidden: 16, layers: 1, batch: 4, bptt: 8, steps: 25, lr, optimizer: "sgd" } as const;
    const run = trainLanguageModel({ training: text }, options, { storage: new MemoryStorage() });
    const events: StepEvent[] = [];
    for await (const event of run) if (event.type === "step") events.push(event);
    return events;
  }

  test("says at every reading how far the last step went, for every parameter", async () => {
    const events = await stepsOf(0.1);
    expect(events.map(({ step }) => step)).toEqual([10, 20, 25]);
    for (const { updateRatio, updateRatios, gradientNorm, largestGradientNorm } of events.slice(0, 2)) {
      expect(updateRatio).toBeGreaterThan(0);
      expect(Object.keys(updateRatios!)).toContain("rnn.weight_hh_l0");
      expect(largestGradientNorm).toBeGreaterThanOrEqual(gradientNorm);
    }
  });

  test("with plain gradient descent goes twice as far in the first steps for twice the learning rate", async () => {
    const [[slow], [fast]] = [await stepsOf(1e-4), await stepsOf(2e-4)];
    expect(fast.updateRatio! / slow.updateRatio!).toBeCloseTo(2, 2);
  });
});
