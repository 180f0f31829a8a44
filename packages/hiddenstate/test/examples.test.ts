import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const examples = fileURLToPath(new URL("../../../examples", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "hiddenstate-examples-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs an example to its end, in a folder of the test's own, and returns what it prints. */
function run(example: string, ...words: string[]): string {
  const script = join(examples, `${example}.js`);
  const done = spawnSync(process.execPath, [script, ...words], { cwd: folder, encoding: "utf8" });
  expect(done.status, `${done.stdout}${done.stderr}`).toBe(0);
  return done.stdout;
}

describe("the examples", () => {
  test("are all in the table of their README", () => {
    const readme = readFileSync(join(examples, "README.md"), "utf8");
    const named = [...readme.matchAll(/\]\(([\w-]+\.js)\)/g)].map(([, file]) => file);
    const present = readdirSync(examples).filter((file) => file.endsWith(".js"));
    expect(new Set(named)).toEqual(new Set(present));
  });

  test("stream-pytorch-lstm gives PyTorch's numbers", () => {
    const difference = /largest difference from PyTorch .*: (\S+)$/m.exec(run("stream-pytorch-lstm"))?.[1];
    expect(Number(difference)).toBeLessThan(2e-6);
  });

  test("custom-loop learns parity, on sequences longer than any it was trained on too", () => {
    const answers = run("custom-loop")
      .split("\n")
      .filter((line) => line.includes(" right"));
    expect(answers).toEqual(["4 bits: 64 of 64 right", "12 bits: 64 of 64 right", "48 bits: 64 of 64 right"]);
  });

  test("cell-options learns to count with each option, farther with peepholes, and says why a GRU has none", () => {
    const printed = run("cell-options");
    const rows = [...printed.matchAll(/^(\w.*?) +(\d+)   (\S+)  \S+  (\S+) +▇+ (\d+)$/gm)].map(([, ...cells]) => cells);
    expect(rows.map(([name, parameters]) => `${name}: ${parameters}`)).toEqual([
      "plain: 794",
      "layer normalisation: 914",
      "peepholes: 830",
      "coupled gates: 602",
      "projection to 6: 566",
      "learned state: 818",
      "recurrent dropout: 794",
      "the same, variational: 794",
      "two layers, residual: 2042",
    ]);
    const certain = rows.filter(([name]) => !/dropout|variational/.test(name));
    for (const [, , , loss] of certain) expect(Number(loss)).toBeLessThan(0.01);
    for (const [, , , , reach] of certain) expect(Number(reach)).toBeGreaterThanOrEqual(10);
    const reach = new Map(rows.map(([name, , , , numbers]) => [name, Number(numbers)]));
    expect(reach.get("peepholes")).toBeGreaterThan(reach.get("plain")!);
    expect(printed).toContain(
      "unsupported peepholes with cell gru: it has no cell state beside h for its gates to look at",
    );
  });

  test("minimal-gru learns what a GRU learns in less time, and streams with the bits of its scan", () => {
    const printed = run("minimal-gru");
    const right = [...printed.matchAll(/^(minGRU|GRU): \d+ parameters, .*, (\S+) % right$/gm)];
    expect(right.map(([, name]) => name)).toEqual(["minGRU", "GRU"]);
    for (const [, , share] of right) expect(Number(share)).toBeGreaterThan(98);
    expect(Number(/trains (\S+) times as fast/.exec(printed)![1])).toBeGreaterThan(1);
    expect(printed).toContain("streamed: 64 of 64 steps have the same bits; the state is 192 numbers");
  });

  test("own-cell learns parity with a cell of its own, and streams it", () => {
    const printed = run("own-cell");
    expect(printed).toContain("64 of 64 right");
    expect(printed).toContain("gives the same: true");
  });

  test("classify-movements knows new recordings, far above the baseline", () => {
    const printed = run("classify-movements");
    const [accuracy, baseline] = [...printed.matchAll(/accuracy (\S+), .*: (\S+)\)/g)].at(-1)!.slice(1).map(Number);
    expect(accuracy).toBeGreaterThan(Math.max(0.9, baseline));
    const answers = [...printed.matchAll(/^(\w+): taken for (\w+),/gm)].map(([, truth, found]) => [truth, found]);
    expect(answers).toEqual(["resting", "walking", "running"].map((label) => [label, label]));
  });

  test("read-numbers is far closer than the mean", () => {
    const printed = run("read-numbers");
    const [rmse, baseline] = [...printed.matchAll(/RMSE (\S+), R².*RMSE (\S+)\)/g)].at(-1)!.slice(1).map(Number);
    expect(rmse).toBeLessThan(baseline / 2);
    expect(printed.match(/hours left, in truth/g)).toHaveLength(3);
  });

  test("forecast-sales is closer than every forecast that does not know the price", () => {
    const printed = run("forecast-sales");
    const [model, ...others] = [...printed.matchAll(/^([\w ]+): RMSE (\S+),/gm)].map(([, , rmse]) => Number(rmse));
    expect(others).toHaveLength(4);
    expect(model).toBeLessThan(Math.min(...others));
    expect(printed.match(/^  2025-0\d  \S+  \(\S+ to \S+\)$/gm)).toHaveLength(18);
  });

  test("notice-odd-events finds the two that are odd", () => {
    const lines = run("notice-odd-events").trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^odd: door opened by \w+ \(\S+ nats a character\)$/);
    expect(lines[1]).toMatch(/^odd: hour 30 has 2\d\.\d, expected 2\d\.\d/);
  });

  test("tag-names finds a person and a place that it has never seen", () => {
    const printed = run("tag-names");
    expect(printed).toMatch(/F1 1\.000 \(precision 1\.000, recall 1\.000\)\n.*\nPER: Dora Brooks\nLOC: Riga\n$/);
  });

  test("translate-dates learns to write dates, and looks at the year for the year", () => {
    const printed = run("translate-dates");
    const [exactMatch] = [...printed.matchAll(/exact match (\S+), BLEU/g)].at(-1)!.slice(1).map(Number);
    expect(exactMatch).toBeGreaterThan(0.85);
    expect(printed).toMatch(/the 5th of March 2024: 2024-03-05 \(probability 0\.\d+\), or \d{4}-\d\d-\d\d/);
    // Over the first token written, the darkest sign stands under the year.
    const [source, first] = printed.split("\n").slice(4, 6);
    expect(first.search(/[▓█]/)).toBeGreaterThanOrEqual(source.indexOf("2024"));
    const [truth, own] = [.../(\S+) nats fed the truth, (\S+) fed/.exec(printed)!].slice(1).map(Number);
    expect(own).toBeGreaterThanOrEqual(truth);
  });

  test.each([
    ["make-dates", /^source\ttarget\n([^\t\n]+\t\d{4}-\d\d-\d\d\n){40}$/],
    ["make-sums", /^source\ttarget\n(\d+\+\d+\t\d+\n){40}$/],
  ])("%s writes pairs", (example, lines) => {
    expect(run(example, "40")).toMatch(lines);
  });

  test("make-access-log writes a log, and one with three odd events", () => {
    expect(run("make-access-log", "40")).toMatch(/^(\d\d:\d\d:\d\d (GET|POST) \/\S* \d{3} \d{1,2}ms\n){40}$/);
    expect(run("make-access-log", "40", "--odd").match(/passwd|\d{5}ms|admin/g)).toEqual([
      "passwd",
      "48213ms",
      "admin",
    ]);
  });

  test("inspect-memory finds the LSTM's memory longer than the RNN's, and all three forgetting", () => {
    const printed = run("inspect-memory");
    const reach = Object.fromEntries(
      [...printed.matchAll(/^(\w+): the gradient.* reaches (\d+) steps/gm)].map(([, cell, steps]) => [
        cell,
        Number(steps),
      ]),
    );
    expect(Object.keys(reach)).toEqual(["rnn", "lstm", "gru"]);
    expect(reach.lstm).toBeGreaterThan(reach.rnn);
    const exponents = [...printed.matchAll(/exponent (\S+) ±/g)].map(([, exponent]) => Number(exponent));
    expect(exponents).toHaveLength(3);
    expect(Math.max(...exponents)).toBeLessThan(0);
  });

  test("train-on-your-text learns the calendar; run again, it loads the model and writes the same", () => {
    const first = run("train-on-your-text");
    const losses = [...first.matchAll(/held-out loss (\S+) nats/g)].map(([, loss]) => Number(loss));
    expect(losses).toHaveLength(8);
    expect(losses.at(-1)).toBeLessThan(0.1);

    const again = run("train-on-your-text");
    expect(again).toContain("nothing is left to do");
    const writing = (printed: string): string => printed.slice(printed.indexOf(" writes:"));
    expect(writing(again)).toBe(writing(first));
  });

  test("transformer-by-hand remembers every letter, and streams with the bits of the whole sequence", () => {
    const printed = run("transformer-by-hand");
    expect(printed).toContain("288 of 288 letters remembered");
    expect(printed).toContain("stream and whole sequence: the same bits");
    expect(printed).toContain("numbers in the state after 1, 8, 15 and 300 steps: 128, 1024, 1920, 1920");
  });

  test("compare-cells says which cell to take; run again, it has kept what is finished", () => {
    const recommended = (printed: string): string | undefined =>
      /^(Take the .*|No recommendation.*)$/m.exec(printed)?.[1];
    const first = run("compare-cells");
    expect(first.match(/seed \d: held-out loss/g)).toHaveLength(6);
    expect(recommended(first)).toMatch(/^Take the /);
    const again = run("compare-cells");
    expect(again).not.toMatch(/seed \d: held-out loss/);
    expect(recommended(again)).toBe(recommended(first));
  });

  test("train-on-your-text takes a file", () => {
    const file = join(folder, "fox.txt");
    writeFileSync(file, "the quick brown fox jumps over the lazy dog; ".repeat(12));
    expect(run("train-on-your-text", file)).toContain("example-fox.txt writes:");
  });
});
