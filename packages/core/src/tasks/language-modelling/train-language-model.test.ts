import { beforeAll, describe, expect, test } from "vitest";
import { buildTokenizer } from "../../data/make-tokenizer.ts";
import type { TokenSource } from "../../data/token-source.ts";
import type { Tokenizer } from "../../data/tokenizer.ts";
import { engine } from "../../engine.ts";
import { loadTokenizer } from "../../io/model-files.ts";
import { MemoryStorage } from "../../io/model-storage.ts";
import { loadTraining, saveTraining } from "../../io/training-files.ts";
import type { TrainingEvent } from "../../train/events.ts";
import type { TrainingRunOptions } from "../training-run-options.ts";
import type { ExternalText } from "./text-data.ts";
import type { TextModel } from "./text-model.ts";
import { type LanguageModelTraining, trainLanguageModel } from "./train-language-model.ts";

const sentence = "the quick brown fox jumps over the lazy dog. ";
const text = sentence.repeat(20);
const small: LanguageModelTraining = {
  hidden: 12,
  layers: 2,
  dropout: 0.2,
  bptt: 8,
  batch: 4,
  steps: 40,
  lr: 0.01,
  evaluateEvery: 10,
  logEvery: 5,
  seed: 3,
};

interface Outcome {
  events: TrainingEvent[];
  model: TextModel;
}

async function run(
  options: LanguageModelTraining,
  where: TrainingRunOptions,
  onEvent?: (event: TrainingEvent) => void,
): Promise<Outcome> {
  const training = trainLanguageModel({ training: text }, options, where);
  const events: TrainingEvent[] = [];
  for (;;) {
    const next = await training.next();
    if (next.done) return { events, model: next.value };
    events.push(next.value);
    onEvent?.(next.value);
  }
}

/** A text whose tokens can only be read piece by piece. */
function externalText(training: string, validation: string | undefined): ExternalText {
  const source = (tokenizer: Tokenizer, of: string): TokenSource => {
    const ids = tokenizer.encode(of);
    return { length: ids.length, read: (start, count) => ids.slice(start, start + count) };
  };
  return {
    tokens: async ({ kind, minimumCount, known }) => {
      const vocabularyText = kind === "character" ? training + (validation ?? "") : training;
      const tokenizer = known ?? buildTokenizer(kind, vocabularyText, kind === "word" ? { minimumCount } : {});
      return {
        tokenizer,
        training: source(tokenizer, training),
        validation: validation === undefined ? null : source(tokenizer, validation),
      };
    },
  };
}

/** A storage that stops taking writes at a chosen one, as a killed process does. */
class DyingStorage extends MemoryStorage {
  #left: number;

  constructor(writes: number) {
    super();
    this.#left = writes;
  }

