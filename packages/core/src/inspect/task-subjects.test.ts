import { beforeAll, describe, expect, test } from "vitest";
import { engine } from "../engine.ts";
import { MemoryStorage } from "../io/model-storage.ts";
import { Random, randomKey } from "../memory/random.ts";
import type { SequenceExample } from "../tasks/classification/classification-data.ts";
import type { ClassifierModel } from "../tasks/classification/classifier-model.ts";
import { trainForecaster } from "../tasks/forecasting/train-forecaster.ts";
import { trainTagger } from "../tasks/tagging/train-tagger.ts";
import { type ClassifierTraining, trainClassifier } from "../tasks/classification/train-classifier.ts";
import { ClassifierSubject } from "./classifier-subject.ts";
import { ForecastSubject } from "./forecast-subject.ts";
import { inspection, type InspectionReport } from "./inspection.ts";
import type { InspectionSubject } from "./subject.ts";
import { TaggerSubject } from "./tagger-subject.ts";

const random = new Random(randomKey(0, "test"));

function finish<T>(work: Generator<unknown, T>): T {
  let next = work.next();
  while (!next.done) next = work.next();
  return next.value;
}

async function trained<T>(run: AsyncGenerator<unknown, T>): Promise<T> {
  let next = await run.next();
  while (!next.done) next = await run.next();
  return next.value;
}

const report = (subject: InspectionSubject): InspectionReport => finish(inspection(subject));
const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const lossesOf = (subject: InspectionSubject, context: number | null): ArrayLike<number> => {
  if (typeof subject.losses !== "function") throw new Error(subject.losses.without);
  return finish(subject.losses(context));
};

beforeAll(() => engine.init({ backend: "wasm", seed: 0 }));

describe("a classifier", () => {
  const examples: SequenceExample[] = Array.from({ length: 60 }, () => {
    const letters = Array.from({ length: 4 + random.integer(8) }, () => "ab"[random.integer(2)]).join("");
    return { input: letters, target: letters.startsWith("a") ? "first" : "second" };
  });
  const train = (options: ClassifierTraining): Promise<ClassifierModel> =>
    trained(
      trainClassifier(
        { training: examples, validation: examples },
        { hidden: 8, layers: 1, steps: 5, ...options },
        {
          storage: new MemoryStorage(),
        },
      ),
    );

  test("has the losses of its own evaluation, and with a cut context those of the sequences' ends", async () => {
    const model = await train({ bidirectional: false, pooling: "last" });
    const subject = new ClassifierSubject(model, examples);
    expect(mean(lossesOf(subject, null))).toBeCloseTo((await model.evaluate(examples)).loss, 5);
    const ends = examples.map(({ input, target }) => ({ input: (input as string).slice(-3), target }));
    expect(mean(lossesOf(subject, 3))).toBeCloseTo((await model.evaluate(ends)).loss, 5);
  });

  test("that reads one way and keeps its last state has everything but a window", async () => {
    const model = await train({ bidirectional: false, pooling: "last", cell: "gru" });
    const found = report(new ClassifierSubject(model, examples));
    expect(found.gradientFlow.layers.map(({ direction }) => direction)).toEqual(["forward"]);
    expect(found.gradientFlow.layers[0].rows[0]).toBe(60);
    expect(found.advice.sentences[0]).toMatch(/^The gradient/);
    expect(found.lyapunov).toEqual({ without: expect.stringContaining("the longest sequence has 11 steps") as string });
  });

  test("that reads both ways and pools says what that does to the measurements", async () => {
    const found = report(new ClassifierSubject(await train({ bidirectional: true, pooling: "max" }), examples));
    expect(found.gradientFlow.note).toContain("the max pooling reaches every step at once");
    expect(found.advice.sentences.some((sentence) => sentence.startsWith("The gradient"))).toBe(false);
    expect(found.lyapunov).toEqual({ without: expect.stringContaining("bidirectional") as string });
  });

  test("of numbers has squared errors", async () => {
    const rows = Array.from({ length: 40 }, (_, i): SequenceExample => ({
      input: Array.from({ length: 6 }, () => [random.normal(), i]),
      target: i,
    }));
    const model = await trained(
      trainClassifier(
        { training: rows, validation: rows },
        { hidden: 6, layers: 1, steps: 3 },
        { storage: new MemoryStorage() },
      ),
    );
    const found = await model.evaluate(rows);
    const { target } = model.config;
    const [rmse, deviation] = [(found as { rmse: number }).rmse, (target as { deviation: number }).deviation];
    expect(mean(lossesOf(new ClassifierSubject(model, rows), null))).toBeCloseTo((rmse / deviation) ** 2, 5);
  });

  test("refuses examples of another kind, naming them", async () => {
    const model = await train({});
    expect(() => new ClassifierSubject(model, [{ input: [1, 2], target: "first", place: "rows.csv:2" }])).toThrow(
      /rows\.csv:2: mismatch in input/,
    );
    expect(() => new ClassifierSubject(model, [])).toThrow(/there are none/);
  });
});

