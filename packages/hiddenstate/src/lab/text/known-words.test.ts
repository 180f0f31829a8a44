import { expect, test } from "vitest";
import { knownShare, wordsOf } from "./known-words.ts";

test("known is what occurs, whatever its capitals, and cut words at the ends do not count", () => {
  const known = wordsOf("The quick brown fox, the lazy dog.");
  expect([...known]).toEqual(["the", "quick", "brown", "fox", "lazy", "dog"]);
  expect(knownShare(["ick brown DOG flox jum"], known)).toBeCloseTo(2 / 3);
  expect(knownShare(["ab"], known)).toBe(0);
});
