import { describe, expect, test } from "vitest";
import { parseConll } from "./conll.ts";

const unified = (lines: string[]): string => lines.map((line) => line.replaceAll(" ", "\t")).join("\n");

describe("sentences in columns", () => {
  test("words and tags are the first and the last column, and empty lines part sentences", () => {
    const text = "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\nPeter NNP B-NP B-PER\n";
    expect(parseConll("a.conll", text, {}, true)).toEqual([
      { words: ["EU", "rejects"], tags: ["B-ORG", "O"], place: "a.conll:3" },
      { words: ["Peter"], tags: ["B-PER"], place: "a.conll:6" },
    ]);
  });

  test("other columns are named by number, from the end too", () => {
    const text = "1 EU NNP O\n2 rejects VBZ O\n";
    expect(parseConll("a.txt", text, { words: "2", tags: "-2" }, true)).toMatchObject([
      { words: ["EU", "rejects"], tags: ["NNP", "VBZ"] },
    ]);
  });

  test("a word may be a number sign", () => {
    expect(parseConll("a.conll", "# SYM\n1 NUM\n", {}, true)).toMatchObject([{ words: ["#", "1"] }]);
  });

  test("without tags there are words alone", () => {
    expect(parseConll("a.conll", "EU\nrejects\n", {}, false)).toEqual([
      { words: ["EU", "rejects"], place: "a.conll:1" },
    ]);
  });
});

describe("CoNLL-U", () => {
  const text = unified([
    "#\u00a0text",
    "1-2 don't _ _ _ _ _ _ _ _",
    "1 do do AUX VBP _ 3 aux _ _",
    "2 n't not PART RB _ 3 advmod _ _",
    "2.1 left left VERB VBD _ _ _ _ _",
    "3 go go VERB VB _ 0 root _ _",
    "",
  ]);

  test("is read without comments, ranges and empty words; form and upos are the columns", () => {
    expect(parseConll("a.conllu", text, {}, true)).toEqual([
      { words: ["do", "n't", "go"], tags: ["AUX", "PART", "VERB"], place: "a.conllu:3" },
    ]);
  });

  test("its columns have names", () => {
    const [{ words, tags }] = parseConll("a.conllu", text, { words: "lemma", tags: "xpos" }, true);
    expect([words, tags]).toEqual([
      ["do", "not", "go"],
      ["VBP", "RB", "VB"],
    ]);
    expect(() => parseConll("a.conllu", text, { tags: "pos" }, true)).toThrow(
      /a\.conllu: unknown column "pos"; expected one of id, form/,
    );
  });

  test("a word without a tag is named with its line", () => {
    expect(() => parseConll("a.conllu", text, { tags: "feats" }, true)).toThrow(
      /^a\.conllu:3: invalid tag: column 6 of the word/,
    );
  });
});

test("lines of another width are named", () => {
  expect(() => parseConll("a.conll", "EU NNP O\nrejects O\n", {}, true)).toThrow(
    "a.conll:2: mismatch in columns: got 2, expected 3, as line 1 has",
  );
});

test("a file without words is none", () => {
  expect(() => parseConll("a.conll", "\n\n", {}, true)).toThrow("invalid file a.conll: it has no words");
});
