import { beforeAll, describe, expect, test } from "vitest";
import type { TokenizerKind } from "../../data/tokenizer.ts";
import { engine } from "../../engine.ts";
import { MemoryStorage } from "../../io/model-storage.ts";
import { recurrentKinds } from "../../nn/cell-choice.ts";
import type { EvaluationEvent, TrainingEvent } from "../../train/events.ts";
import type { SamplingSchedule } from "../../train/sampling-schedule.ts";
import type { TrainingRunOptions } from "../training-run-options.ts";
import type { TranslationData, TranslationPair } from "./pair-data.ts";
import { trainTranslator, type TranslatorTraining } from "./train-translator.ts";
import { loadTranslator, type TranslatorModel } from "./translator-model.ts";

const small: TranslatorTraining = {
  hidden: 10,
  embedding: 6,
  dropout: 0,
  batch: 4,
  lr: 0.02,
  steps: 30,
  evaluateEvery: 10,
  seed: 1,
};

/** Words and the same words backwards, in capitals. */
const words = ["abc", "bca", "cab", "ac", "cb", "ba", "a", "bb", "acb", "caa"];
const reversed = words.map((word): TranslationPair => {
  return { source: word, target: Array.from(word).toReversed().join("").toUpperCase() };
});
const sourcesOf = (pairs: readonly TranslationPair[]): string[] => pairs.map(({ source }) => source);
const targetsOf = (pairs: readonly TranslationPair[]): string[] => pairs.map(({ target }) => target);

interface Outcome {
  events: TrainingEvent[];
  model: TranslatorModel;
}

async function run(
  data: TranslationData,
  options: TranslatorTraining,
  where: TrainingRunOptions = { storage: new MemoryStorage() },
  onEvent?: (event: TrainingEvent) => void,
): Promise<Outcome> {
  const training = trainTranslator(data, options, where);
  const events: TrainingEvent[] = [];
  for (;;) {
    const next = await training.next();
    if (next.done) return { events, model: next.value };
    events.push(next.value);
    onEvent?.(next.value);
  }
}

function lastEvaluation(events: readonly TrainingEvent[]): EvaluationEvent {
  return events.findLast((event) => event.type === "evaluation")!;
}

const both: TranslationData = { training: reversed, validation: reversed };

beforeAll(() => engine.init({ backend: "reference" }));

test.each<[string, TranslatorTraining]>([
  ...recurrentKinds.map((cell): [string, TranslatorTraining] => [cell, { cell }]),
  ["two layers, additive attention, input feeding", { layers: 2, attention: "additive", inputFeeding: true }],
  ["bytes", { tokenizer: "byte" }],
])("%s: learns to write ten words backwards", async (_, options) => {
  const training = { ...small, hidden: 16, ...options, steps: 200, evaluateEvery: 200 };
  const { events, model } = await run(both, training);
  expect(lastEvaluation(events).metrics).toMatchObject({ exactMatch: 1, tokenAccuracy: 1 });
  const found = await model.translate(sourcesOf(reversed));
  expect(found.map(({ text }) => text)).toEqual(targetsOf(reversed));
  expect(found.every(({ complete, probability }) => complete && probability > 0.5)).toBe(true);
});

test.each<[TokenizerKind, TokenizerKind | undefined]>([
  ["word", undefined],
  ["word", "character"],
  ["byte", "word"],
])("learns from %ss to %ss", async (tokenizer, targetTokenizer) => {
  const pairs = [
    { source: "good day", target: "guten Tag" },
    { source: "good night", target: "gute Nacht" },
    { source: "the day is good", target: "der Tag ist gut" },
    { source: "the night is short", target: "die Nacht ist kurz" },
  ];
  const options = {
    ...small,
    hidden: 16,
    tokenizer,
    ...(targetTokenizer && { targetTokenizer }),
    steps: 150,
    evaluateEvery: 150,
  };
  const { model } = await run({ training: pairs, validation: pairs }, options);
  const found = await model.translate(sourcesOf(pairs));
  expect(found.map(({ text }) => text)).toEqual(targetsOf(pairs));
  expect((await model.evaluate(pairs)).bleu).toBeCloseTo(100, 6);
});

