import { beforeAll, describe, expect, test } from "vitest";
import { allowed, type RecurrentColumn, switchedOn } from "../../test/cell-combinations.ts";
import { integers } from "../../test/draws.ts";
import { engine } from "../engine.ts";
import { MemoryStorage } from "../io/model-storage.ts";
import { decodeVerified, decodeVerifiedJson, encodeVerified, encodeVerifiedJson } from "../io/verified.ts";
import { type CellKind, recurrentKinds } from "../nn/cell-choice.ts";
import type { CellOptions } from "../nn/cell-options.ts";
import { LSTM } from "../nn/lstm.ts";
import type { TrainingEvent } from "../train/events.ts";
import { forecasterRules, ForecasterNetwork } from "./forecasting/forecaster.ts";
import { LanguageModel } from "./language-modelling/language-model.ts";
import { SequenceClassifier } from "./classification/sequence-classifier.ts";
import { SequenceTagger } from "./tagging/sequence-tagger.ts";
import { SequenceTranslator } from "./translation/sequence-translator.ts";
import { trainTranslator } from "./translation/train-translator.ts";
import { type LanguageModelTraining, trainLanguageModel } from "./language-modelling/train-language-model.ts";
import type { TrainingRunOptions } from "./training-run-options.ts";
import { resolveOptions } from "../options.ts";
import { normal } from "../../test/draws.ts";

const text = "the quick brown fox jumps over the lazy dog. ".repeat(20);

/** Every recurrence with all the options that it may have. */
const everything = recurrentKinds.map((cell) => {
  const options: CellOptions = Object.fromEntries(
    allowed(cell as RecurrentColumn).map((name) => [name, switchedOn[name]]),
  );
  return { cell, options };
});

const small: LanguageModelTraining = {
  hidden: 12,
  layers: 2,
  dropout: 0.2,
  bptt: 8,
  batch: 4,
  steps: 40,
  lr: 0.01,
  evaluateEvery: 10,
  seed: 3,
};

/** Makes a run's files those of a version that did not have the option yet. */
async function withoutOption(storage: MemoryStorage, option: string): Promise<void> {
  const config = decodeVerifiedJson((await storage.read("config.json"))!, "config") as { architecture: object };
  expect(config.architecture).toHaveProperty(option, false);
  const architecture = Object.fromEntries(Object.entries(config.architecture).filter(([name]) => name !== option));
  await storage.write("config.json", encodeVerifiedJson({ ...config, architecture }));
  const { tensors, metadata } = decodeVerified((await storage.read("training/last.safetensors"))!, "last", true);
  const before = JSON.stringify(metadata);
  const after = before.replace(`\\"${option}\\":false,`, "");
  expect(after.length).toBeLessThan(before.length);
  await storage.write("training/last.safetensors", encodeVerified(tensors, JSON.parse(after) as typeof metadata));
}

async function lossesOf(options: LanguageModelTraining, where: TrainingRunOptions): Promise<number[]> {
  const losses: number[] = [];
  const record = (event: TrainingEvent): void => {
    if (event.type === "evaluation") losses.push(event.loss);
  };
  for await (const event of trainLanguageModel({ training: text }, options, where)) record(event);
  return losses;
}

beforeAll(() => engine.init());

