import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { everyCell } from "../../test/networks.ts";
import { engine } from "../engine.ts";
import { MemoryStorage } from "../io/model-storage.ts";
import { Random, randomKey } from "../memory/random.ts";
import { runtime } from "../memory/runtime.ts";
import { LSTM } from "../nn/lstm.ts";
import type { Module } from "../nn/module.ts";
import { LanguageModel } from "../tasks/language-modelling/language-model.ts";
import type { TextModel } from "../tasks/language-modelling/text-model.ts";
import { trainLanguageModel } from "../tasks/language-modelling/train-language-model.ts";

const inputSize = 5;
const hiddenSize = 19;
const shape = { inputSize, hiddenSize, layers: 2, name: "network" };

function inputAt(time: number, width = inputSize): number[] {
  const random = new Random(randomKey(3, "test", "inputs", time));
  return Array.from({ length: width }, () => random.normal());
}

/** Moves every weight to the nearest that 8 bits can say, with a scale for each output; biases stay. */
function toEightBits(network: Module): void {
  for (const values of network.stateDict().values()) {
    if (values.shape.length !== 2) continue;
    const width = values.shape[1];
    const all = Float64Array.from(values.exactDataSync());
    for (let row = 0; row < all.length; row += width) {
      const own = all.subarray(row, row + width);
      const scale = Math.fround(Math.max(...own.map(Math.abs)) / 127);
      own.forEach((value, k) => (own[k] = scale * Math.round(value / scale)));
    }
    values.assign(all);
  }
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])));
}

describe.each(everyEngine)("with 8-bit weights on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test.each(everyCell)("a stream of $kind follows one whose weights are already that coarse", ({ make }) => {
    for (const bias of [true, false]) {
      const network = make({ ...shape, bias });
      toEightBits(network);
      const streams = [network.stream(), network.stream({ weights: "int8" })];
      for (let time = 0; time < 12; time++) {
        const [float, int8] = streams.map((stream) => stream.push(inputAt(time)));
        // 16-bit activations are off by 2^-16 of their largest; 12 steps and 2 layers add that up.
        expect(largestDifference(float, int8)).toBeLessThan(1e-3);
      }
    }
  });

  test("a stream of a tied model reads and writes with the one table, in two layouts", () => {
    const largest = [false, true].map((tied) => {
      const model = new LanguageModel({ vocabularySize: 37, hidden: 24, layers: 1, tied, name: "model" }).eval();
      const streams = [model.stream(), model.stream({ weights: "int8" })];
      const [float, int8] = streams.map((stream) => [3, 36, 5, 5, 17].flatMap((id) => Array.from(stream.push([id]))));
      return largestDifference(float, int8) / Math.max(...float.map(Math.abs));
    });
    for (const error of largest) expect(error).toBeLessThan(0.05);
  });

  test("what a stream starts from was learned when it was made", () => {
    const network = new LSTM({ ...shape, learnedState: true });
    const stream = network.stream({ weights: "int8" });
    const before = Array.from(stream.push(inputAt(0)));
    for (const parameter of network.parameters()) parameter.assign(parameter.dataSync().fill(1));
    stream.reset();
    expect(Array.from(stream.push(inputAt(0)))).toEqual(before);
  });

  test.each(everyCell)("streams of $kind have the same bits together as alone", ({ make }) => {
    const network = make(shape);
    const pool = network.pool({ weights: "int8" });
    const alone = Array.from({ length: 5 }, () => network.stream({ weights: "int8" }));
    const ids = alone.map(() => pool.open());
    for (const chosen of [[0, 1, 2, 3, 4], [3], [4, 0, 2], [1, 3]]) {
      const outputs = pool.push(
        chosen.map((i) => ids[i]),
        chosen.flatMap((i) => inputAt(i)),
      );
      expect([...outputs]).toEqual(chosen.flatMap((i) => [...alone[i].push(inputAt(i))]));
    }
  });

  test("a language model's logits follow those of weights that are already that coarse", () => {
    const model = new LanguageModel({ vocabularySize: 37, hidden: 24, embedding: 13, name: "model" });
    toEightBits(model);
    const streams = [model.stream(), model.stream({ weights: "int8" })];
    for (const token of [0, 36, 5, 5, 17]) {
      const [float, int8] = streams.map((stream) => stream.push([token]));
      expect(largestDifference(float, int8)).toBeLessThan(1e-3);
    }
  });

  test("a stream allocates nothing after its first step", () => {
    const stream = new LSTM(shape).stream({ weights: "int8" });
    stream.push(inputAt(0));
    const { bytesInUse, allocations } = runtime().heap;
    for (let i = 0; i < 100; i++) stream.push(inputAt(1));
    expect(runtime().heap).toMatchObject({ bytesInUse, allocations });
  });
});

