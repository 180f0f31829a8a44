import { beforeAll, describe, expect, test } from "vitest";
import { integers } from "../../../test/draws.ts";
import { everyEngine } from "../../../test/engines.ts";
import { checkGradients } from "../../autograd/gradient-check.ts";
import { crossEntropy } from "../../autograd/ops/cross-entropy.ts";
import { slice } from "../../autograd/ops/slice.ts";
import { noGrad } from "../../autograd/tape.ts";
import { padTokens } from "../../data/padding.ts";
import { engine } from "../../engine.ts";
import type { Tensor } from "../../memory/tensor.ts";
import { recurrentKinds } from "../../nn/cell-choice.ts";
import { likeliestOfRows } from "../likeliest.ts";
import { type EncodedPair, type PairBatch, pairBatch, uncounted } from "./pair-batch.ts";
import { SequenceTranslator, type TranslatorArchitecture } from "./sequence-translator.ts";

const sizes = { sourceSize: 5, targetSize: 4, hidden: 3, embedding: 2, dropout: 0 };
const pairs: EncodedPair[] = [
  { source: Int32Array.of(0, 1, 2, 3), target: Int32Array.of(3, 2) },
  { source: Int32Array.of(4), target: Int32Array.of(0, 1, 1, 2) },
  { source: Int32Array.of(2, -1), target: Int32Array.of(-1, 3) },
];

function translator(options: TranslatorArchitecture = {}): SequenceTranslator {
  return new SequenceTranslator({ ...sizes, ...options, name: "model" });
}

function lossOf(model: SequenceTranslator, batch: PairBatch, own?: (row: number, step: number) => boolean): Tensor {
  return crossEntropy(model.forward(batch, own), batch.target.values, { ignoreIndex: uncounted });
}

const variants: [string, TranslatorArchitecture][] = [
  ...recurrentKinds.map((cell): [string, TranslatorArchitecture] => [cell, { cell }]),
  ["two layers", { layers: 2 }],
  ["additive attention", { attention: "additive" }],
  ["input feeding", { inputFeeding: true }],
  ["tied", { tied: true, embedding: 3 }],
  ["all of it, tied", { cell: "gru", layers: 2, attention: "additive", inputFeeding: true, tied: true, embedding: 3 }],
  ["all of it", { cell: "gru", layers: 2, attention: "additive", inputFeeding: true }],
];

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("fed the truth, step by step has the bits of all steps at once", () => {
    const model = translator({ layers: 2 });
    const batch = pairBatch(pairs, model.boundary);
    const together = model.forward(batch);
    const steps = model.forward(batch, () => false);
    // In the padding each has numbers of its own; nobody reads them.
    const counted = (logits: Tensor): number[] =>
      Array.from(logits.dataSync()).filter(
        (_, i) => Math.floor(i / 5 / pairs.length) < batch.target.lengths[Math.floor(i / 5) % pairs.length],
      );
    expect(counted(steps)).toEqual(counted(together));
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test.each(variants)("%s: gradients are those of finite differences", (_, options) => {
    const model = translator(options);
    const batch = pairBatch(pairs, model.boundary);
    checkGradients(() => lossOf(model, batch), Object.fromEntries(model.stateDict()));
  });

  test("tied it has the numbers of one whose output layer has the vectors of the tokens, and a matrix less", () => {
    const [plain, tied] = [false, true].map((on) => translator({ tied: on, embedding: 3, inputFeeding: true }));
    const state = tied.stateDict();
    expect(state.has("output.weight")).toBe(false);
    expect(plain.parameterCount() - tied.parameterCount()).toBe((sizes.targetSize + 1) * sizes.hidden);
    plain.loadStateDict(new Map([...state, ["output.weight", state.get("target.weight")!]]));
    const batch = pairBatch(pairs, tied.boundary);
    expect(tied.forward(batch).exactDataSync()).toEqual(plain.forward(batch).exactDataSync());
  });

  test("gradients go through the steps where it reads what it wrote", () => {
    const model = translator({ inputFeeding: true });
    const batch = pairBatch(pairs, model.boundary);
    const own = (row: number, step: number): boolean => (row + step) % 2 === 0;
    checkGradients(() => lossOf(model, batch, own), Object.fromEntries(model.stateDict()));
  });

  test("never fed its own output is teacher forcing, to the bit of loss and gradients", () => {
    const run = (own?: () => boolean): ArrayLike<number>[] => {
      const model = translator({ inputFeeding: true });
      const loss = lossOf(model, pairBatch(pairs, model.boundary), own);
      loss.backward();
      return [loss, ...model.parameters().map(({ grad }) => grad!)].map((each) => each.exactDataSync());
    };
    expect(run(() => false)).toEqual(run());
  });

  test.each([false, true])("always fed its own output is running freely (input feeding: %s)", (inputFeeding) => {
    const model = translator({ inputFeeding });
    const batch = pairBatch(pairs, model.boundary);
    const found = model.forward(batch, () => true);
    const { state: start, memory } = model.encode(batch.source);
    let state = start;
    let tokens: Int32Array = new Int32Array(pairs.length).fill(model.boundary);
    for (let t = 0; t < batch.target.steps; t++) {
      const next = model.step(integers([...tokens]), state, memory);
      const written = next.logits.exactDataSync();
      expect(written).toEqual(slice(found, { start: t, end: t + 1 }).exactDataSync());
      tokens = likeliestOfRows(written, model.boundary + 1);
      state = next.state;
    }
  });

  test("a pair has the same logits alone as in a batch", () => {
    const model = translator({ attention: "additive", inputFeeding: true });
    const together = model.forward(pairBatch(pairs, model.boundary)).exactDataSync();
    pairs.forEach((pair, b) => {
      const alone = model.forward(pairBatch([pair], model.boundary)).exactDataSync();
      for (let i = 0; i < alone.length; i++) {
        expect(alone[i]).toBe(together[(Math.floor(i / 5) * pairs.length + b) * 5 + (i % 5)]);
      }
    });
  });

  test("the order of the source matters, and every place of it", () => {
    const model = translator();
    const logits = (source: number[]): ArrayLike<number> =>
      noGrad(() =>
        model.forward(pairBatch([{ source: Int32Array.from(source), target: Int32Array.of(1) }], 4)),
      ).exactDataSync();
    const first = logits([0, 1, 2]);
    for (const other of [
      [2, 1, 0],
      [3, 1, 2],
      [0, 3, 2],
      [0, 1, 3],
      [0, 1],
    ])
      expect(logits(other)).not.toEqual(first);
  });

  test("the attention's weights of a step sum to 1 over the source", () => {
    const model = translator();
    const { state, memory } = model.encode(padTokens(pairs.map(({ source }) => source)));
    const { weights } = model.step(integers([4, 4, 4]), state, memory);
    expect(weights.shape).toEqual([3, 4]);
    const all = Array.from(weights.exactDataSync());
    for (const row of [0, 1, 2]) {
      expect(all.slice(row * 4, row * 4 + 4).reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 12);
    }
    expect(all.slice(5, 8)).toEqual([0, 0, 0]);
  });
});

test("options that are none are refused", async () => {
  await engine.init({ backend: "reference" });
  expect(() => translator({ attention: "dot" as never })).toThrow(
    'new SequenceTranslator: invalid attention: got "dot", expected one of multiplicative, additive',
  );
});
