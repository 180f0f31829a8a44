import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { load, train } from "hiddenstate";
import { folder, hiddenstate, recordsOf } from "./command.ts";

/** Options of a network so small that a run takes no time. */
const tiny = [
  "--hidden",
  "12",
  "--embedding",
  "12",
  "--character-hidden",
  "8",
  "--batch",
  "8",
  "--lr",
  "0.02",
] as const;

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const [people, places, verbs] = [
  ["Ann", "Bo", "Cy"],
  ["Rome", "Oslo", "Kyiv"],
  ["sleeps", "works", "sings"],
];
/** Sentences of a person, with a second name in every other one, in a place. */
const sentences = Array.from({ length: 48 }, (_, i) => [
  [people[i % 3], "B-PER"],
  ...(i % 2 === 0 ? [["Stone", "I-PER"]] : []),
  [verbs[(i >> 1) % 3], "O"],
  ["in", "O"],
  [places[(i >> 2) % 3], "B-LOC"],
]);
const columns = `${sentences.map((words) => words.map((word) => word.join(" ")).join("\n")).join("\n\n")}\n`;

function complaintOf(...words: string[]): string {
  const done = hiddenstate(words);
  expect(done).toMatchObject({ status: 1, stdout: "" });
  expect(done.stderr.trimEnd().split("\n")).toHaveLength(1);
  return done.stderr.trimEnd();
}

