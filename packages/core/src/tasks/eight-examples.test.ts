import { beforeAll, describe, expect, test } from "vitest";
import { engine } from "../engine.ts";
import { MemoryStorage } from "../io/model-storage.ts";
import type { EvaluationEvent, TrainingEvent } from "../train/events.ts";
import { trainTagger } from "./tagging/train-tagger.ts";
import { trainClassifier } from "./classification/train-classifier.ts";
import { trainLanguageModel } from "./language-modelling/train-language-model.ts";

beforeAll(async () => void (await engine.init({ threads: 1, seed: 0 })));

/** Eight examples are learned by heart by whatever learns at all: tested on the very same, the loss ends near zero. */
const options = {
  hidden: 24,
  layers: 1,
  dropout: 0,
  lr: 0.02,
  batch: 8,
  steps: 120,
  evaluateEvery: 120,
  seed: 3,
} as const;

async function lossOf(run: AsyncGenerator<TrainingEvent, unknown>): Promise<number> {
  let last: EvaluationEvent | undefined;
  for await (const event of run) if (event.type === "evaluation") last = event;
  return last!.loss;
}

const where = (): { storage: MemoryStorage } => ({ storage: new MemoryStorage() });
const names = ["Abel", "Boris", "Cleo", "Dunja", "Emil", "Fedor", "Gwen", "Hugo"];

describe("eight examples are learned to near-zero loss", () => {
  test.each(["last", "mean", "max", "attention"] as const)("texts to labels, pooled by %s", async (pooling) => {
    const training = names.map((input, i) => ({ input, target: "abcd"[(i * 3) % 4] }));
    expect(
      await lossOf(trainClassifier({ training, validation: training }, { ...options, pooling }, where())),
    ).toBeLessThan(0.01);
  });

  test.each(["rnn", "lstm", "gru"] as const)("rows of numbers to labels, with %s", async (cell) => {
    const rows = (i: number): number[][] =>
      Array.from({ length: 2 + (i % 4) }, (_, t) => [Math.sin(i * 5 + t), Math.cos(i + t * 2)]);
    const training = names.map((_, i) => ({ input: rows(i), target: i % 2 ? "odd" : "even" }));
    expect(
      await lossOf(trainClassifier({ training, validation: training }, { ...options, cell }, where())),
    ).toBeLessThan(0.01);
  });

  test("rows of numbers to a number", async () => {
    const training = names.map((_, i) => ({
      input: Array.from({ length: 1 + (i % 5) }, (__, t) => Math.sin(i * 3 + t)),
      target: (i * 5) % 8,
    }));
    expect(await lossOf(trainClassifier({ training, validation: training }, options, where()))).toBeLessThan(0.01);
  });

  test.each([false, true])("words to tags, conditional random field: %s", async (crf) => {
    const training = names.map((name, i) => ({
      words: [name, ["sees", "hears"][i % 2], names[(i * 3) % 8]],
      tags: ["A", "BC"[(i >> 1) % 2], "DEF"[i % 3]],
    }));
    const small = {
      embedding: 16,
      characterEmbedding: 8,
      characterHidden: 8,
      affixEmbedding: 4,
      wordDropout: 0,
      minimumCount: 1,
    };
    const run = trainTagger({ training, validation: training }, { ...options, ...small, crf }, where());
    expect(await lossOf(run)).toBeLessThan(0.01);
  });

  test("a text to itself", async () => {
    const text = names.join(" and ");
    const run = trainLanguageModel({ training: text.repeat(8), validation: text }, { ...options, bptt: 32 }, where());
    // What follows the first characters of a name can't be known.
    expect(await lossOf(run)).toBeLessThan(0.25);
  });
});
