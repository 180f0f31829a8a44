import { beforeAll, describe, expect, test } from "vitest";
import { logSoftmax } from "../../autograd/ops/softmax.ts";
import { engine } from "../../engine.ts";
import { runtime } from "../../memory/runtime.ts";
import { beamSearch, type Hypothesis, lengthNormalizer } from "./beam-search.ts";
import { type Written, writeEach } from "./decoding.ts";
import { pairBatch } from "./pair-batch.ts";
import { SequenceTranslator, type TranslatorArchitecture } from "./sequence-translator.ts";

const sources = [[0, 1, 2, 3], [4], [2, 2, 0]].map((ids) => Int32Array.from(ids));
const targetSize = 3;
const longest = 4;

beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

/** A small translator whose choices are far from even. */
function translator(options: TranslatorArchitecture = {}): SequenceTranslator {
  const model = new SequenceTranslator({
    sourceSize: 5,
    targetSize,
    hidden: 6,
    embedding: 4,
    ...options,
    name: "model",
  });
  model.output.weight.assign(Array.from(model.output.weight.exactDataSync(), (value) => 4 * value));
  return model.eval();
}

/** Every text up to the longest length. */
function everyText(): number[][] {
  let ends: number[][] = [[]];
  const all = [...ends];
  for (let length = 1; length <= longest; length++) {
    ends = ends.flatMap((text) => Array.from({ length: targetSize }, (_, token) => [...text, token]));
    all.push(...ends);
  }
  return all;
}

/** ln p of texts given a source, the end included, by teacher forcing. */
function logProbabilities(model: SequenceTranslator, source: Int32Array, texts: number[][]): number[] {
  const { boundary } = model;
  const batch = pairBatch(
    texts.map((text) => ({ source, target: Int32Array.from(text) })),
    boundary,
  );
  const scores = logSoftmax(model.forward(batch)).exactDataSync();
  return texts.map((text, b) =>
    [...text, boundary].reduce((sum, token, t) => sum + scores[(t * texts.length + b) * (boundary + 1) + token], 0),
  );
}

const kinds: [string, TranslatorArchitecture][] = [
  ["lstm", {}],
  ["gru with input feeding", { cell: "gru", inputFeeding: true, attention: "additive" }],
];

describe.each(kinds)("%s", (_, options) => {
  test.each([0, 0.6, 2])("a beam of all beginnings finds the best of all texts, length penalty %s", (lengthPenalty) => {
    const model = translator(options);
    const texts = everyText();
    const found = beamSearch(model, sources, { beam: texts.length, lengthPenalty, longest, attention: false });
    sources.forEach((source, i) => {
      const all = logProbabilities(model, source, texts);
      const scores = all.map((value, k) => value / lengthNormalizer(texts[k].length + 1, lengthPenalty));
      const best = scores.indexOf(Math.max(...scores));
      expect(found[i][0].ids).toEqual(texts[best]);
      expect(found[i][0].logProbability).toBeCloseTo(all[best], 5);
      expect(found[i][0].score).toBeCloseTo(scores[best], 5);
    });
  });

  test("what a beam finds has the probability that it says, best first", () => {
    const model = translator(options);
    const found = beamSearch(model, sources, { beam: 3, lengthPenalty: 0, longest, attention: false });
    found.forEach((hypotheses, i) => {
      const expected = logProbabilities(
        model,
        sources[i],
        hypotheses.map(({ ids }) => ids),
      );
      hypotheses.forEach(({ logProbability }, k) => expect(logProbability).toBeCloseTo(expected[k], 5));
      const scores = hypotheses.map(({ score }) => score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    });
  });

  test("each source is written of as if it were alone", () => {
    const model = translator(options);
    const search = { beam: 3, lengthPenalty: 0.6, longest, attention: true };
    const together = beamSearch(model, sources, search);
    const greedy = writeEach(model, sources, { longest, attention: true });
    sources.forEach((source, i) => {
      expect(beamSearch(model, [source], search)[0]).toEqual(together[i]);
      expect(writeEach(model, [source], { longest, attention: true })[0]).toEqual(greedy[i]);
    });
  });

  test("every token looks at the whole of its own source", () => {
    const model = translator(options);
    const greedy = writeEach(model, sources, { longest, attention: true });
    const best = beamSearch(model, sources, { beam: 2, lengthPenalty: 1, longest, attention: true }).map(
      ([first]) => first,
    );
    for (const written of [greedy, best]) {
      written.forEach(({ ids, complete, attention }: Written | Hypothesis, i) => {
        expect(attention).toHaveLength(ids.length + Number(complete));
        for (const row of attention!) {
          expect(row).toHaveLength(sources[i].length);
          expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
        }
      });
    }
  });

  test("a beam of 1 is never worse than greedy that comes to an end", () => {
    const model = translator(options);
    // An end that is likely soon.
    model.output.bias!.assign([0, 0, 0, 3]);
    const greedy = writeEach(model, sources, { longest: 30 });
    const beams = beamSearch(model, sources, { beam: 1, lengthPenalty: 0, longest: 30, attention: false });
    greedy.forEach((written, i) => {
      expect(written.complete).toBe(true);
      expect(beams[i][0].logProbability).toBeGreaterThanOrEqual(written.logProbability);
    });
  });
});

test("what never ends is cut at the longest length, and says so", () => {
  const model = translator();
  model.output.bias!.assign([0, 0, 0, -50]);
  for (const { ids, complete } of writeEach(model, sources, { longest: 5 })) {
    expect(ids).toHaveLength(5);
    expect(complete).toBe(false);
  }
  const [best] = beamSearch(model, sources, { beam: 2, lengthPenalty: 0, longest: 5, attention: false })[0];
  expect(best.complete).toBe(true);
});

test("decoding gives all memory back", () => {
  const model = translator({ inputFeeding: true });
  const run = (): void => {
    writeEach(model, sources, { longest });
    beamSearch(model, sources, { beam: 3, lengthPenalty: 1, longest, attention: true });
  };
  run();
  const before = runtime().heap.bytesInUse;
  run();
  expect(runtime().heap.bytesInUse).toBe(before);
});

test("the length penalty is Wu et al.'s", () => {
  expect(lengthNormalizer(1, 0.6)).toBe(1);
  expect(lengthNormalizer(7, 1)).toBe(2);
  expect(lengthNormalizer(13, 0)).toBe(1);
});