describe("a run", () => {
  test("tells loss, exact match, BLEU and token accuracy, and keeps the best", async () => {
    const { events, model } = await run(both, { ...small, steps: 60 });
    const tokens = targetsOf(reversed).reduce((sum, target) => sum + target.length + 1, 0);
    expect(events[0]).toMatchObject({
      type: "start",
      trainingTokens: tokens,
      validationTokens: tokens,
      stepsPerEpoch: 3,
    });
    expect(Object.keys(lastEvaluation(events).metrics!)).toEqual(["exactMatch", "bleu", "tokenAccuracy"]);
    const end = events.at(-1) as Extract<TrainingEvent, { type: "end" }>;
    const evaluation = await model.evaluate(reversed);
    expect(evaluation).toMatchObject({ ...end.best!.metrics, loss: end.best!.loss, tokens, pairs: reversed.length });
    expect(evaluation.outputs.filter((output, i) => output === reversed[i].target).length / reversed.length).toBe(
      evaluation.exactMatch,
    );
  });

  test("holds out a tenth of the different sources", async () => {
    const { events } = await run({ training: [...reversed, ...reversed] }, { ...small, steps: 1 });
    const { trainingTokens, validationTokens } = events[0] as { trainingTokens: number; validationTokens: number };
    const tokens = 2 * targetsOf(reversed).reduce((sum, target) => sum + target.length + 1, 0);
    expect(trainingTokens + validationTokens).toBe(tokens);
    expect([4, 6, 8]).toContain(validationTokens);
  });

  test("has the same bytes as another with the same seed, and others with another seed", async () => {
    const bytes: Uint8Array[] = [];
    for (const seed of [3, 3, 4]) {
      const storage = new MemoryStorage();
      await run(both, { ...small, seed }, { storage });
      bytes.push(storage.files.get("model.safetensors")!);
    }
    expect(bytes[0]).toEqual(bytes[1]);
    expect(bytes[0]).not.toEqual(bytes[2]);
  });

  test("interrupted between checkpoints and resumed ends with the bytes of one never stopped", async () => {
    const samplingSchedule: SamplingSchedule = { kind: "linear", steps: 20, most: 0.5 };
    const options: TranslatorTraining = {
      ...small,
      dropout: 0.2,
      inputFeeding: true,
      samplingSchedule,
      logEvery: 5,
      checkpointEvery: 7,
    };
    const whole = new MemoryStorage();
    await run(both, options, { storage: whole });
    const storage = new MemoryStorage();
    const controller = new AbortController();
    await run(both, options, { storage, signal: controller.signal }, (event) => {
      if (event.type === "step" && event.step >= 12) controller.abort();
    });
    const { events } = await run(both, options, { storage, resume: true });
    expect(events[0]).toMatchObject({ type: "start", step: 14 });
    expect(storage.files.get("model.safetensors")).toEqual(whole.files.get("model.safetensors"));
    await expect(
      run(both, { ...options, samplingSchedule: { kind: "constant", rate: 0 } }, { storage, resume: true }),
    ).rejects.toThrow("samplingSchedule was");
  });

  test("with a sampling rate of 0 has the bytes of teacher forcing, with another rate other ones", async () => {
    const bytesWith = async (samplingSchedule?: SamplingSchedule): Promise<Uint8Array> => {
      const storage = new MemoryStorage();
      await run(both, { ...small, ...(samplingSchedule && { samplingSchedule }) }, { storage });
      return storage.files.get("model.safetensors")!;
    };
    const forced = await bytesWith();
    expect(await bytesWith({ kind: "constant", rate: 0 })).toEqual(forced);
    expect(await bytesWith({ kind: "constant", rate: 0.5 })).not.toEqual(forced);
  });

  test("tied, learns, is resumed to the byte and started from, and only from what is tied too", async () => {
    const { embedding: _, ...options } = {
      ...small,
      tied: true,
      steps: 40,
      checkpointEvery: 7,
      schedule: "constant" as const,
    };
    const [whole, storage] = [new MemoryStorage(), new MemoryStorage()];
    const { model, events } = await run(both, options, { storage: whole });
    const losses = events.flatMap((event) => (event.type === "evaluation" ? [event.loss] : []));
    expect(losses.at(-1)).toBeLessThan(0.9 * losses[0]);
    expect(model.config.architecture).toMatchObject({ tied: true, embedding: model.config.architecture.hidden });
    await run(both, { ...options, steps: 14 }, { storage });
    await run(both, options, { storage, resume: true });
    expect(storage.files.get("model.safetensors")).toEqual(whole.files.get("model.safetensors"));
    const again = await run(both, { ...options, steps: 1, lr: 1e-9 }, { storage: new MemoryStorage(), from: whole });
    expect((await again.model.evaluate(reversed)).loss).toBeCloseTo((await model.evaluate(reversed)).loss, 4);
    const plain = new MemoryStorage();
    await run(both, { ...small, steps: 1 }, { storage: plain });
    await expect(run(both, options, { storage: new MemoryStorage(), from: plain })).rejects.toThrow(
      "train: mismatch in tied: got true, but the model to start from has false",
    );
  });

  test("goes on from a trained model", async () => {
    const from = new MemoryStorage();
    const before = await run(both, { ...small, steps: 60 }, { storage: from });
    const storage = new MemoryStorage();
    const after = await run(both, { ...small, steps: 1, lr: 1e-9 }, { storage, from });
    expect((await after.model.evaluate(reversed)).loss).toBeCloseTo((await before.model.evaluate(reversed)).loss, 4);
    await expect(run(both, { ...small, hidden: 9 }, { storage, from })).rejects.toThrow(
      "train: mismatch in hidden: got 9, but the model to start from has 10",
    );
    await expect(run(both, { ...small, hidden: 10, tokenizer: "byte" }, { storage, from })).rejects.toThrow(
      'train: mismatch in tokenizer: got "byte", but the model to start from has "character"',
    );
  });
});