describe("a tagger", () => {
  const sentences = Array.from({ length: 40 }, () => {
    const words = Array.from({ length: 3 + random.integer(5) }, () => ["the", "dog", "barks"][random.integer(3)]);
    return { words, tags: words.map((word) => ({ the: "DET", dog: "NOUN", barks: "VERB" })[word]!) };
  });
  const options = { hidden: 8, embedding: 6, characterEmbedding: 4, characterHidden: 4, affixEmbedding: 2, steps: 4 };

  test.each([false, true])("with a field: %s, is inspected at one word of each sentence", async (crf) => {
    const run = trainTagger(
      { training: sentences, validation: sentences },
      { ...options, crf },
      { storage: new MemoryStorage() },
    );
    const found = report(new TaggerSubject(await trained(run), sentences));
    expect(found.gradientFlow.layers.map(({ direction }) => direction)).toEqual(["forward", "reverse"]);
    expect(found.gradientFlow.layers[0].rows[0]).toBe(40);
    expect(found.gradientFlow.note?.includes("without the conditional random field")).toBe(crf);
    expect(found.useOfThePast).toMatchObject({ cut: "the word and k - 1 on each side", examples: 40 });
  });

  test("with a context as long as the sentences has the losses of all of them", async () => {
    const run = trainTagger({ training: sentences, validation: sentences }, options, { storage: new MemoryStorage() });
    const subject = new TaggerSubject(await trained(run), sentences);
    const [whole, cut] = [lossesOf(subject, null), lossesOf(subject, 8)];
    for (let i = 0; i < 40; i++) expect(cut[i]).toBeCloseTo(whole[i], 5);
    expect(mean(lossesOf(subject, 1))).not.toBeCloseTo(mean(whole), 5);
  });

  test("refuses sentences with other tags, saying which it knows", async () => {
    const run = trainTagger({ training: sentences, validation: sentences }, options, { storage: new MemoryStorage() });
    const model = await trained(run);
    expect(() => new TaggerSubject(model, [{ words: ["dog"], tags: ["N"] }])).toThrow(/the model knows .*NOUN/);
  });
});

describe("a forecaster", () => {
  const values = Array.from({ length: 160 }, (_, t) => Math.sin(t / 4) + 0.1 * random.normal());

  test.each(["recursive", "direct"] as const)("of strategy %s is inspected along its window", async (strategy) => {
    const run = trainForecaster(
      [{ id: "a", values }],
      { hidden: 6, steps: 5, strategy, horizon: 2, context: 24 },
      {
        storage: new MemoryStorage(),
      },
    );
    const model = await trained(run);
    const subject = new ForecastSubject(model, [{ id: "a", values }]);
    const found = report(subject);
    const { context } = model.config.plan;
    expect(found.gradientFlow.lags).toBe(context - 1);
    expect(found.lyapunov).toMatchObject({ stability: expect.any(String) as string });
    const [whole, cut] = [lossesOf(subject, null), lossesOf(subject, context)];
    expect(Array.from(cut)).toEqual(Array.from(whole));
  });

  test("refuses series that are too short, saying how long they must be", async () => {
    const run = trainForecaster(
      [{ id: "a", values }],
      { hidden: 6, steps: 3, context: 24 },
      { storage: new MemoryStorage() },
    );
    const model = await trained(run);
    expect(() => new ForecastSubject(model, [{ id: "a", values: values.slice(0, 10) }])).toThrow(
      /window of 24 steps|steps/,
    );
  });
});
