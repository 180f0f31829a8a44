import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { InspectionReport, TrainingRecord } from "@hiddenstate/core";
import { beforeAll, describe, expect, test } from "vitest";
import { folder, hiddenstate, recordsOf, text, trained } from "./command.ts";

const quick = ["--lags", "40", "--context", "32"];

beforeAll(() => {
  trained("lstm", "--steps", "30", "--layers", "2");
  for (const cell of ["rnn", "gru"]) trained(cell, "--steps", "10", "--cell", cell);
});

function pageOf(...words: string[]): string {
  const done = hiddenstate(["inspect", ...words]);
  expect(done).toMatchObject({ status: 0, stderr: "" });
  return done.stdout;
}

function complaintOf(words: string[], status: number): string {
  const done = hiddenstate(["inspect", ...words]);
  expect(done).toMatchObject({ status, stdout: "" });
  expect(done.stderr.trimEnd().split("\n")).toHaveLength(1);
  return done.stderr;
}

describe("the page", () => {
  test("goes from gradient flow to the window that the training should use", () => {
    const page = pageOf("lstm", text, ...quick);
    expect(page.split("\n")[0]).toBe(
      "lstm: LSTM, 2 layers of 16 units, 4,352 recurrent parameters, on 5,999 characters",
    );
    const titles = [
      "Gradient flow",
      "Use of the past",
      "Lyapunov exponent",
      "Recurrent matrices",
      "Gates",
      "Training",
      "A unit at work",
      "Window",
    ];
    const places = titles.map((title) => page.indexOf(`\n${title}`));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(page).toMatch(/k +0 +1 +2 +4 +8 +16 +32 +horizon/);
    expect(page).toContain("It was trained with a window of 16");
    expect(page).toMatch(/Update \/ weight: median \d\.\de-\d/);
    for (const line of page.split("\n")) expect(line.length).toBeLessThanOrEqual(104);
  });

  test.each([
    ["rnn", "States", "state"],
    ["gru", "the update gate keeps", "reset"],
  ])("of a %s speaks of its own gates", (cell, words, gate) => {
    const page = pageOf(cell, text, ...quick);
    expect(page).toContain(words);
    expect(page).toContain(gate);
    expect(page).not.toContain("forget");
  });

  test("without data tells of the model and its training, and what data would add", () => {
    const page = pageOf("lstm");
    expect(page).toContain("Recurrent matrices");
    expect(page).toContain("Clipped at 1");
    expect(page).toContain("Give data as well (hiddenstate inspect lstm DATA)");
    expect(page).not.toContain("Gradient flow");
  });

  test("of data shorter than what was asked for says what was measured", () => {
    const short = join(folder, "short.txt");
    writeFileSync(short, "the quick brown fox jumps over the lazy dog");
    const page = pageOf("lstm", short, "--lags", "100");
    expect(page).toContain("note: the data is too short for lags of 100: 41 characters were measured");
  });

  test("follows the unit and the gate that are asked for", () => {
    const page = pageOf("lstm", text, ...quick, "--unit", "2:7", "--gate", "forget", "--follow", "40");
    expect(page).toContain("layer 2, unit 7, forget gate");
    expect(page).toContain("the quick brown fox jumps over the lazy ");
  });
});

describe("a classifier", () => {
  const rows = ["ab", "abb", "ba", "bba", "aab", "bab"].map((name, i) => `${name.repeat(3)},${"ab"[i % 2]}`);
  const table = join(folder, "names.csv");

  beforeAll(() => {
    writeFileSync(table, `name,label\n${Array(10).fill(rows.join("\n")).join("\n")}\n`);
    const done = hiddenstate(["train", table, "--out", "names", "--hidden", "8", "--layers", "1", "--steps", "5"]);
    if (done.status !== 0) throw new Error(done.stderr);
  });

  test("is inspected on a table like the training's", () => {
    const page = pageOf("names", table);
    expect(page).toContain("names: bidirectional LSTM, 1 layer of 8 units");
    expect(page).toContain("layer 1 ←");
    expect(page).toContain("It was trained on whole sequences");
  });

  test("says what it expects of data that is another's", () => {
    const other = join(folder, "numbers.csv");
    writeFileSync(other, "a,b\n1,2\n3,4\n");
    expect(complaintOf(["names", other], 1)).toContain(
      "numbers.csv does not fit names, which expects texts with their labels",
    );
  });
});