describe.each(everything)("$cell with all its options", ({ cell, options }) => {
  test("a language model learns, and a killed run ends with the bytes of one never killed", async () => {
    const [whole, inParts] = [new MemoryStorage(), new MemoryStorage()];
    const losses = await lossesOf({ ...small, cell, ...options }, { storage: whole });
    expect(losses.at(-1)).toBeLessThan(losses[0]);
    await lossesOf({ ...small, cell, ...options, steps: 13 }, { storage: inParts });
    await lossesOf({ ...small, cell, ...options }, { storage: inParts, resume: true });
    expect(await inParts.read("model.safetensors")).toEqual(await whole.read("model.safetensors"));
  });

  test("streams of a language model have the bits of forward", () => {
    const model = new LanguageModel({ vocabularySize: 7, cell, hidden: 12, ...options }).eval();
    const ids = [3, 1, 4, 1, 5];
    const whole = model.forward(integers(ids, [5, 1])).logits.exactDataSync();
    const stream = model.stream();
    ids.forEach((id, t) => expect(stream.push([id])).toEqual(whole.slice(t * 7, (t + 1) * 7)));
  });

  test("classifiers, taggers and forecasters have it too", () => {
    const architecture = { cell, ...options, hidden: 12, layers: 2 };
    const classifier = new SequenceClassifier({ ...architecture, inputSize: 3, outputSize: 4 });
    expect(classifier.forward(normal([5, 2, 3]), [5, 2]).shape).toEqual([2, 4]);
    const tagger = new SequenceTagger({ ...architecture, words: 5, characters: 5, affixes: 5, tags: 3 });
    expect(tagger.output.weight.shape[1]).toBe(2 * (options.projection ?? 12));
    const forecaster = resolveOptions("test", architecture, forecasterRules);
    const sizes = { inputs: 2, categories: [], outputs: 1, steps: 1, future: 0, name: "forecaster" };
    const network = new ForecasterNetwork({ ...forecaster, ...sizes });
    network.startFrom([[1, 2]], [[3]], 0);
    const { features } = network.read(normal([4, 1, 2]), []);
    expect(network.decode(features, null).shape).toEqual([4, 1, 1]);
  });
});

describe("a translator", () => {
  const sizes = { sourceSize: 5, targetSize: 4, hidden: 6 };

  test.each(everything)("may have the options of $cell that fit its attention and its start", ({ cell, options }) => {
    const { projection: _, learnedState: __, ...rest } = options;
    expect(() => new SequenceTranslator({ ...sizes, layers: 2, cell, ...rest })).not.toThrow();
  });

  test("may be tied where vectors are as wide as what they are compared with, which is so by default", () => {
    expect(new SequenceTranslator({ ...sizes, tied: true }).options.embedding).toBe(6);
    expect(new SequenceTranslator(sizes).options.embedding).toBe(64);
    expect(() => new SequenceTranslator({ ...sizes, tied: true, embedding: 5 })).toThrow(
      "new SequenceTranslator: mismatch in embedding: got 5, expected 6, as hidden is: tied, the tokens' vectors are the output layer's " +
        "weights; leave embedding out",
    );
  });

  test("has no projection and no learned state, with the reason", () => {
    expect(() => new SequenceTranslator({ ...sizes, projection: 2 })).toThrow(
      "new SequenceTranslator: unsupported projection: what the attention compares is as wide as the decoder's state; leave projection out",
    );
    expect(() => new SequenceTranslator({ ...sizes, learnedState: true })).toThrow(
      "unsupported learnedState: the decoder starts from what the encoder has read",
    );
  });
});

describe("tied embeddings", () => {
  const size = { vocabularySize: 7, hidden: 12 };
  const kinds: CellKind[] = ["lstm", "mingru", "transformer"];

  test.each(kinds)("are one matrix for both ends, cell %s", (cell) => {
    const ofCell = { cell, ...(cell === "transformer" && { heads: 2 }) };
    const [plain, tied] = [false, true].map((on) => new LanguageModel({ ...size, ...ofCell, tied: on }));
    expect(plain.parameterCount() - tied.parameterCount()).toBe(7 * 12);
    expect(tied.stateDict().has("output.weight")).toBe(false);
    const { logits } = tied.eval().forward(integers([1, 2], [2, 1]));
    const stream = tied.stream();
    expect([1, 2].flatMap((id) => [...stream.push([id])])).toEqual([...logits.exactDataSync()]);
  });

  test("learn from both ends", async () => {
    const losses = await lossesOf(
      { ...small, tied: true, projection: 8, steps: 150 },
      { storage: new MemoryStorage() },
    );
    expect(losses.at(-1)).toBeLessThan(losses[0] * 0.7);
  });

  test("must be as wide as what they are compared with", () => {
    expect(() => new LanguageModel({ ...size, tied: true, embedding: 5 })).toThrow(
      "new LanguageModel: mismatch in embedding: got 5, expected 12, the width of the network's output: tied, the tokens' vectors are the " +
        "output layer's weights; leave embedding out",
    );
  });
});