  override async write(path: string, bytes: Uint8Array): Promise<void> {
    if (this.#left-- <= 0) throw new Error("killed");
    await super.write(path, bytes);
  }
}

beforeAll(() => engine.init({ backend: "reference" }));

describe("a run", () => {
  test("learns, and tells so in typed events", async () => {
    const storage = new MemoryStorage();
    const { events, model } = await run({ ...small, steps: 150 }, { storage });
    expect(events[0]).toMatchObject({ type: "start", step: 0, trainingTokens: 810, validationTokens: 90 });
    expect(events.at(-1)).toMatchObject({ type: "end", reason: "budget", step: 150 });
    const losses = events.filter((event) => event.type === "evaluation").map(({ loss }) => loss);
    expect(losses).toHaveLength(15);
    expect(Math.min(...losses)).toBeLessThan(losses[0] * 0.7);
    const evaluation = await model.evaluate(text.slice(810));
    expect(evaluation.loss).toBe(Math.min(...losses));
    expect(evaluation.tokens).toBe(89);
    const metrics = new TextDecoder().decode(storage.files.get("training/metrics.jsonl")).trim().split("\n");
    expect(metrics.map((line) => (JSON.parse(line) as TrainingEvent).type)).toEqual(
      events.map((event) => event.type).filter((type) => type === "step" || type === "evaluation"),
    );
  });

  test("has the same bytes as another with the same seed, and others with another seed", async () => {
    const bytes: Uint8Array[] = [];
    for (const seed of [3, 3, 4]) {
      const storage = new MemoryStorage();
      await run({ ...small, seed }, { storage });
      bytes.push(storage.files.get("model.safetensors")!);
    }
    expect(bytes[0]).toEqual(bytes[1]);
    expect(bytes[0]).not.toEqual(bytes[2]);
  });

  test("goes on where a default, that words which occur once are unknown, is spelled out", async () => {
    const storage = new MemoryStorage();
    const words = { ...small, tokenizer: "word", bptt: 4 } as const;
    await run({ ...words, steps: 2 }, { storage });
    const { events } = await run({ ...words, minimumCount: 2, steps: 3 }, { storage, resume: true });
    expect(events.at(-1)).toMatchObject({ type: "end", step: 3 });
  });

  test("learns the same, to rounding, when it recomputes activations", async () => {
    const losses: number[][] = [];
    for (const recompute of [false, true]) {
      const { events } = await run({ ...small, stride: 5, recompute }, { storage: new MemoryStorage() });
      losses.push(events.filter((event) => event.type === "evaluation").map(({ loss }) => loss));
    }
    expect(losses[0]).toHaveLength(4);
    losses[0].forEach((loss, i) => expect(losses[1][i]).toBeCloseTo(loss, 5));
  });

  test("holds out no more of a large text than is worth reading at every evaluation", async () => {
    const tokens = { length: 50_000_000, read: (_: number, count: number) => new Int32Array(count) };
    const tokenizer = buildTokenizer("byte", "\0");
    const data: ExternalText = { tokens: async () => ({ tokenizer, training: tokens, validation: null }) };
    const training = trainLanguageModel(data, { ...small, tokenizer: "byte" }, { storage: new MemoryStorage() });
    const { value } = await training.next();
    expect(value).toMatchObject({ type: "start", trainingTokens: 49_000_000, validationTokens: 1_000_000 });
    await training.return(undefined as never);
  });

  test("has the same bytes on a text that it reads from elsewhere", async () => {
    const bytes: Uint8Array[] = [];
    for (const tokenizer of ["character", "byte", "word"] as const) {
      for (const validation of [undefined, sentence.repeat(3)]) {
        for (const external of [false, true]) {
          const storage = new MemoryStorage();
          const data = external ? externalText(text, validation) : { training: text, validation };
          const training = trainLanguageModel(data, { ...small, tokenizer, steps: 10 }, { storage });
          while (!(await training.next()).done);
          bytes.push(storage.files.get("model.safetensors")!);
        }
        expect(bytes.at(-1)).toEqual(bytes.at(-2));
      }
    }
  });

  test("stops early when the held-out loss no longer falls", async () => {
    const { events } = await run({ ...small, lr: 1e-12, patience: 1 }, { storage: new MemoryStorage() });
    expect(events.at(-1)).toMatchObject({ type: "end", reason: "early-stopping" });
  });

  test.each([
    ["constant", 0.01, 0.01],
    ["cosine", 0.00985, 0.000015],
    ["step", 0.01, 0.0001],
    ["plateau", 0.01, 0.01],
  ] as const)("follows the schedule %s", async (schedule, first, last) => {
    const { events } = await run({ ...small, schedule }, { storage: new MemoryStorage() });
    const rates = events.filter((event) => event.type === "step").map(({ learningRate }) => learningRate);
    expect(rates[0]).toBeCloseTo(first, 3);
    expect(rates.at(-1)).toBeCloseTo(last, 5);
  });
});

describe("a resumed run ends with the bytes of one that was never stopped", () => {
  const options: LanguageModelTraining = {
    ...small,
    schedule: "plateau",
    optimizer: "adamw",
    stride: 5,
    checkpointEvery: 7,
  };

  async function untouched(): Promise<Uint8Array> {
    const storage = new MemoryStorage();
    await run(options, { storage });
    return storage.files.get("model.safetensors")!;
  }

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])("killed at write %i", async (writes) => {
    const dying = new DyingStorage(writes);
    await expect(run(options, { storage: dying })).rejects.toThrow("killed");
    const storage = new MemoryStorage();
    for (const [path, bytes] of dying.files) storage.files.set(path, bytes);
    const { events } = await run(options, { storage, resume: true });
    expect(storage.files.get("model.safetensors")).toEqual(await untouched());
    expect(events.at(-1)).toMatchObject({ type: "end", reason: "budget" });
    const lines = new TextDecoder().decode(storage.files.get("training/metrics.jsonl")).trim().split("\n");
    const steps = lines
      .map((line) => JSON.parse(line) as { type: string; step: number })
      .filter(({ type }) => type === "step");
    expect(steps.map(({ step }) => step)).toEqual([...new Set(steps.map(({ step }) => step))]);
  });

