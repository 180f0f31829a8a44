import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { load, train } from "hiddenstate";
import { type Finished, folder, hiddenstate, recordsOf } from "./command.ts";

/** Options of a network so small that a run takes no time. */
const tiny = ["--hidden", "24", "--layers", "1", "--dropout", "0", "--batch", "8", "--lr", "0.02"] as const;

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Words backwards. */
const words = Array.from({ length: 60 }, (_, i) =>
  Array.from({ length: 2 + (i % 3) }, (_unused, k) => "abcd"[(i * 7 + k * (3 + (i >> 2))) % 4]).join(""),
).filter((word, i, all) => all.indexOf(word) === i);
const backwards = (word: string): string => Array.from(word).toReversed().join("");
const pairsFile = file("pairs.tsv", `source\ttarget\n${words.map((word) => `${word}\t${backwards(word)}\n`).join("")}`);

let training: Finished;
beforeAll(() => {
  training = hiddenstate(["train", pairsFile, "--out", "pairs", "--validation", pairsFile, ...tiny, "--epochs", "60"]);
});

describe("pairs of texts", () => {
  test("are recognised and learned, with scores, exposure bias and pictures", () => {
    expect(training).toMatchObject({ status: 0 });
    expect(training.stderr).toContain(
      "pairs.tsv: learning to write one text from another (--task seq2seq), since its lines are pairs of texts with a tab between them",
    );
    expect(training.stdout).toMatch(new RegExp(`exact match +\\d\\.\\d{4} +\\d+ of ${words.length} texts`));
    expect(training.stdout).toMatch(/BLEU +0\.00 +counts runs of four words/);
    expect(training.stdout).toMatch(/fed the truth +\S+.*\nfed what it wrote +\S+/);
    for (const name of ["attention", "exposure-bias"]) {
      expect(existsSync(join(folder, `pairs/pictures/${name}.png`))).toBe(true);
      expect(readFileSync(join(folder, `pairs/pictures/${name}.svg`), "utf8")).toContain("<svg");
    }
  });

  test("are measured on other data", () => {
    const done = hiddenstate(["evaluate", "pairs", pairsFile, "--json"]);
    const [record] = recordsOf(done.stdout) as { exactMatch: number; exposureBias: { places: unknown[] } }[];
    expect(record).toMatchObject({
      type: "evaluation",
      pairs: words.length,
      exposureBias: { places: expect.any(Array) },
    });
    expect(record.exactMatch).toBeGreaterThan(0.9);
    expect(record.exposureBias.places).toHaveLength(5);
    expect(hiddenstate(["evaluate", "pairs", pairsFile, "--beam", "3"]).stdout).toContain(
      "texts, written with a beam of 3",
    );
  });
});

describe("a trained translator", () => {
  test("writes a line for each line", () => {
    const done = hiddenstate(["translate", "pairs"], { input: `${words.join("\n")}\n` });
    expect(done).toMatchObject({ status: 0 });
    const lines = done.stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(words.length);
    expect(lines.filter((line, i) => line === backwards(words[i])).length).toBeGreaterThan(0.9 * words.length);
  });

  test("writes an empty line for an empty line", () => {
    const input = `${words[0]}\n\n${words[1]}\n`;
    const lines = hiddenstate(["translate", "pairs"], { input }).stdout.split("\n");
    expect(lines.map((line) => line === "")).toEqual([false, true, false, true]);
    const translated = recordsOf(hiddenstate(["translate", "pairs", "--json"], { input }).stdout);
    expect(translated[1]).toEqual({ type: "translation", source: "", text: "", empty: true });
    const predicted = recordsOf(hiddenstate(["predict", "pairs"], { input }).stdout);
    expect(predicted.map((row) => row.empty)).toEqual([undefined, true, undefined]);
  });

  test("with a beam gives other texts too, and says where it looked", () => {
    const options = ["--beam", "3", "--attention", "--json", "--picture", "attention.svg"];
    const done = hiddenstate(["translate", "pairs", pairsFile, ...options]);
    const records = recordsOf(done.stdout) as {
      source: string;
      alternatives: object[];
      attention: { source: string[] };
    }[];
    expect(records.map(({ source }) => source)).toEqual(words);
    expect(records[0].alternatives.length).toBeGreaterThan(0);
    expect(records[0].attention.source.join("")).toBe(words[0]);
    expect(readFileSync(join(folder, "attention.svg"), "utf8")).toContain("becomes");
  });

  test("draws with a seed", () => {
    const draw = (seed: string): string =>
      hiddenstate(["translate", "pairs", pairsFile, "--sample", "--temperature", "2", "--seed", seed]).stdout;
    expect(draw("1")).toBe(draw("1"));
    expect(draw("1")).not.toBe(draw("2"));
  });

  test("predicts rows, with a beam or without", () => {
    for (const options of [[], ["--beam", "2"]]) {
      const done = hiddenstate(["predict", "pairs", pairsFile, ...options]);
      const rows = recordsOf(done.stdout) as {
        source: string;
        target: string;
        predicted: string;
        probability: number;
      }[];
      expect(rows.filter(({ predicted, target }) => predicted === target).length).toBeGreaterThan(0.9 * words.length);
    }
  });

  test("is loaded by the library", async () => {
    const model = await load(join(folder, "pairs"), { task: "seq2seq" });
    const [{ text }] = await model.translate([words[0]]);
    expect(text).toHaveLength(words[0].length);
  });
});

