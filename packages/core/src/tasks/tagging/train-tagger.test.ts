import { beforeAll, describe, expect, test } from "vitest";
import { engine } from "../../engine.ts";
import { MemoryStorage } from "../../io/model-storage.ts";
import type { EvaluationEvent, TrainingEvent } from "../../train/events.ts";
import { loadTagger, type TaggerModel } from "./tagger-model.ts";
import type { TaggedSentence, TaggingData } from "./tagging-data.ts";
import { type TaggerRunOptions, type TaggerTraining, trainTagger } from "./train-tagger.ts";

const small: TaggerTraining = {
  hidden: 8,
  embedding: 6,
  characterEmbedding: 4,
  characterHidden: 4,
  affixEmbedding: 2,
  dropout: 0.1,
  batch: 4,
  lr: 0.02,
  steps: 30,
  evaluateEvery: 10,
  seed: 1,
};

/** Words with their tags, such as `the/D dog/N`. */
function sentence(text: string): TaggedSentence {
  const pairs = text.split(" ").map((pair) => pair.split("/"));
  return { words: pairs.map(([word]) => word), tags: pairs.map(([, tag]) => tag) };
}

/** `run` and `walk` are verbs after a noun and nouns after an article. */
const grammar = [
  "the/D dog/N runs/V",
  "a/D cat/N sleeps/V",
  "the/D run/N ends/V",
  "dogs/N run/V",
  "cats/N walk/V",
  "a/D walk/N ends/V the/D run/N",
  "Rex/N runs/V the/D run/N",
  "the/D cats/N walk/V",
].map(sentence);

const names = [
  "Ann/B-PER Lee/I-PER met/O Bob/B-PER",
  "Bob/B-PER Ray/I-PER left/O Rome/B-LOC",
  "Rome/B-LOC met/O Ann/B-PER",
  "Ray/B-PER saw/O New/B-LOC York/I-LOC",
  "New/B-LOC York/I-LOC City/I-LOC saw/O Lee/B-PER",
  "Ann/B-PER left/O",
  "she/O left/O Bob/B-PER Ray/I-PER",
  "he/O saw/O Lee/B-PER",
].map(sentence);

interface Outcome {
  events: TrainingEvent[];
  model: TaggerModel;
}

