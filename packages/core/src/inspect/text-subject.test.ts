import { beforeAll, describe, expect, test } from "vitest";
import { crossEntropy } from "../autograd/ops/cross-entropy.ts";
import { slice } from "../autograd/ops/slice.ts";
import { noGrad } from "../autograd/tape.ts";
import { buildTokenizer } from "../data/make-tokenizer.ts";
import { engine } from "../engine.ts";
import { Random, randomKey } from "../memory/random.ts";
import { tensor } from "../memory/tensor.ts";
import { LanguageModel } from "../tasks/language-modelling/language-model.ts";
import { TextModel } from "../tasks/language-modelling/text-model.ts";
import { version } from "../version.ts";
import { gradientFlow } from "./gradient-flow.ts";
import { inspection, type InspectionOptions, type InspectionReport } from "./inspection.ts";
import { TextSubject } from "./text-subject.ts";

function textOf(length: number): string {
  const random = new Random(randomKey(0, "text"));
  return Array.from({ length }, () => "abcd"[random.integer(4)]).join("");
}

function modelWith(cell: "rnn" | "lstm" | "gru"): TextModel {
  const architecture = { cell, hidden: 6, embedding: 5, layers: 2, dropout: 0.2 } as const;
  const model = new LanguageModel({ ...architecture, vocabularySize: 4, name: "model" });
  const config = { task: "lm", version, architecture: model.options, vocabularySize: 4 } as const;
  return new TextModel(config, buildTokenizer("character", "abcd"), model);
}

function finish<T>(work: Generator<unknown, T>): T {
  let next = work.next();
  while (!next.done) next = work.next();
  return next.value;
}

const inspect = (model: TextModel, text: string, options: InspectionOptions = {}): InspectionReport =>
  finish(inspection(new TextSubject(model, text), options));

beforeAll(() => engine.init({ backend: "reference", precision: "f64", seed: 0 }));

describe("a language model with a text", () => {
  test("losses with a cut context are those of the last tokens read from nothing", () => {
    const model = modelWith("lstm");
    const text = textOf(21);
    const ids = model.tokenizer.encode(text);
    const found = finish(new TextSubject(model, text).losses(3));
    // 20 inputs, predicted from the 11th on.
    expect(found).toHaveLength(10);
    for (const [i, place] of [10, 14, 19].entries()) {
      const inputs = tensor(ids.slice(place - 2, place + 1), [3, 1], { dtype: "int32" });
      const logits = noGrad(() => slice(model.model.forward(inputs).logits, { start: -1 }));
      const loss = crossEntropy(logits, [ids[place + 1]]).itemSync();
      expect(found[[0, 4, 9][i]]).toBeCloseTo(loss, 12);
    }
  });

  test("losses with all of the past are those of the text read from its beginning", () => {
    const model = modelWith("gru");
    const text = textOf(200);
    const ids = model.tokenizer.encode(text);
    const found = finish(new TextSubject(model, text).losses(null));
    const { logits } = noGrad(() => model.model.forward(tensor(ids.slice(0, 199), [199, 1], { dtype: "int32" })));
    expect(found).toHaveLength(100);
    const last = crossEntropy(slice(logits, { start: 198 }), [ids[199]]).itemSync();
    const first = crossEntropy(slice(logits, { start: 99, end: 100 }), [ids[100]]).itemSync();
    expect(found[99]).toBeCloseTo(last, 12);
    expect(found[0]).toBeCloseTo(first, 12);
  });

  test("the gradient flow is the mean of losses at single places, their states warmed up", () => {
    const model = modelWith("lstm");
    const text = textOf(12);
    const ids = model.tokenizer.encode(text);
    const found = gradientFlow(model.model.rnn, new TextSubject(model, text).flowRuns(4), { lags: 4 });
    // 11 inputs; 4 lags and 4 steps before them leave places 8, 9 and 10.
    expect(found.layers[0].rows).toEqual([3, 3, 3, 3, 3]);
    const alone = [8, 9, 10].map((place) => {
      const read = (start: number, end: number): ReturnType<typeof tensor> =>
        model.model.embedding.forward(tensor(ids.slice(start, end), [end - start, 1], { dtype: "int32" }));
      const { state } = noGrad(() => model.model.rnn.forward(read(place - 8, place - 4)));
      const loss = (): ReturnType<typeof tensor> => {
        const { output } = model.model.rnn.forward(read(place - 4, place + 1), { state });
        return crossEntropy(model.model.output.forward(slice(output, { start: -1 })), [ids[place + 1]]);
      };
      return gradientFlow(model.model.rnn, [{ loss }], { lags: 4 });
    });
    for (const layer of [0, 1]) {
      for (let lag = 0; lag <= 4; lag++) {
        const mean = alone.reduce((sum, flow) => sum + flow.layers[layer].cell![lag], 0) / 3;
        expect(found.layers[layer].cell![lag]).toBeCloseTo(mean, 12);
      }
    }
  });

  test("gates are read at every step", () => {
    expect(inspect(modelWith("lstm"), textOf(301)).gates.steps).toBe(300);
  });
});