  test("interrupted between checkpoints", async () => {
    const storage = new MemoryStorage();
    const controller = new AbortController();
    const first = await run(options, { storage, signal: controller.signal }, (event) => {
      if (event.type === "step" && event.step >= 12) controller.abort();
    });
    expect(first.events.at(-1)).toMatchObject({ type: "end", reason: "interrupted" });
    const second = await run(options, { storage, resume: true });
    expect(second.events[0]).toMatchObject({ type: "start", step: first.events.at(-1)!.type === "end" ? 12 + 2 : 0 });
    expect(storage.files.get("model.safetensors")).toEqual(await untouched());
  });

  test("a finished run says so, and goes on only with a larger budget", async () => {
    const storage = new MemoryStorage();
    await run(options, { storage });
    const again = await run(options, { storage, resume: true });
    expect(again.events.map(({ type }) => type)).toEqual(["start", "notice", "end"]);
    const longer = await run({ ...options, steps: 50 }, { storage, resume: true });
    expect(longer.events.at(-1)).toMatchObject({ type: "end", reason: "budget", step: 50 });
  });

  test("a smaller budget than what was done trains no step more", async () => {
    const storage = new MemoryStorage();
    const controller = new AbortController();
    await run(options, { storage, signal: controller.signal }, (event) => {
      if (event.type === "step" && event.step >= 12) controller.abort();
    });
    const { events } = await run({ ...options, steps: 12 }, { storage, resume: true });
    expect(events.map(({ type }) => type)).toEqual(["start", "notice", "end"]);
    expect(events.at(-1)).toMatchObject({ reason: "budget", step: 14 });
    await run(options, { storage, resume: true });
    expect(storage.files.get("model.safetensors")).toEqual(await untouched());
  });

  test("a smaller budget than what was done leaves a model also where none was evaluated yet", async () => {
    const early = { ...options, checkpointEvery: 5, average: 0.9 };
    const storage = new MemoryStorage();
    const training = trainLanguageModel({ training: text }, early, { storage });
    for await (const event of training) if (event.type === "checkpoint") break;
    expect([...storage.files.keys()]).not.toContain("model.safetensors");
    const { events } = await run({ ...early, steps: 4 }, { storage, resume: true });
    expect(events.at(-1)).toMatchObject({ type: "end", reason: "budget", step: 5 });
    expect([...storage.files.keys()]).toContain("model.safetensors");
  });

  test("other options are refused, and named; nothing is lost by it", async () => {
    const dying = new DyingStorage(6);
    await expect(run(options, { storage: dying })).rejects.toThrow("killed");
    const storage = new MemoryStorage();
    for (const [path, bytes] of dying.files) storage.files.set(path, bytes);
    await storage.append("training/metrics.jsonl", "after the commit point\n");
    const before = new Map(storage.files);
    const again = (other: LanguageModelTraining): Promise<Outcome> =>
      run({ ...options, ...other }, { storage, resume: true });
    await expect(again({ hidden: 13, batch: 3 })).rejects.toThrow(
      "hidden was 12, is 13; embedding was 12, is 13; batch was 4, is 3",
    );
    await expect(again({ lr: 0.5, clip: 9, schedule: "cosine", evaluateEvery: 7 })).rejects.toThrow(
      'lr was 0.01, is 0.5; clip was 1, is 9; schedule was "plateau", is "cosine"; evaluateEvery was 10, is 7',
    );
    expect(storage.files).toEqual(before);
    const { events } = await again({ stride: 5, logEvery: 6, checkpointEvery: 8, patience: 100, steps: 41 });
    expect(events.at(-1)).toMatchObject({ type: "end", step: 41 });
  });

  test("another text of the same length and letters is refused", async () => {
    const storage = new MemoryStorage();
    await run(options, { storage });
    const other = trainLanguageModel({ training: Array.from(text).toReversed().join("") }, options, {
      storage,
      resume: true,
    });
    await expect(other.next()).rejects.toThrow("memory was trained otherwise: data is not the same; use what it was");
  });