async function run(
  data: TaggingData,
  options: TaggerTraining,
  where: TaggerRunOptions = { storage: new MemoryStorage() },
  onEvent?: (event: TrainingEvent) => void,
): Promise<Outcome> {
  const training = trainTagger(data, options, where);
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

const wordsOf = (sentences: readonly TaggedSentence[]): (readonly string[])[] => sentences.map(({ words }) => words);
const tagsOf = (sentences: readonly TaggedSentence[]): (readonly string[] | undefined)[] =>
  sentences.map(({ tags }) => tags);

beforeAll(() => engine.init({ backend: "reference" }));

describe.each(["rnn", "lstm", "gru"] as const)("%s", (cell) => {
  test.each([false, true])("learns eight sentences to near-zero loss, conditional random field %s", async (crf) => {
    const options = { ...small, cell, crf, dropout: 0, wordDropout: 0, steps: 120, evaluateEvery: 120 };
    for (const data of [grammar, names]) {
      const { events, model } = await run({ training: data, validation: data }, options);
      expect(lastEvaluation(events).loss).toBeLessThan(0.02);
      const found = await model.tag(wordsOf(data));
      expect(found.map(({ tags }) => tags)).toEqual(tagsOf(data));
      expect(Math.min(...found.flatMap(({ probabilities }) => probabilities))).toBeGreaterThan(0.8);
    }
  });
});

describe("a run", () => {
  test("tells accuracy and the baseline's, and keeps the best", async () => {
    const { events, model } = await run({ training: grammar, validation: grammar }, { ...small, steps: 60 });
    expect(events[0]).toMatchObject({ type: "start", trainingTokens: 25, validationTokens: 25, stepsPerEpoch: 2 });
    expect(Object.keys(lastEvaluation(events).metrics!)).toEqual(["accuracy", "baselineAccuracy"]);
    const best = Math.max(...events.flatMap((event) => (event.type === "evaluation" ? [event.metrics!.accuracy] : [])));
    const evaluation = await model.evaluate(grammar);
    expect(evaluation.accuracy).toBe(best);
    expect(evaluation.chunks).toBeNull();
    expect(events.at(-1)).toMatchObject({ type: "end", reason: "budget", best: { metrics: { accuracy: best } } });
  });

  test("of names tells F1, precision and recall, and finds the scheme", async () => {
    const { events, model } = await run({ training: names, validation: names }, { ...small, crf: true });
    expect(Object.keys(lastEvaluation(events).metrics!)).toEqual([
      "f1",
      "precision",
      "recall",
      "accuracy",
      "baselineF1",
    ]);
    expect(model.config.scheme).toBe("bio");
    const { chunks, baseline } = await model.evaluate(names);
    expect(Object.keys(chunks!.types)).toEqual(["LOC", "PER"]);
    expect(baseline.f1).toBeGreaterThan(0);
  });

  test("holds out a tenth of the different sentences", async () => {
    const twice = [...grammar, ...names, ...grammar, ...names];
    const { events } = await run({ training: twice }, { ...small, steps: 1 });
    const words = twice.flatMap((each) => each.words).length;
    expect(events[0]).toMatchObject({ type: "start" });
    const { trainingTokens, validationTokens } = events[0] as { trainingTokens: number; validationTokens: number };
    expect(trainingTokens + validationTokens).toBe(words);
    expect(validationTokens % 2).toBe(0);
  });

  test("has the same bytes as another with the same seed, and others with another seed", async () => {
    const bytes: Uint8Array[] = [];
    for (const seed of [3, 3, 4]) {
      const storage = new MemoryStorage();
      await run({ training: names, validation: names }, { ...small, seed }, { storage });
      bytes.push(storage.files.get("model.safetensors")!);
    }
    expect(bytes[0]).toEqual(bytes[1]);
    expect(bytes[0]).not.toEqual(bytes[2]);
  });

  test("interrupted between checkpoints and resumed ends with the bytes of one never stopped", async () => {
    const options: TaggerTraining = { ...small, crf: true, logEvery: 5, checkpointEvery: 7 };
    const data = { training: names, validation: names };
    const whole = new MemoryStorage();
    await run(data, options, { storage: whole });
    const storage = new MemoryStorage();
    const controller = new AbortController();
    await run(data, options, { storage, signal: controller.signal }, (event) => {
      if (event.type === "step" && event.step >= 12) controller.abort();
    });
    const { events } = await run(data, options, { storage, resume: true });
    expect(events[0]).toMatchObject({ type: "start", step: 14 });
    expect(storage.files.get("model.safetensors")).toEqual(whole.files.get("model.safetensors"));
    expect(storage.files.get("training/last.safetensors")?.length).toBe(
      whole.files.get("training/last.safetensors")?.length,
    );
    await expect(run(data, { ...options, wordDropout: 0.5 }, { storage, resume: true })).rejects.toThrow(
      "wordDropout was 0.25, is 0.5",
    );
  });

  test("goes on from a trained model, with new tags or without", async () => {
    const from = new MemoryStorage();
    const before = await run({ training: grammar, validation: grammar }, { ...small, steps: 60 }, { storage: from });
    const storage = new MemoryStorage();
    const same = await run(
      { training: grammar, validation: grammar },
      { ...small, steps: 1, lr: 1e-9 },
      { storage, from },
    );
    expect((await same.model.evaluate(grammar)).loss).toBeCloseTo((await before.model.evaluate(grammar)).loss, 4);
    const others = grammar.map(({ words, tags }) => ({
      words,
      tags: tags!.map((tag) => (tag === "V" ? "VERB" : tag)),
    }));
    const { model } = await run(
      { training: others, validation: others },
      { ...small, steps: 1 },
      { storage: new MemoryStorage(), from },
    );
    expect(model.tags).toEqual(["D", "N", "VERB"]);
    await expect(run({ training: grammar }, { ...small, hidden: 9 }, { storage, from })).rejects.toThrow(
      "train: mismatch in hidden: got 9, but the model to start from has 8",
    );
  });
});

test("goes on from a trained model whose names end with E, where theirs do not", async () => {
  const ending = ["Ann/B-PER Lee/E-PER met/O Bob/S-PER", "Eve/B-PER van/I-PER Dyk/E-PER left/O", "Bob/S-PER left/O"];
  const from = new MemoryStorage();
  await run({ training: ending.map(sentence) }, { ...small, steps: 2 }, { storage: from });
  const plain = ["Eve/B-PER van/I-PER Dyk/I-PER left/O", "met/O Eve/B-PER van/I-PER Dyk/I-PER"].map(sentence);
  const where = { storage: new MemoryStorage(), from };
  const { model } = await run({ training: plain, validation: plain }, { ...small, steps: 2 }, where);
  expect(model.config).toMatchObject({ tags: ["B-PER", "I-PER", "O"], scheme: "bio" });
  const same = { storage: new MemoryStorage(), from };
  const { model: kept } = await run({ training: [ending[0], ending[2]].map(sentence) }, { ...small, steps: 2 }, same);
  expect(kept.config).toMatchObject({ tags: ["B-PER", "E-PER", "I-PER", "O", "S-PER"], scheme: "bioes" });
});

test("takes any text for a tag, and a model that has it can be loaded", async () => {
  const training = grammar.map(({ words, tags }) => ({
    words,
    tags: tags!.map((tag) => (tag === "V" ? "#number" : tag)),
  }));
  const storage = new MemoryStorage();
  await run({ training, validation: training }, { ...small, steps: 2 }, { storage });
  expect((await loadTagger(storage)).tags).toEqual(["#number", "D", "N"]);
});

describe("a model", () => {
  let model: TaggerModel;
  const storage = new MemoryStorage();
  beforeAll(async () => {
    ({ model } = await run({ training: names, validation: names }, { ...small, crf: true, steps: 40 }, { storage }));
  });

  test.each([false, true])("gives the same numbers alone, in any order and after loading, field %s", async (crf) => {
    const other = new MemoryStorage();
    const { model: one } = await run(
      { training: names, validation: names },
      { ...small, crf, layers: 2 },
      { storage: other },
    );
    const sentences = [...wordsOf(names), [], ["Zoë"], Array.from({ length: 50 }, (_, i) => `word${i}`)];
    const together = await one.tag(sentences);
    expect(together[8]).toEqual({ tags: [], probabilities: [] });
    for (const [i, words] of sentences.entries()) expect(await one.tag([words])).toEqual([together[i]]);
    expect(await one.tag(sentences.toReversed())).toEqual(together.toReversed());
    expect(await (await loadTagger(other)).tag(sentences)).toEqual(together);
  });

  test("finds nothing that breaks the scheme, however little it has learned", async () => {
    for (const crf of [false, true]) {
      const { model: raw } = await run({ training: names, validation: names }, { ...small, crf, steps: 1 });
      const found = await raw.tag([...wordsOf(names), ["York", "City", "Lee", "Ray", "saw", "saw"]]);
      for (const { tags } of found) {
        const broken = tags.filter((tag, t) => {
          return tag.startsWith("I-") && ![`B-${tag.slice(2)}`, tag].includes(tags[t - 1]);
        });
        expect(broken).toEqual([]);
      }
    }
  });

  test("counts tags that the training had not as wrong, and names them", async () => {
    const strange = [{ words: names[5].words, tags: ["B-ORG", "O"] }];
    const { accuracy, unknownTags, chunks, loss } = await model.evaluate([...names, ...strange]);
    const known = await model.evaluate(names);
    expect(unknownTags).toEqual({ "B-ORG": 1 });
    expect(accuracy).toBeLessThan(known.accuracy);
    expect(chunks!.types.ORG).toMatchObject({ support: 1, correct: 0 });
    expect(loss).toBeCloseTo(known.loss, 5);
    const notices = (await run({ training: names, validation: strange }, { ...small, steps: 1 })).events.flatMap(
      (event) => (event.type === "notice" ? [event.text] : []),
    );
    expect(notices[1]).toBe(
      "the training has no tag B-ORG: words of the held-out sentences that have it count as wrong",
    );
  });

  test("reads words and characters that it has never seen, and words of any length", async () => {
    const [{ tags }] = await model.tag([["Ωmega", "日本", "x".repeat(5000), "🙂"]]);
    expect(tags).toHaveLength(4);
  });

  test("refuses what is no model of its kind", async () => {
    const wrong = new MemoryStorage();
    for (const [path, bytes] of storage.files) wrong.files.set(path, bytes);
    const config = JSON.parse(new TextDecoder().decode(storage.files.get("config.json"))) as { task: string };
    expect(config.task).toBe("tag");
    wrong.files.delete("config.json");
    await expect(loadTagger(wrong)).rejects.toMatchObject({ code: "missing" });
  });
});

describe("bad input", () => {
  const good = grammar[0];
  test.each<[string, TaggedSentence[]]>([
    ["training: invalid sentences: there are none", []],
    ["training[1]: mismatch in tags: got 1, expected 2", [good, { words: ["a", "b"], tags: ["N"] }]],
    ["file:7: missing tags; expected one for each of 1 words", [good, { words: ["a"], place: "file:7" }]],
    ["training[0]: invalid sentence: it has no words", [{ words: [], tags: [] }]],
    ['training[0]: invalid words[1]: got ""', [{ words: ["a", ""], tags: ["N", "N"] }]],
    ["training[0]: invalid tags[0]: got 3", [{ words: ["a"], tags: [3 as unknown as string] }]],
    [
      'all 2 sentences have "N" only, expected at least 2 different tags',
      [
        { words: ["a"], tags: ["N"] },
        { words: ["b"], tags: ["N"] },
      ],
    ],
  ])("%s", async (message, training) => {
    const validation = training.length === 0 ? undefined : [good];
    await expect(run({ training, validation }, small)).rejects.toThrow(message);
  });

  test.each<[string, TaggerTraining]>([
    ['unknown option "dropuot"; did you mean "dropout"?', { ...small, dropuot: 1 } as TaggerTraining],
    ["mismatch in warmup: it does nothing with schedule step", { ...small, schedule: "step", warmup: 3 }],
    ["invalid wordDropout: got -1", { ...small, wordDropout: -1 }],
    ["expected one of steps, epochs and minutes", { ...small, minutes: 1 }],
  ])("%s", async (message, options) => {
    await expect(run({ training: grammar }, options)).rejects.toThrow(message);
  });

  test("words that are none are named when tagging", async () => {
    const { model } = await run({ training: grammar, validation: grammar }, { ...small, steps: 1 });
    await expect(model.tag([["a"], "not cut" as unknown as string[]])).rejects.toThrow(
      'tag: sentences[1]: invalid words: got "not cut", expected an array of words',
    );
  });
});