describe("--json", () => {
  test("is one line with everything", () => {
    const done = hiddenstate(["inspect", "lstm", text, ...quick, "--json"]);
    const records = recordsOf(done.stdout);
    expect(records).toHaveLength(1);
    const [{ type, report, training }] = records as unknown as [
      { type: string; report: InspectionReport; training: TrainingRecord },
    ];
    expect(type).toBe("inspection");
    expect(report.gradientFlow.layers[1].cell).toHaveLength(41);
    expect(report.useOfThePast).toMatchObject({ examples: 512 });
    expect(report.matrices).toHaveLength(8);
    expect(report.gates.layers[0].timeConstants).toHaveLength(16);
    expect(report.advice.window).toHaveLength(2);
    expect(training.steps).toBe(30);
    expect(done.stderr).toContain("Gradient flow");
  });
});

test("--out writes a page and each picture as SVG and PNG", () => {
  const out = join(folder, "inside");
  expect(pageOf("lstm", text, ...quick, "--out", out)).toContain(`open ${out}/index.html`);
  const page = readFileSync(join(out, "index.html"), "utf8");
  for (const name of [
    "gradient-flow",
    "use-of-the-past",
    "gate-saturation",
    "time-constants",
    "unit",
    "update-ratio",
  ]) {
    expect(existsSync(join(out, `${name}.svg`))).toBe(true);
    expect(
      readFileSync(join(out, `${name}.png`))
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
  }
  expect(page).toContain("<title>Inside lstm</title>");
  expect(page.match(/<svg xmlns/g)).not.toBe(null);
});

describe("what can't be inspected ends with one sentence", () => {
  test("data that does not fit the model says what the model expects", () => {
    const other = join(folder, "other.txt");
    writeFileSync(other, "ZEBRAS 123");
    expect(complaintOf(["lstm", other], 1)).toMatch(
      /other\.txt does not fit lstm, which expects text of the \d+ characters that it was trained on: .*"Z"/,
    );
    writeFileSync(other, "th");
    expect(complaintOf(["lstm", other], 1)).toContain("got 2 tokens, expected at least 3");
  });

  test("data and models that are not there", () => {
    expect(complaintOf(["lstm", "nowhere.txt"], 1)).toContain("nowhere.txt");
    expect(complaintOf(["nowhere", text], 1)).toContain("missing model nowhere");
  });

  test("units and gates that the model has not", () => {
    expect(complaintOf(["lstm", text, "--unit", "3:1"], 2)).toContain(
      "expected a layer from 1 to 2 and a unit from 1 to 16",
    );
    expect(complaintOf(["lstm", text, "--unit", "seven"], 2)).toContain(
      'got "seven", expected layer:unit, such as 2:17',
    );
    expect(complaintOf(["lstm", text, "--gate", "update"], 2)).toContain("this model has hidden, cell, input, forget");
    expect(complaintOf(["lstm", text, "--lags", "0"], 2)).toContain("expected a whole number at least 1");
  });

  test("a Transformer, which has no recurrent network", () => {
    trained("transformer", "--steps", "5", "--cell", "transformer", "--heads", "2");
    expect(complaintOf(["transformer", text], 2)).toContain("no recurrent network to look into");
  });

  test("a record of the training that is damaged, naming the line", () => {
    trained("damaged", "--steps", "10");
    const metrics = join(folder, "damaged/training/metrics.jsonl");
    writeFileSync(metrics, `${readFileSync(metrics, "utf8")}{"type":\n`);
    expect(complaintOf(["damaged", text], 1)).toMatch(/metrics\.jsonl:\d+: corrupt file/);
  });

  test("a model without a record of its training is inspected all the same", () => {
    trained("bare", "--steps", "10");
    rmSync(join(folder, "bare/training"), { recursive: true });
    const page = pageOf("bare", text, ...quick);
    expect(page).toContain("no record of the training");
    expect(page).toContain("What window it was trained with is not known");
  });
});
