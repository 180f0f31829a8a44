import { beforeAll, describe, expect, test } from "vitest";
import { engine } from "../engine.ts";
import { MemoryStorage } from "../io/model-storage.ts";
import { loadTraining } from "../io/training-files.ts";
import type { TrainingEvent } from "../train/events.ts";
import { LanguageModel } from "./language-modelling/language-model.ts";
import { trainTagger } from "./tagging/train-tagger.ts";
import { trainClassifier } from "./classification/train-classifier.ts";
import { type LanguageModelTraining, trainLanguageModel } from "./language-modelling/train-language-model.ts";
import type { TrainingRunOptions } from "./training-run-options.ts";

const text = "the quick brown fox jumps over the lazy dog. ".repeat(20);
const small: LanguageModelTraining = {
  cell: "transformer",
  hidden: 16,
  heads: 2,
  positions: 12,
  dropout: 0.1,
  bptt: 8,
  batch: 4,
  steps: 30,
  lr: 0.01,
  evaluateEvery: 10,
  seed: 3,
};

async function finish<T>(run: AsyncGenerator<TrainingEvent, T>): Promise<{ model: T; loss: number }> {
  let loss = NaN;
  for (;;) {
    const next = await run.next();
    if (next.done) return { model: next.value, loss };
    if (next.value.type === "evaluation") loss = next.value.loss;
  }
}

beforeAll(() => engine.init());

describe("a language model of a Transformer", () => {
  const train = (options: LanguageModelTraining, where: TrainingRunOptions) =>
    finish(trainLanguageModel({ training: text }, options, where));

  test("learns, and writes with its cache what it expects", async () => {
    const { model, loss } = await train({ ...small, steps: 200, dropout: 0 }, { storage: new MemoryStorage() });
    expect(loss).toBeLessThan(0.3);
    expect((await model.evaluate(text)).loss).toBeLessThan(0.3);
    let written = "";
    for await (const piece of model.generate({ prompt: "the quick brown ", length: 60, temperature: 0.1 }))
      written += piece;
    expect(written).toMatch(/^fox jumps over the lazy dog\. the quick/);
  });

  test("goes on from a checkpoint in the middle of the text with the bytes of a run that was never stopped", async () => {
    const [whole, inParts] = [new MemoryStorage(), new MemoryStorage()];
    await train(small, { storage: whole });
    await train({ ...small, steps: 13 }, { storage: inParts });
    await train(small, { storage: inParts, resume: true });
    expect(await inParts.read("model.safetensors")).toEqual(await whole.read("model.safetensors"));
    const [ended, resumed] = [await loadTraining(whole), await loadTraining(inParts)];
    for (const section of ["parameters", "carried"] as const) {
      for (const [name, values] of ended![section])
        expect(resumed![section].get(name)!.exactDataSync()).toEqual(values.exactDataSync());
    }
    expect([...ended!.carried.keys()].toSorted()).toEqual(["h", "positions"]);
  });

  test("reads overlapping windows", async () => {
    const { loss } = await train({ ...small, stride: 3 }, { storage: new MemoryStorage() });
    expect(loss).toBeLessThan(3);
  });

  test("refuses windows longer than its positions, heads that do not fit, and what does nothing", async () => {
    const refused = (options: LanguageModelTraining) =>
      train({ ...small, ...options }, { storage: new MemoryStorage() });
    await expect(refused({ bptt: 13 })).rejects.toThrow(
      "train: invalid bptt: got windows of 13 steps, expected at most 12, the Transformer's positions",
    );
    await expect(refused({ recompute: true })).rejects.toThrow("unsupported recompute with cell transformer");
    await expect(refused({ hidden: 18 })).rejects.toThrow("got 18, expected a multiple of 4 (2 x heads 2); use 20");
    await expect(refused({ cell: "lstm" })).rejects.toThrow(
      "mismatch in heads: it does nothing with cell lstm; leave it out, or use cell transformer",
    );
    await expect(refused({ resetAfter: true })).rejects.toThrow("it does nothing with cell transformer");
    const model = new LanguageModel({ vocabularySize: 5, cell: "transformer", hidden: 16 });
    expect(() => model.rnn).toThrow("languageModel.rnn: unsupported for cell transformer");
  });
});