  test("a run whose options were not noted goes on, and says so", async () => {
    const storage = new MemoryStorage();
    await run(options, { storage });
    const { progress, ...state } = (await loadTraining<{ run?: object }>(storage))!;
    const { run: _, ...old } = progress;
    await saveTraining(storage, { ...state, progress: old });
    const { events } = await run({ ...options, steps: 42 }, { storage, resume: true });
    expect(events[1]).toEqual({
      type: "notice",
      text: "memory was recorded by another version, which did not note its options and data: not compared",
    });
    expect(events.at(-1)).toMatchObject({ type: "end", step: 42 });
  });
});

describe("a storage", () => {
  test("that has a run takes no new one", async () => {
    const storage = new MemoryStorage();
    await run({ ...small, steps: 5 }, { storage });
    const before = new Map(storage.files);
    await expect(run({ ...small, steps: 5, seed: 4 }, { storage })).rejects.toThrow(
      "train: invalid storage: memory has a run already (config.json); resume it (resume: true), or use another place for a new one",
    );
    expect(storage.files).toEqual(before);
  });

  test("whose run was killed before its first checkpoint starts over, with the vocabulary of the text it is given", async () => {
    const storage = new DyingStorage(2);
    await expect(run(small, { storage })).rejects.toThrow("killed");
    expect([...storage.files.keys()]).toContain("tokenizer.json");
    const clean = new MemoryStorage();
    for (const [path, bytes] of storage.files) clean.files.set(path, bytes);
    const other = trainLanguageModel({ training: "0123456789".repeat(60) }, small, { storage: clean, resume: true });
    for await (const event of other) if (event.type === "step" && event.step > 5) break;
    const { size } = (await loadTokenizer(clean))!;
    expect(size).toBe(10);
  });
});

describe("starting from a trained model", () => {
  test("goes on with its parameters, vocabulary and architecture on another text", async () => {
    const from = new MemoryStorage();
    const { model: first } = await run({ ...small, steps: 150 }, { storage: from });
    const before = (await first.evaluate(text)).loss;
    const { model } = await run({ steps: 1, lr: 1e-9, bptt: 8, batch: 4 }, { storage: new MemoryStorage(), from });
    expect((await model.evaluate(text)).loss).toBeCloseTo(before, 5);
    expect(model.config.architecture.hidden).toBe(12);
  });

  test("refuses another architecture or tokenizer", async () => {
    const from = new MemoryStorage();
    await run({ ...small, steps: 1 }, { storage: from });
    await expect(run({ ...small, hidden: 13 }, { storage: new MemoryStorage(), from })).rejects.toThrow(
      "train: mismatch in hidden: got 13, but the model to start from has 12; leave it out",
    );
    await expect(run({ ...small, tokenizer: "byte" }, { storage: new MemoryStorage(), from })).rejects.toThrow(
      'mismatch in tokenizer: got "byte", but the model to start from has "character"',
    );
  });
});

describe("bad input", () => {
  test("a loss that is not finite stops the run, and what was saved stays", async () => {
    const storage = new MemoryStorage();
    await run(small, { storage });
    const before = storage.files.get("model.safetensors");
    const wild = { ...small, steps: 80, optimizer: "sgd", lr: 1e38 } as const;
    await expect(run(wild, { storage: new MemoryStorage() })).rejects.toMatchObject({ code: "not-finite" });
    expect(storage.files.get("model.safetensors")).toEqual(before);
  });

  test.each<[string, LanguageModelTraining, string | Uint8Array]>([
    ["training text: invalid text: it is empty", small, ""],
    ["expected at least 9 (bptt + 1)", small, "abcdefg"],
    [
      "held-out text: invalid length: got 1 token, expected at least 2; give more of it, or, where it is the last",
      { ...small, batch: 1, bptt: 4 },
      "abcabcabca",
    ],
    ["use the byte tokenizer (--tokenizer byte)", small, Uint8Array.of(0xff, 0xfe, 0x41)],
    ["expected one of steps, epochs and minutes", { ...small, epochs: 1 }, text],
    ['unknown option "hiden"; did you mean "hidden"?', { ...small, hiden: 3 } as LanguageModelTraining, text],
    ["invalid stride", { ...small, stride: 9 }, text],
    ["invalid dropout: got 1", { ...small, dropout: 1 }, text],
  ])("%s", async (message, options, training) => {
    const events = trainLanguageModel({ training }, options, { storage: new MemoryStorage() });
    await expect(events.next()).rejects.toThrow(message);
  });
});