describe("names in sentences", () => {
  const data = file("names.txt", columns);
  let training: ReturnType<typeof hiddenstate>;
  beforeAll(() => {
    training = hiddenstate(["train", data, "--out", "names", ...tiny, "--epochs", "20", "--crf"]);
  });

  test("are recognised by their columns, learned, and scored as whole chunks beside the baseline", () => {
    expect(training.stderr).toContain(
      "names.txt: learning a tag for each word (--task tag), since its lines are words with tags beside them, and empty lines stand between sentences",
    );
    expect(training.stdout).toMatch(
      /whole chunks +precision +recall +F1 +there are +found +right\nLOC +1\.0000 +1\.0000 +1\.0000/,
    );
    expect(training.stdout).toMatch(/each word's most common tag: F1 \d/);
    expect(existsSync(join(folder, "names/pictures/confusion.png"))).toBe(true);
    expect(training.status).toBe(0);
  });

  test("are measured on other data", () => {
    const [record] = recordsOf(hiddenstate(["evaluate", "names", data, "--json"]).stdout);
    expect(record).toMatchObject({
      type: "evaluation",
      accuracy: 1,
      chunks: { f1: 1, types: { LOC: { f1: 1 }, PER: { f1: 1 } } },
      baseline: { accuracy: 1 },
    });
  });

  test.each([
    ["lines of text", "Cy Stone sings in Rome\n"],
    ["lines of JSON with words", '{"id":7,"words":["Cy","Stone","sings","in","Rome"]}\n'],
    ["lines of JSON with text", '{"text":"Cy Stone sings in Rome"}\n'],
  ])("are found on standard input: %s", (_, input) => {
    const [found, ...rest] = recordsOf(hiddenstate(["predict", "names"], { input }).stdout);
    expect(rest).toEqual([]);
    expect(found).toMatchObject({
      words: ["Cy", "Stone", "sings", "in", "Rome"],
      tags: ["B-PER", "I-PER", "O", "O", "B-LOC"],
      chunks: [
        { type: "PER", start: 0, end: 2, text: "Cy Stone" },
        { type: "LOC", start: 4, end: 5, text: "Rome" },
      ],
    });
    expect(found["probabilities"]).toHaveLength(5);
  });

  test("of an empty line it is said that it is one", () => {
    const found = recordsOf(hiddenstate(["predict", "names"], { input: "Cy sings\n\nRome\n" }).stdout);
    expect(found.map(({ empty }) => empty)).toEqual([undefined, true, undefined]);
    expect(found[1]).toEqual({ text: "", words: [], tags: [], probabilities: [], chunks: [], empty: true });
  });

  test("are found in columns without tags", () => {
    const untagged = file("untagged.conll", "Bo\nworks\nin\nOslo\n\nAnn\nsleeps\n");
    const found = recordsOf(hiddenstate(["predict", "names", untagged]).stdout);
    expect(found.map(({ tags }) => tags)).toEqual([
      ["B-PER", "O", "O", "B-LOC"],
      ["B-PER", "O"],
    ]);
  });

  test("of other tags than the training's count as wrong, and are named", () => {
    const other = file("other.conll", "Bo B-PER\nworks O\nin O\nMay B-DATE\n");
    expect(hiddenstate(["evaluate", "names", other]).stdout).toContain(
      "tags that the training had not, which count as wrong: B-DATE (1)",
    );
  });

  test("from TypeScript the model is loaded as what it is", async () => {
    const model = await load(join(folder, "names"), { task: "tag" });
    const [{ tags }] = await model.tag([["Ann", "Stone", "sleeps"]]);
    expect(tags).toEqual(["B-PER", "I-PER", "O"]);
  });
});

describe("parts of speech", () => {
  test("of lines of JSON are learned, and scored by tag", () => {
    const rows = sentences.map((words) => ({
      tokens: words.map(([word]) => word),
      upos: words.map(([, tag]) => ({ "B-PER": "PROPN", "I-PER": "PROPN", "B-LOC": "PROPN", O: "X" })[tag]),
    }));
    const data = file("tokens.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));
    const done = hiddenstate(["train", data, "--out", "tokens", ...tiny, "--epochs", "10", "--json"]);
    expect(done.stderr).toContain("since its tokens and upos are arrays of text");
    expect(recordsOf(done.stdout).at(-1)).toMatchObject({ type: "result", accuracy: 1, chunks: null });
    expect(done.stderr).toMatch(/tag +precision +recall +F1 +words\nPROPN +1\.0000/);
  });
});

describe("bad sentences get one sentence with the line", () => {
  test("a line of another width", () => {
    const data = file("wide.conll", "a X\nb\n\nc Y\n");
    expect(complaintOf("train", data)).toContain("wide.conll:2: mismatch in columns: got 1, expected 2, as line 1 has");
  });

  test("words and tags of different number", () => {
    const data = file("uneven.jsonl", '{"words":["a","b"],"tags":["X"]}\n');
    expect(complaintOf("train", data)).toContain(
      "uneven.jsonl:1: mismatch in tags: got 1, expected 2, one for each word",
    );
  });

  test("a sentence without words", () => {
    const data = file("empty.jsonl", '{"words":["a"],"tags":["X"]}\n{"words":[],"tags":[]}\n');
    expect(complaintOf("train", data)).toContain("empty.jsonl:2: invalid sentence: it has no words; leave it out");
  });

  test("one tag only", () => {
    const data = file("one.jsonl", '{"words":["a"],"tags":["X"]}\n{"words":["b"],"tags":["X"]}\n');
    expect(complaintOf("train", data)).toContain('have "X" only, expected at least 2 different tags');
  });

  test("no arrays of tags, where tags are asked for", () => {
    const data = file("untold.jsonl", '{"words":["a"],"label":"X"}\n');
    expect(complaintOf("train", data, "--task", "tag")).toContain(
      "untold.jsonl: missing tags: none of the columns words, label",
    );
  });
});

test("a sentence of 100,000 words is learned from, and tagged", async () => {
  const words = Array.from({ length: 100_000 }, (_, i) => `w${i % 50}`);
  const long = { words, tags: words.map((_, i) => (i % 2 ? "odd" : "even")) };
  const training = [long, { words: ["w1", "w2"], tags: ["odd", "even"] }];
  const small = { hidden: 4, embedding: 4, characterEmbedding: 4, characterHidden: 4, affixEmbedding: 2 };
  const options = { task: "tag", ...small, steps: 1, out: join(folder, "long") } as const;
  for await (const event of train({ ...options, data: { training, validation: training } })) void event;
  const model = await load(join(folder, "long"), { task: "tag" });
  const [{ tags }] = await model.tag([words]);
  expect(tags).toHaveLength(100_000);
});
