import { expect, test } from "vitest";
import { taggingScores, tagsByMajority, wordMajorities } from "./tagging.ts";

test("accuracy over words, over sentences, and the scores of each tag", () => {
  const scores = taggingScores([["D", "N", "V"], ["N"], []], [["D", "V", "V"], ["N"], []]);
  expect(scores).toMatchObject({ accuracy: 3 / 4, sentenceAccuracy: 1 / 2, words: 4 });
  expect(scores.tags).toEqual({
    D: { precision: 1, recall: 1, f1: 1, support: 1 },
    N: { precision: 1, recall: 1 / 2, f1: 2 / 3, support: 2 },
    V: { precision: 1 / 2, recall: 1, f1: 2 / 3, support: 1 },
  });
  expect(scores.macroF1).toBeCloseTo(7 / 9);
});

test("a tag that the model never learned is wrong, and in the table", () => {
  const { accuracy, tags } = taggingScores([["NEW", "N"]], [["N", "N"]]);
  expect(accuracy).toBe(0.5);
  expect(tags.NEW).toEqual({ precision: 0, recall: 0, f1: 0, support: 1 });
});

test("of nothing they are 0", () => {
  expect(taggingScores([], [])).toEqual({
    accuracy: 0,
    sentenceAccuracy: 0,
    macroF1: 0,
    words: 0,
    tags: {},
    confusion: [],
  });
});

test("the baseline gives each word its most common tag, and unknown words the most common of all", () => {
  const majorities = wordMajorities([
    { words: ["the", "run", "run", "run"], tags: ["D", "V", "N", "V"] },
    { words: ["a", "dog", "cat", "tie", "tie"], tags: ["D", "N", "N", "V", "N"] },
  ]);
  expect(majorities).toEqual({ otherwise: "N", words: { D: ["the", "a"], V: ["run"] } });
  expect(tagsByMajority(majorities, [["the", "run"], ["tie", "elephant"], []])).toEqual([["D", "V"], ["N", "N"], []]);
});

test("sentences that do not fit are refused", () => {
  expect(() => taggingScores([["N"]], [[]])).toThrow(
    "taggingScores: mismatch in predictions[0]: got 0 tags, expected 1",
  );
});