test("a language model that reads in both directions is refused, and so is a step of any network that does", async () => {
  const reason = "it writes what comes next, and the reverse direction starts at the end, which is not written yet";
  expect(() => new LanguageModel({ vocabularySize: 7, bidirectional: true } as never)).toThrow(reason);
  const training = { ...small, bidirectional: true };
  await expect(lossesOf(training, { storage: new MemoryStorage() })).rejects.toThrow(reason);
  const network = new LSTM({ inputSize: 2, hiddenSize: 3, bidirectional: true, peepholes: true });
  expect(() => network.stream()).toThrow("whose reverse direction starts at the end of the sequence");
});

describe("one mask for a whole sequence", () => {
  const variational = { recurrentDropout: 0.2, variational: true };

  test("is refused where step follows step while training, with the reason", async () => {
    const samplingSchedule = { kind: "constant", rate: 0.5 } as const;
    const sampled = lossesOf({ ...small, ...variational, samplingSchedule }, { storage: new MemoryStorage() });
    await expect(sampled).rejects.toThrow(
      "mismatch in samplingSchedule: step follows step then, and variational wants one mask for all steps of a window; leave one of them out",
    );
    const training = Array.from({ length: 20 }, (_, i) => ({ source: `${i}`, target: `${i}` }));
    const storage = new MemoryStorage();
    await expect(
      trainTranslator({ training }, { ...variational, samplingSchedule }, { storage }).next(),
    ).rejects.toThrow(
      "mismatch in samplingSchedule: step follows step then, and variational wants one mask for all steps of a text",
    );
    const feeding = { sourceSize: 5, targetSize: 4, hidden: 6, inputFeeding: true };
    expect(() => new SequenceTranslator({ ...feeding, ...variational })).toThrow(
      "new SequenceTranslator: unsupported variational with inputFeeding: step follows step then, and it wants one mask for all steps of a " +
        "text; leave variational out",
    );
  });

  test("was an option of no older model: those go on as they are, and can't be given it", async () => {
    const [whole, older] = [new MemoryStorage(), new MemoryStorage()];
    await lossesOf({ ...small, steps: 20 }, { storage: whole });
    await lossesOf({ ...small, steps: 10 }, { storage: older });
    await withoutOption(older, "variational");
    await lossesOf({ ...small, steps: 20 }, { storage: older, resume: true });
    expect(await older.read("model.safetensors")).toEqual(await whole.read("model.safetensors"));
    const given = lossesOf({ ...small, ...variational }, { storage: new MemoryStorage(), from: older });
    await expect(given).rejects.toThrow("mismatch in recurrentDropout: got 0.2, but the model to start from has 0");
    const mask = lossesOf({ ...small, variational: true }, { storage: new MemoryStorage(), from: older });
    await expect(mask).rejects.toThrow("mismatch in variational: got true, but the model to start from has false");
  });
});

test("options that a cell does not have are refused in a training, with the reason", async () => {
  await expect(lossesOf({ ...small, cell: "gru", peepholes: true }, { storage: new MemoryStorage() })).rejects.toThrow(
    "unsupported peepholes with cell gru: it has no cell state beside h for its gates to look at; leave peepholes out",
  );
  await expect(
    lossesOf({ ...small, cell: "transformer", heads: 2, residual: true }, { storage: new MemoryStorage() }),
  ).rejects.toThrow("unsupported residual with cell transformer: its layers are connected so as they are");
});
