import { expect, test } from "vitest";
import { cutWords } from "./cut-words.ts";

const known = new Set(["n't", "'s", "o'clock", "it"]);

test.each([
  ["Well, it's 3.14...", ["Well", ",", "it", "'s", "3.14", "..."]],
  ["(don't!)", ["(", "do", "n't", "!", ")"]],
  ["We’ll e-mail at five o'clock", ["We’ll", "e-mail", "at", "five", "o'clock"]],
  ["Ça coûte 5 €", ["Ça", "coûte", "5", "€"]],
  ["  ", []],
])("%j", (line, words) => {
  expect(cutWords(line, known)).toEqual(words);
});