describe("a classifier of a Transformer", () => {
  const words = "a e i o u b c d f g"
    .split(" ")
    .flatMap((first) => ["n", "nan", "rolo", "lum", "sitem"].map((rest) => first + rest));
  const training = words.map((word) => ({ input: word, target: "aeiou".includes(word[0]) ? "vowel" : "consonant" }));
  const options = { cell: "transformer", hidden: 16, heads: 2, layers: 1, steps: 80, lr: 0.01, batch: 16 } as const;

  test.each(["max", "mean", "last", "attention"] as const)(
    "learns where a word begins, pooled by %s",
    async (pooling) => {
      const { model } = await finish(
        trainClassifier({ training }, { ...options, pooling }, { storage: new MemoryStorage() }),
      );
      const found = await model.predict(["unan", "blum"]);
      expect(found.map((one) => (one.kind === "class" ? one.label : ""))).toEqual(["vowel", "consonant"]);
    },
  );

  test("asked about a sequence longer than its positions it names it", async () => {
    const { model } = await finish(
      trainClassifier({ training }, { ...options, steps: 1, positions: 6 }, { storage: new MemoryStorage() }),
    );
    const expected =
      "names.txt:7: invalid length: the sequence has 8 steps, expected at most 6, the Transformer's positions";
    await expect(model.predict(["un", "unanunan"], { places: ["names.txt:6", "names.txt:7"] })).rejects.toThrow(
      expected,
    );
    const examples = [{ input: "unanunan", target: "vowel", place: "names.txt:7" }];
    await expect(model.evaluate(examples)).rejects.toThrow(expected);
  });

  test("refuses sequences longer than its positions before it starts", async () => {
    const run = trainClassifier({ training }, { ...options, positions: 4 }, { storage: new MemoryStorage() });
    await expect(finish(run)).rejects.toThrow(
      "training: invalid length: the longest sequence has 6 steps, expected at most 4, the Transformer's positions; " +
        "use positions 6, or cut the long ones",
    );
  });
});

test("a tagger of a Transformer learns tags that depend on their neighbours", async () => {
  const sentence = (tagged: string): { words: string[]; tags: string[] } => {
    const pairs = tagged.split(" ").map((pair) => pair.split("/"));
    return { words: pairs.map(([word]) => word), tags: pairs.map(([, tag]) => tag) };
  };
  const training = [
    "the/D dog/N runs/V",
    "the/D run/N ends/V",
    "dogs/N run/V",
    "cats/N walk/V",
    "a/D walk/N ends/V the/D run/N",
    "the/D cats/N walk/V",
  ].map(sentence);
  const sizes = { hidden: 16, heads: 2, embedding: 8, characterEmbedding: 4, characterHidden: 4, affixEmbedding: 2 };
  const options = {
    cell: "transformer",
    ...sizes,
    dropout: 0,
    wordDropout: 0,
    batch: 4,
    steps: 100,
    lr: 0.02,
  } as const;
  const { model, loss } = await finish(
    trainTagger({ training, validation: training }, options, { storage: new MemoryStorage() }),
  );
  expect(loss).toBeLessThan(0.05);
  const found = await model.tag(training.map(({ words }) => words));
  expect(found.map(({ tags }) => tags)).toEqual(training.map(({ tags }) => tags));
  const many = Array.from({ length: 300 }, () => "dogs");
  const tooLong =
    "a.txt:2: invalid length: the sequence has 300 steps, expected at most 256, the Transformer's positions";
  await expect(model.tag([["a"], many], { places: ["a.txt:1", "a.txt:2"] })).rejects.toThrow(tooLong);
  await expect(model.evaluate([{ words: many, tags: many, place: "a.txt:2" }])).rejects.toThrow(tooLong);
  const long = [{ words: Array.from({ length: 9 }, () => "dogs"), tags: Array.from({ length: 9 }, () => "N") }];
  const refused = trainTagger(
    { training: [...training, ...long], validation: training },
    { ...options, positions: 8 },
    { storage: new MemoryStorage() },
  );
  await expect(finish(refused)).rejects.toThrow("the longest sequence has 9 steps, expected at most 8");
});