describe("an inspection", () => {
  test.each(["rnn", "lstm", "gru"] as const)("of a %s finds all there is", (cell) => {
    const report = inspect(modelWith(cell), textOf(120), { lags: 10, context: 8, window: 64 });
    expect(report.model).toMatchObject({ task: "lm", cell, layers: 2, hiddenSize: 6, bidirectional: false });
    expect(report.gradientFlow.layers).toHaveLength(2);
    expect(report.gradientFlow.layers[1].hidden).toHaveLength(11);
    expect(report.useOfThePast).toMatchObject({ contexts: [1, 2, 4, 8].map((context) => ({ context })) });
    expect(report.lyapunov).toMatchObject({ steps: expect.any(Number), stability: expect.any(String) });
    expect(report.gates.layers).toHaveLength(2);
    expect(report.matrices).toBe(null);
    expect(report.advice.sentences.length).toBeGreaterThan(1);
    expect(report.notices).toEqual([]);
  });

  test("of a text shorter than what was asked for uses what there is, and says so", () => {
    const report = inspect(modelWith("lstm"), textOf(40), { lags: 100, context: 64 });
    expect(report.gradientFlow.lags).toBe(38);
    expect(report.notices).toEqual([
      "the data is too short for lags of 100: 38 characters were measured",
      "the data is too short for a context of 64: 19 characters were measured",
    ]);
  });

  test("of the shortest text works", () => {
    const report = inspect(modelWith("gru"), "abc");
    expect(report.gradientFlow.lags).toBe(1);
    expect(report.lyapunov).toEqual({ without: "the longest sequence has 2 steps; an exponent needs at least 20" });
  });

  test("of less than that is refused", () => {
    expect(() => new TextSubject(modelWith("gru"), "ab")).toThrow(/invalid text: got 2 tokens, expected at least 3/);
  });

  test("of a text with characters that the model never saw is refused, naming them", () => {
    expect(() => new TextSubject(modelWith("gru"), "abcz")).toThrow(/z/);
  });

  test("refuses options that are none, naming the nearest", () => {
    const model = modelWith("gru");
    const wrong = { lgas: 3 } as InspectionOptions;
    expect(() => inspect(model, "abcd", wrong)).toThrow(/unknown option "lgas"; did you mean "lags"/);
    expect(() => inspect(model, "abcd", { lags: 0 })).toThrow(/invalid lags: got 0/);
  });

  test("leaves the model as it was", () => {
    const model = modelWith("lstm");
    const before = [...model.model.stateDict().values()].map((values) => [...values.exactDataSync()]);
    inspect(model, textOf(80));
    expect([...model.model.stateDict().values()].map((values) => [...values.exactDataSync()])).toEqual(before);
    expect(model.model.parameters().every(({ grad }) => grad === null)).toBe(true);
    expect(model.model.rnn.observer).toBe(null);
  });
});
