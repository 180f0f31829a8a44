import { beforeAll, describe, expect, test } from "vitest";
import { sum } from "../../autograd/ops/reduce.ts";
import { engine } from "../../engine.ts";
import { MemoryStorage } from "../../io/model-storage.ts";
import { tensor } from "../../memory/tensor.ts";
import type { EvaluationEvent, TrainingEvent } from "../../train/events.ts";
import type { ClassificationData, SequenceExample } from "./classification-data.ts";
import { type ClassifierModel, loadClassifier } from "./classifier-model.ts";
import { type ClassifierTraining, trainClassifier } from "./train-classifier.ts";
import type { TrainingRunOptions } from "../training-run-options.ts";

const small: ClassifierTraining = {
  hidden: 8,
  layers: 1,
  dropout: 0.1,
  batch: 8,
  lr: 0.02,
  steps: 30,
  evaluateEvery: 10,
  seed: 1,
};

/** Words of which one half starts with a vowel. */
const words = "a e i o u b c d f g".split(" ").flatMap((first) =>
  ["n", "nan", "rolo", "lum", "sitem"].map((rest): SequenceExample => {
    return { input: first + rest, target: "aeiou".includes(first) ? "vowel" : "consonant" };
  }),
);

/** Two columns of any length; the number to predict is the sum of the first. */
const sums = Array.from({ length: 60 }, (_, i): SequenceExample => {
  const rows = Array.from({ length: 1 + (i % 7) }, (_unused, t) => [100 + ((i * 7 + t * 3) % 5), (i * t) % 11]);
  return { input: rows, target: rows.reduce((total, [first]) => total + first - 102, 0) };
});

interface Outcome {
  events: TrainingEvent[];
  model: ClassifierModel;
}