describe("a model", () => {
  let model: TranslatorModel;
  const storage = new MemoryStorage();
  beforeAll(async () => {
    ({ model } = await run(both, { ...small, steps: 80 }, { storage }));
  });

  test.each([{}, { beam: 3 }, { sample: true, seed: 5 }])(
    "writes the same alone, again and after loading: %j",
    async (options) => {
      const sources = [...sourcesOf(reversed), "zzz", "abcabcabcabc"];
      const together = await model.translate(sources, options);
      expect(await (await loadTranslator(storage)).translate(sources, options)).toEqual(together);
      // What is drawn of a source depends on its place among all.
      if ("sample" in options) return;
      for (const [i, source] of sources.entries())
        expect(await model.translate([source], options)).toEqual([together[i]]);
    },
  );

  test("draws other texts with another seed", async () => {
    const texts = async (seed: number): Promise<string[]> =>
      (await model.translate(sourcesOf(reversed), { sample: true, seed, temperature: 3 })).map(({ text }) => text);
    expect(await texts(1)).not.toEqual(await texts(2));
  });

  test("drawn at temperature 0 a text is the greedy one", async () => {
    const greedy = await model.translate(sourcesOf(reversed));
    expect(await model.translate(sourcesOf(reversed), { temperature: 0 })).toEqual(greedy);
  });

  test("a beam gives other texts too, best first, each once", async () => {
    const [{ text, probability, alternatives }] = await model.translate(["abc"], { beam: 4, lengthPenalty: 0 });
    const all = [{ text, probability }, ...alternatives!];
    expect(all.map((each) => each.probability)).toEqual(all.map((each) => each.probability).toSorted((a, b) => b - a));
    expect(new Set(all.map((each) => each.text)).size).toBe(all.length);
  });

  test("leaves places out of the exposure bias where no target has a known token", async () => {
    const { places, truth } = await model.exposureBias([{ source: "abc", target: "?" }]);
    expect(places).toEqual([{ place: 2, truth: expect.any(Number), own: expect.any(Number), pairs: 1 }]);
    expect(truth).toBe(places[0].truth);
  });

  test("is measured with a beam too", async () => {
    const [greedy, beam] = [await model.evaluate(reversed), await model.evaluate(reversed, { beam: 4 })];
    expect(beam.loss).toBe(greedy.loss);
    const best = await model.translate(sourcesOf(reversed), { beam: 4 });
    expect(beam.outputs).toEqual(best.map(({ text }) => text));
    await expect(model.evaluate(reversed, { beam: 0 })).rejects.toThrow("evaluate: invalid beam: got 0");
  });

  test("tells where it looked, by the tokens of both sides", async () => {
    const [{ text, attention }] = await model.translate(["abc"], { attention: true, longest: 6 });
    expect(attention!.source).toEqual(["a", "b", "c"]);
    expect(attention!.target).toEqual([...Array.from(text), ""]);
    expect(attention!.weights).toHaveLength(text.length + 1);
    for (const row of attention!.weights) expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
  });

  test("exposure bias: the truth's losses are the evaluation's, and the first place has none", async () => {
    const { places, truth, own } = await model.exposureBias(reversed);
    const { loss, tokens } = await model.evaluate(reversed);
    expect(truth).toBeCloseTo(loss, 6);
    expect(places.reduce((sum, { pairs }) => sum + pairs, 0)).toBe(tokens);
    expect(places[0].pairs).toBe(reversed.length);
    expect(places[0].own).toBeCloseTo(places[0].truth, 6);
    expect(places.reduce((sum, place) => sum + place.own * place.pairs, 0) / tokens).toBeCloseTo(own, 6);
  });

  test("a model that makes mistakes pays for reading them", async () => {
    const { model: raw } = await run(both, { ...small, steps: 25 });
    const { truth, own } = await raw.exposureBias(reversed);
    expect(own).toBeGreaterThan(truth + 0.01);
  });

  test("target tokens that the training had not count for nothing in the loss, and are never written", async () => {
    const strange = [...reversed, { source: "ab", target: "€" }];
    const [known, all] = [await model.evaluate(reversed), await model.evaluate(strange)];
    expect(all.tokens).toBe(known.tokens + 1);
    expect(all.exactMatch).toBeCloseTo((known.exactMatch * reversed.length) / strange.length, 12);
  });
});