describe("wrong use", () => {
  const complaint = (...command: string[]): [number | null, string] => {
    const done = hiddenstate(command);
    expect(done.stdout).toBe("");
    expect(done.stderr.trimEnd().split("\n")).toHaveLength(1);
    return [done.status, done.stderr];
  };

  test.each([
    ["no-tab.tsv", "source\ttarget\na\tb\nno tab here\nc\td\n", 'no-tab.tsv:3: missing tab: got "no tab here"'],
    [
      "no-tab-2.tsv",
      "one day\tein Tag\nno tab here\none night\teine Nacht\n",
      'no-tab-2.tsv:2: missing tab: got "no tab here"',
    ],
    [
      "empty.tsv",
      "source\ttarget\na\tb\nc\t\nd\te\n",
      "empty.tsv:3: invalid target: it is empty, expected a text; leave the pair out",
    ],
    [
      "empty.jsonl",
      '{"source":"a","target":"b"}\n{"source":"","target":"c"}\n',
      "empty.jsonl:2: invalid source: it is empty",
    ],
    [
      "blank.jsonl",
      '{"source":"a","target":"b"}\n{"source":"c","target":"  "}\n',
      "blank.jsonl:2: invalid target: it is white space only, expected a text; leave the pair out",
    ],
  ])("%s: one sentence with the line", (name, content, message) => {
    const [status, told] = complaint("train", file(name, content), "--out", `out-${name}`, "--steps", "1", ...tiny);
    expect(status).toBe(1);
    expect(told).toContain(message);
  });

  test("a beam of 0, a schedule that is none, and options of another task", () => {
    expect(complaint("translate", "pairs", "--beam", "0")).toEqual([
      2,
      expect.stringContaining('invalid --beam: got "0", expected a whole number at least 1'),
    ]);
    expect(complaint("translate", "pairs", pairsFile, "--attention")).toEqual([
      2,
      expect.stringContaining("mismatch in --attention: its numbers stand in the records of --json"),
    ]);
    expect(complaint("translate", "pairs", pairsFile, "--length-penalty", "1")[1]).toContain(
      "mismatch in --length-penalty",
    );
    expect(complaint("train", pairsFile, "--out", "x", "--sampling-schedule", "cosine:1")[1]).toContain(
      'invalid sampling schedule: got "cosine:1", expected constant:RATE',
    );
    expect(complaint("train", pairsFile, "--out", "x", "--bptt", "8")[1]).toContain(
      "mismatch in --bptt: it does nothing with --task seq2seq",
    );
    expect(complaint("generate", "pairs")[0]).not.toBe(0);
    const text = file("fox.txt", "the quick brown fox jumps over the lazy dog; ".repeat(40));
    expect(
      hiddenstate(["train", text, "--out", "fox", "--steps", "1", "--batch", "4", "--bptt", "8", "--hidden", "8"]),
    ).toMatchObject({ status: 0 });
    expect(complaint("evaluate", "fox", text, "--beam", "2")[1]).toContain(
      "mismatch in --beam: it does nothing with fox, which is a language model",
    );
    expect(complaint("inspect", "pairs", pairsFile)[1]).toContain("it is a translator, which can't be inspected yet");
    expect(complaint("stream", "pairs")[1]).toContain("it is a translator, for which each row stands for itself");
  });
});

test("scheduled sampling and input feeding are taken from the command line, and resumed", () => {
  const options = [
    "--input-feeding",
    "--tied",
    "--sampling-schedule",
    "linear:20:0.5",
    "--attention",
    "additive",
    "--cell",
    "gru",
  ];
  const command = ["train", pairsFile, "--out", "scheduled", ...tiny, ...options];
  expect(hiddenstate([...command, "--steps", "10"]).status).toBe(0);
  const resumed = hiddenstate(["train", pairsFile, "--out", "scheduled", "--resume", "--steps", "14"]);
  expect(resumed).toMatchObject({ status: 0 });
  const config = JSON.parse(readFileSync(join(folder, "scheduled/config.json"), "utf8")) as { architecture: object };
  expect(config.architecture).toMatchObject({
    inputFeeding: true,
    tied: true,
    embedding: 24,
    attention: "additive",
    cell: "gru",
  });
});

test("pairs in memory are trained on by the library", async () => {
  const pairs = words.map((word) => ({ source: word, target: backwards(word) }));
  const run = train({ task: "seq2seq", data: { training: pairs }, hidden: 8, steps: 2, out: join(folder, "memory") });
  const types: string[] = [];
  for await (const { type } of run) types.push(type);
  expect(types.at(-1)).toBe("end");
  expect((await load(join(folder, "memory"))).task).toBe("seq2seq");
});