describe("8-bit weights", () => {
  beforeAll(() => engine.init());

  test("are a copy: the network may change", () => {
    const network = new LSTM(shape);
    const stream = network.stream({ weights: "int8" });
    const before = [...stream.push(inputAt(0))];
    for (const values of network.parameters()) values.assign(values.dataSync().fill(1));
    stream.reset();
    expect([...stream.push(inputAt(0))]).toEqual(before);
    expect([...network.stream({ weights: "int8" }).push(inputAt(0))]).not.toEqual(before);
  });

  test("take about a quarter of the memory, once for all streams", () => {
    const model = new LanguageModel({ vocabularySize: 2000, hidden: 128, name: "model" });
    const { heap } = runtime();
    const before = heap.bytesInUse;
    const streams = [model.stream({ weights: "int8" })];
    streams[0].push([0]);
    expect((heap.bytesInUse - before) / (4 * model.parameterCount())).toBeLessThan(0.29);
    const withOne = heap.bytesInUse;
    streams.push(model.stream({ weights: "int8" }));
    // The second has its own state and buffers only.
    expect(heap.bytesInUse - withOne).toBeLessThan(0.03 * (withOne - before) + 20_000);
    streams[1].push([0]);
  });

  test("of a network that is gone leave its memory to others", { timeout: 60_000 }, async () => {
    const { heap } = runtime();
    const stream = new LSTM({ inputSize: 256, hiddenSize: 256 }).stream({ weights: "int8" });
    const withNetwork = heap.bytesInUse;
    const collect = await garbageCollector();
    for (let i = 0; i < 20 && heap.bytesInUse > withNetwork - 2 ** 21; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(heap.bytesInUse).toBeLessThan(withNetwork - 2 ** 21 + 2 ** 14);
    expect(stream.push(inputAt(0, 256)).every(Number.isFinite)).toBe(true);
  });

  test("cost a trained model less than 1 % of its perplexity", { timeout: 240_000 }, async () => {
    const text = ["docs/architecture.md", "CONTRIBUTING.md", "README.md"]
      .map((path) => readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8"))
      .join("\n");
    const training = trainLanguageModel(
      { training: text },
      { hidden: 96, layers: 2, dropout: 0, bptt: 32, batch: 16, steps: 300, lr: 4e-3, evaluateEvery: 100 },
      { storage: new MemoryStorage() },
    );
    let next = await training.next();
    while (!next.done) next = await training.next();
    const model = next.value;
    const held = text.slice(-4000);
    const [float, int8] = (["float32", "int8"] as const).map((weights) => meanLoss(model, held, weights));
    // Far better than guessing among some 90 characters: the weights matter.
    expect(float).toBeLessThan(2.6);
    expect(Math.exp(int8 - float)).toBeLessThan(1.01);
  });
});

async function garbageCollector(): Promise<() => void> {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([import("node:v8"), import("node:vm")]);
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/** Mean loss per character, in nats, of a text streamed from its start. */
function meanLoss(model: TextModel, text: string, weights: "float32" | "int8"): number {
  const stream = model.stream({ weights });
  const ids = model.tokenizer.encode(text);
  let total = 0;
  for (let i = 0; i < ids.length; i++) {
    if (stream.logits) {
      const logits = stream.logits;
      const highest = Math.max(...logits);
      const sum = logits.reduce((all, logit) => all + Math.exp(logit - highest), 0);
      total += highest + Math.log(sum) - logits[ids[i]];
    }
    stream.pushToken(ids[i]);
  }
  return total / (ids.length - 1);
}