describe("bad input", () => {
  const good = reversed[0];
  test.each<[string, TranslationPair[]]>([
    ["training: invalid pairs: there are none; give some", []],
    [
      "training[1]: invalid source: it is empty, expected a text; leave the pair out",
      [good, { source: "", target: "a" }],
    ],
    ["file:7: invalid target: it is empty", [good, { source: "a", target: "", place: "file:7" }]],
    ["training[0]: invalid target: got 3, expected a text", [{ source: "a", target: 3 as unknown as string }]],
  ])("%s", async (message, training) => {
    const validation = training.length === 0 ? undefined : [good];
    await expect(run({ training, validation }, small)).rejects.toThrow(message);
  });

  test.each<[string, TranslatorTraining]>([
    ['unknown option "atention"; did you mean "attention"?', { ...small, atention: "x" } as TranslatorTraining],
    ["mismatch in minimumCount: it does nothing with tokenizer character", { ...small, minimumCount: 2 }],
    ["samplingSchedule: invalid rate: got 2", { ...small, samplingSchedule: { kind: "constant", rate: 2 } }],
    ["mismatch in nonlinearity: it does nothing with cell lstm", { ...small, nonlinearity: "relu" }],
  ])("%s", async (message, options) => {
    await expect(run(both, options)).rejects.toThrow(message);
  });

  test("options of translate that are wrong, or do nothing, are refused", async () => {
    const { model } = await run(both, { ...small, steps: 1 });
    const refused = (options: object, message: string): Promise<void> =>
      expect(model.translate(["a"], options)).rejects.toThrow(message);
    await refused({ beam: 0 }, "translate: invalid beam: got 0, expected a whole number at least 1");
    await refused({ beam: 2, temperature: 1 }, "mismatch in temperature: it does nothing with beam");
    await refused({ lengthPenalty: 1 }, "mismatch in lengthPenalty: it does nothing without beam");
    await refused({ seed: 1 }, "mismatch in seed: it does nothing without sample: true");
    await expect(model.translate(["a", ""])).rejects.toThrow("translate: sources[1]: invalid source: it is empty");
  });
});
