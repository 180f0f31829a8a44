import { describe, expect, test } from "vitest";
import { loadFixture } from "../../test/golden.ts";
import { bleu, bleuTokens, type BleuScore } from "./bleu.ts";

interface BleuCase extends BleuScore {
  name: string;
  outputs: string[];
  references: string[][];
  tokens: string[][];
}

const { cases } = loadFixture<{ cases: BleuCase[] }>("metrics/bleu.json");

describe.each(cases)("sacrebleu's corpus: $name", (expected) => {
  test("is cut into the same tokens", () => {
    expect(expected.outputs.map(bleuTokens)).toEqual(expected.tokens);
  });

  test("has the same score", () => {
    const found = bleu(expected.outputs, expected.references);
    expect(found.score).toBeCloseTo(expected.score, 10);
    found.precisions.forEach((precision, n) => expect(precision).toBeCloseTo(expected.precisions[n], 10));
    expect(found.brevityPenalty).toBeCloseTo(expected.brevityPenalty, 12);
    expect([found.length, found.referenceLength]).toEqual([expected.length, expected.referenceLength]);
  });
});

test("the example of sacrebleu's README has the published score", () => {
  const { score, precisions, brevityPenalty, length, referenceLength } = bleu(cases[0].outputs, cases[0].references);
  expect(score.toFixed(2)).toBe("48.53");
  expect(precisions.map((precision) => precision.toFixed(1)).join("/")).toBe("82.4/50.0/45.5/37.5");
  expect([brevityPenalty.toFixed(3), length, referenceLength]).toEqual(["0.943", 17, 18]);
});

test("the modified unigram precision of Papineni's example is 2/7", () => {
  const references = ["the cat is on the mat", "there is a cat on the mat"];
  expect(bleu(["the the the the the the the"], [references]).precisions[0]).toBeCloseTo(200 / 7, 10);
});

test("as many references as outputs are needed, and at least one for each", () => {
  expect(() => bleu(["a"], [])).toThrow("bleu: mismatch in references: got 0, expected 1");
  expect(() => bleu(["a"], [[]])).toThrow("bleu: invalid references[0]: got [], expected at least one text");
});