async function run(
  data: ClassificationData,
  options: ClassifierTraining,
  where: TrainingRunOptions = { storage: new MemoryStorage() },
  onEvent?: (event: TrainingEvent) => void,
): Promise<Outcome> {
  const training = trainClassifier(data, options, where);
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

beforeAll(() => engine.init({ backend: "reference" }));

describe("a run", () => {
  test("tells accuracy, macro F1 and the majority baseline, and keeps the best", async () => {
    const storage = new MemoryStorage();
    const { events, model } = await run({ training: words }, { ...small, steps: 80 }, { storage });
    expect(events[0]).toMatchObject({ type: "start", trainingTokens: 45, validationTokens: 5, stepsPerEpoch: 6 });
    const { metrics } = lastEvaluation(events);
    expect(Object.keys(metrics!)).toEqual(["accuracy", "macroF1", "majorityAccuracy"]);
    const end = events.at(-1);
    expect(end).toMatchObject({ type: "end", reason: "budget", best: { metrics: { accuracy: 1, macroF1: 1 } } });
    expect(model.config.target).toMatchObject({ kind: "class", labels: ["consonant", "vowel"] });
    const [first] = await model.predict(["arolo"]);
    expect(first).toMatchObject({ kind: "class", label: "vowel" });
  });

  test("says how much of its batches is padding", async () => {
    const { events } = await run({ training: words }, { ...small, steps: 1 });
    const notices = events.flatMap((event) => (event.type === "notice" ? [event.text] : []));
    expect(notices).toEqual([
      expect.stringMatching(/^batches hold sequences of similar lengths: \d+\.\d % of .* padding$/),
    ]);
  });

  test("from rows to a number tells MAE, RMSE, R² and the baseline's RMSE", async () => {
    const { events, model } = await run(
      { training: sums },
      { ...small, hidden: 16, pooling: "last", dropout: 0, steps: 200, schedule: "cosine" },
    );
    const { metrics } = lastEvaluation(events);
    expect(Object.keys(metrics!)).toEqual(["mae", "rmse", "r2", "baselineRmse"]);
    expect(metrics!.rmse).toBeLessThan(metrics!.baselineRmse / 3);
    const input = model.config.input;
    expect(input).toMatchObject({ kind: "numbers", width: 2 });
    // Of the training part, in the data's own unit.
    expect(input.kind === "numbers" && input.mean[0]).toBeCloseTo(102, 0);
    const evaluation = await model.evaluate(sums);
    expect(evaluation).toMatchObject({ kind: "number", examples: 60 });
  });

  test("has the same bytes as another with the same seed, and others with another seed", async () => {
    const bytes: Uint8Array[] = [];
    for (const seed of [3, 3, 4]) {
      const storage = new MemoryStorage();
      await run({ training: words }, { ...small, seed }, { storage });
      bytes.push(storage.files.get("model.safetensors")!);
    }
    expect(bytes[0]).toEqual(bytes[1]);
    expect(bytes[0]).not.toEqual(bytes[2]);
  });

  test("holds out inputs that the training never shows, whatever their labels", async () => {
    const twice = words.flatMap((example) => [example, { ...example, target: "both" }]);
    const { events } = await run({ training: twice }, { ...small, steps: 1 });
    expect(events[0]).toMatchObject({ trainingTokens: 90, validationTokens: 10 });
  });

  test("takes a part of its own to test on", async () => {
    const data = { training: words.slice(0, 40), validation: words.slice(40) };
    const { events } = await run(data, { ...small, steps: 1 });
    expect(events[0]).toMatchObject({ trainingTokens: 40, validationTokens: 10 });
  });
});

describe.each(["last", "mean", "max", "attention"] as const)("pooling %s", (pooling) => {
  test.each(["rnn", "lstm", "gru"] as const)("learns eight examples to near-zero loss with %s", async (cell) => {
    const training = ["bab", "abba", "b", "bbbbab", "aab", "ba", "abbb", "aaaa"].map((input, i) => {
      return { input, target: ["x", "y", "z"][i % 3] };
    });
    const options = { ...small, cell, pooling, dropout: 0, steps: 250, evaluateEvery: 250 };
    const { events } = await run({ training, validation: training }, options);
    expect(lastEvaluation(events).loss).toBeLessThan(0.02);
  });
});

test("a batch that is read in parts has the loss of the whole", async () => {
  // 33,000 steps beside short sequences: together more than the padded steps that one part may have.
  const long = Array.from({ length: 33_000 }, (_, t) => [t % 5]);
  const training: SequenceExample[] = [
    { input: long, target: 5 },
    { input: [[1], [2]], target: 1 },
    { input: [[3]], target: 2 },
  ];
  const options: ClassifierTraining = { ...small, hidden: 2, batch: 3, steps: 1, dropout: 0, lr: 1e-12 };
  const { events, model } = await run({ training, validation: training.slice(1) }, options);
  const step = events.find((event) => event.type === "step")!;
  expect(step.loss).toBeCloseTo((await model.evaluate(training)).loss, 5);
});

describe("a model", () => {
  test.each(["words", "rows"])("predicts %s the same alone, together, and in any order", async (kind) => {
    const training = kind === "words" ? words : sums;
    const storage = new MemoryStorage();
    await run({ training }, { ...small, steps: 5, pooling: "attention" }, { storage });
    const model = await loadClassifier(storage);
    const inputs = training.map(({ input }) => input);
    const together = await model.predict(inputs);
    const reversed = await model.predict(inputs.toReversed());
    expect(reversed.toReversed()).toEqual(together);
    for (const [i, input] of inputs.slice(0, 8).entries()) expect(await model.predict([input])).toEqual([together[i]]);
  });

  test("gives probabilities of all labels, which add up to 1, and the confusion of each with each", async () => {
    const { model } = await run({ training: words }, small);
    const predictions = await model.predict(["alum", "bn"]);
    for (const prediction of predictions) {
      const { probabilities, label, probability } = prediction as Extract<typeof prediction, { kind: "class" }>;
      expect(Object.keys(probabilities)).toEqual(["consonant", "vowel"]);
      expect(Object.values(probabilities).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      expect(probabilities[label]).toBe(probability);
    }
    const evaluation = await model.evaluate(words);
    expect(evaluation).toMatchObject({ kind: "class", examples: 50, majority: { accuracy: 0.5 } });
    const { confusion, accuracy } = evaluation as Extract<typeof evaluation, { kind: "class" }>;
    expect(confusion.flat().reduce((a, b) => a + b)).toBe(50);
    expect((confusion[0][0] + confusion[1][1]) / 50).toBe(accuracy);
  });

  test("takes characters and words that it never saw", async () => {
    const { model } = await run({ training: words }, { ...small, steps: 2 });
    expect(await model.predict(["日本"])).toHaveLength(1);
    const texts = words.map(({ input, target }) => ({ input: `the ${input as string} word`, target }));
    const byWord = await run({ training: texts }, { ...small, steps: 2, tokenizer: "word" });
    expect(await byWord.model.predict(["something quite new"])).toHaveLength(1);
  });

  test("does not let rows' scale matter", async () => {
    const scaled = sums.map(({ input, target }) => ({
      input: (input as number[][]).map(([a, b]) => [a * 1024 - 7, b / 64]),
      target: (target as number) * 1000,
    }));
    const options = { ...small, steps: 10 };
    const [plain, far] = [await run({ training: sums }, options), await run({ training: scaled }, options)];
    const [a, b] = [lastEvaluation(plain.events), lastEvaluation(far.events)];
    expect(b.loss).toBeCloseTo(a.loss, 4);
    expect(b.metrics!.rmse / 1000).toBeCloseTo(a.metrics!.rmse, 3);
  });
});

test("tokens that are forgotten while training are forgotten at random, the same again with the same seed", async () => {
  const losses = async (tokenDropout: number): Promise<number[]> => {
    const { events } = await run({ training: words }, { ...small, dropout: 0, tokenDropout, steps: 10, logEvery: 1 });
    return events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
  };
  const [none, some, again, nearlyAll] = [await losses(0), await losses(0.3), await losses(0.3), await losses(0.999)];
  expect(some).toEqual(again);
  expect(some).not.toEqual(none);
  // Who reads nothing but unknown characters knows no more than how often labels occur.
  expect(Math.min(...nearlyAll)).toBeGreaterThan(0.6);
});

test("numbers are labels, and texts numbers, where that is asked for", async () => {
  const digits = words.map(({ input, target }) => ({ input, target: target === "vowel" ? 1 : 0 }));
  const { model } = await run({ training: digits }, { ...small, steps: 1, predict: "label" });
  expect(model.labels).toEqual(["0", "1"]);
  const texts = digits.map(({ input, target }) => ({ input, target: String(target) }));
  const { model: other } = await run({ training: texts }, { ...small, steps: 1, predict: "number" });
  expect(other.config.target.kind).toBe("number");
  await expect(run({ training: words }, { ...small, predict: "number" })).rejects.toThrow(
    'training[0]: invalid target: got "vowel", expected a finite number',
  );
});

describe("class weights", () => {
  test("balanced ones make a rare label count as much as a common one", async () => {
    const rare = words.filter(({ target }, i) => target === "consonant" || i % 9 === 0);
    const recalls: number[] = [];
    for (const classWeights of ["none", "balanced"] as const) {
      const { model } = await run({ training: rare, validation: words }, { ...small, steps: 12, classWeights });
      const evaluation = await model.evaluate(words);
      recalls.push(evaluation.kind === "class" ? evaluation.classes[1].recall : NaN);
    }
    expect(recalls[1]).toBeGreaterThan(recalls[0]);
  });
});

describe("a resumed run ends with the bytes of one that was never stopped", () => {
  const options: ClassifierTraining = {
    ...small,
    dropout: 0.3,
    schedule: "plateau",
    pooling: "attention",
    checkpointEvery: 7,
  };

  test.each(["words", "sums"])("interrupted between checkpoints, learning from %s", async (kind) => {
    const data = { training: kind === "words" ? words : sums };
    const whole = new MemoryStorage();
    await run(data, options, { storage: whole });
    const storage = new MemoryStorage();
    const controller = new AbortController();
    await run(data, options, { storage, signal: controller.signal }, (event) => {
      if (event.type === "evaluation") controller.abort();
    });
    const { events } = await run(data, options, { storage, resume: true });
    expect(events[0]).toMatchObject({ type: "start", step: 10 });
    expect(storage.files.get("model.safetensors")).toEqual(whole.files.get("model.safetensors"));
    expect(storage.files.get("config.json")).toEqual(whole.files.get("config.json"));
  });

  test("and refuses other options or other data, naming them", async () => {
    const storage = new MemoryStorage();
    await run({ training: words }, options, { storage });
    await expect(run({ training: words }, { ...options, pooling: "max" }, { storage, resume: true })).rejects.toThrow(
      'pooling was "attention", is "max"',
    );
    await expect(run({ training: words.slice(0, 45) }, options, { storage, resume: true })).rejects.toThrow(
      "data is not the same",
    );
  });
});

describe("starting from a model", () => {
  test("goes on with its vocabulary, standardisation, architecture and parameters", async () => {
    const from = new MemoryStorage();
    const { events } = await run({ training: words }, { ...small, steps: 80 }, { storage: from });
    const end = events.at(-1)!;
    const before = end.type === "end" && end.best!.loss;
    const tuned = { steps: 1, lr: 1e-6, batch: 8, seed: 1 };
    const { events: after, model } = await run({ training: words }, tuned, { storage: new MemoryStorage(), from });
    expect(lastEvaluation(after).loss).toBeCloseTo(Number(before), 2);
    expect(model.config.architecture.hidden).toBe(8);
  });

  test("with other labels starts the output layer anew", async () => {
    const from = new MemoryStorage();
    await run({ training: words }, small, { storage: from });
    const renamed = words.map(({ input }, i) => ({ input, target: `label ${i % 3}` }));
    const { model } = await run({ training: renamed }, { steps: 1 }, { storage: new MemoryStorage(), from });
    expect(model.labels).toEqual(["label 0", "label 1", "label 2"]);
  });

  test("refuses another architecture", async () => {
    const from = new MemoryStorage();
    await run({ training: words }, { ...small, steps: 1 }, { storage: from });
    await expect(
      run({ training: words }, { ...small, hidden: 9 }, { storage: new MemoryStorage(), from }),
    ).rejects.toThrow("train: mismatch in hidden: got 9, but the model to start from has 8; leave it out");
  });
});

describe("bad input is an error that names the example", () => {
  const good = words.slice(0, 20);
  const cases: [message: string, training: SequenceExample[], options?: ClassifierTraining][] = [
    ["training: invalid data: it has no examples", []],
    [
      'training[20]: invalid label "once": only this example has it, expected at least 2',
      [...good, { input: "x", target: "once" }],
    ],
    ["names.csv:7: invalid input: it is empty", [...good, { input: "", target: "vowel", place: "names.csv:7" }]],
    ["training[20]: invalid input: it is empty", [...sums.slice(0, 20), { input: [], target: 1 }]],
    [
      "training[20]: mismatch in row 1: got 1 numbers, expected 2",
      [...sums.slice(0, 20), { input: [[1, 2], [3]], target: 1 }],
    ],
    [
      "training[20]: invalid number in row 0, column 1: got NaN",
      [...sums.slice(0, 20), { input: [[1, NaN]], target: 1 }],
    ],
    [
      "training[20]: invalid target: got 3, expected a label (a text), as the first target is",
      [...good, { input: "x", target: 3 }],
    ],
    [
      "training[20]: invalid target: got NaN, expected a finite number",
      [...sums.slice(0, 20), { input: [[1, 2]], target: NaN }],
    ],
    ["training[20]: mismatch in input: got [[1]], expected a text", [...good, { input: [[1]], target: "vowel" }]],
    [
      'all 18 examples are "a", expected at least 2 different labels',
      good.map(({ input }) => ({ input, target: "a" })),
    ],
    ["invalid targets: all 54 are 3; there is nothing to learn", sums.map(({ input }) => ({ input, target: 3 }))],
    ["got 1 different, expected at least 2", [words[0], words[0]]],
    ['unknown option "hiden"; did you mean "hidden"?', good, { ...small, hiden: 3 } as ClassifierTraining],
  ];

  test.each(cases)("%s", async (message, training, options = small) => {
    const events = trainClassifier({ training }, options, { storage: new MemoryStorage() });
    await expect(events.next()).rejects.toThrow(message);
  });

  test.each<[string, ClassifierTraining, readonly SequenceExample[]]>([
    ["tokenizer: it does nothing with inputs that are numbers", { tokenizer: "character" }, sums],
    ["tokenDropout: it does nothing with inputs that are numbers", { tokenDropout: 0.5 }, sums],
    ["embedding: it does nothing with inputs that are numbers", { embedding: 7 }, sums],
    ["classWeights: it does nothing with targets that are numbers", { classWeights: "balanced" }, sums],
    ["labelSmoothing: it does nothing with targets that are numbers", { labelSmoothing: 0.3 }, sums],
    ["regressionLoss: it does nothing with targets that are labels", { regressionLoss: "huber" }, words],
  ])("an option that would be ignored: %s", async (message, options, training) => {
    await expect(run({ training }, { ...small, ...options })).rejects.toThrow(`train: mismatch in ${message}`);
  });

  test("a column that never changes is read as it is where it does after all", async () => {
    const training = words.map(({ target }, i) => ({ input: [[0.1, i % 5]], target }));
    const { model } = await run({ training }, { ...small, steps: 1 });
    const [encoded] = [model.encoder.encode({ name: "x", input: [[0.11, 2]] })];
    expect(encoded.values[0]).toBeCloseTo(0.01, 8);
    const constant = words.map(({ input }) => ({ input, target: 0.1 }));
    await expect(run({ training: constant }, small)).rejects.toThrow("there is nothing to learn");
  });

  test("a label that the training has not", async () => {
    const data = { training: words, validation: [{ input: "x", target: "new" }] };
    await expect(run(data, small)).rejects.toThrow('validation[0]: unknown label "new"');
  });

  test("at prediction too", async () => {
    const { model } = await run({ training: words }, { ...small, steps: 1 });
    await expect(model.predict(["a", ""])).rejects.toThrow("predict: inputs[1]: invalid input: it is empty");
    await expect(model.predict([[[1]]])).rejects.toThrow("predict: inputs[0]: mismatch in input");
    await expect(model.evaluate([{ input: "a", target: "other" }])).rejects.toThrow(
      'examples[0]: unknown label "other"',
    );
    await expect(model.evaluate([])).rejects.toThrow("evaluate: invalid examples: there are none");
  });

  test("a model of another task", async () => {
    const storage = new MemoryStorage();
    await run({ training: words }, { ...small, steps: 1 }, { storage });
    const config = new TextDecoder().decode(storage.files.get("config.json")).replace('"classify"', '"lm"');
    storage.files.set("config.json", new TextEncoder().encode(config.replace(/,\s*"checksum":[^}]*/, "\n")));
    await expect(loadClassifier(storage)).rejects.toThrow('unsupported task "lm", expected a classifier');
  });
});

test("padding changes neither scores nor gradients of the network, not even NaN", async () => {
  const { model } = await run({ training: sums }, { ...small, steps: 1, pooling: "attention" });
  const network = model.model.eval();
  const outcome = (padding: number): ArrayLike<number>[] => {
    for (const parameter of network.parameters()) parameter.grad = null;
    const scores = network.forward(tensor([1, 2, 3, 4, 5, 6, padding, padding], [2, 2, 2]), [2, 1]);
    sum(scores).backward();
    return [scores, ...network.parameters().map(({ grad }) => grad!)].map((values) => values.exactDataSync());
  };
  expect(outcome(NaN)).toEqual(outcome(0));
});
