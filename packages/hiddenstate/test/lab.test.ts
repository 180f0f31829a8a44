import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folder, hiddenstate, recordsOf, start } from "./command.ts";

test("an experiment ends with a verdict, a report and pictures", () => {
  const done = hiddenstate(["lab", "conveyor", "--quick", "--seeds", "1", "--out", "lab", "--report", "lab.md"]);
  expect(done.status).toBe(0);
  expect(done.stdout).toBe("conveyor        holds\nreport, numbers and pictures: lab.md\n");
  expect(done.stderr).toContain("conveyor: holds");
  const report = readFileSync(join(folder, "lab.md"), "utf8");
  expect(report).toContain("**Verdict: holds.**");
  expect(report).toContain("](lab/conveyor-paths.svg)");
  expect(readFileSync(join(folder, "lab/conveyor-paths.svg"), "utf8")).toContain("<svg");
});

test("the report of what is there is written again without running anything", () => {
  hiddenstate(["lab", "conveyor", "--quick", "--seeds", "1", "--out", "again"]);
  const before = readFileSync(join(folder, "again/report.md"), "utf8");
  expect(hiddenstate(["lab", "--report-only", "--out", "again"])).toMatchObject({ status: 0 });
  expect(readFileSync(join(folder, "again/report.md"), "utf8")).toBe(before);
});

test("with --json every line is an object, results with all their numbers", () => {
  const words = ["lab", "conveyor", "--quick", "--seeds", "1", "--out", "json", "--json"];
  const records = recordsOf(hiddenstate(words).stdout);
  expect(records.map(({ type }) => type)).toEqual(["experiment", "result", "report"]);
  expect(records[1]).toMatchObject({
    name: "conveyor",
    kept: false,
    verdict: { outcome: "holds" },
    result: { seeds: [0] },
  });
});

test("interrupted, it keeps what is finished, says how to go on, and goes on from there", async () => {
  const words = ["lab", "conveyor", "memory-span", "--quick", "--seeds", "1", "--out", "stopped", "--json"];
  const running = start(words);
  while (!running.stdout().includes('"name":"memory-span"')) await new Promise((resolve) => setTimeout(resolve, 20));
  running.child.kill("SIGINT");
  const done = await running.finished;
  expect(done.status).toBe(130);
  expect(done.stderr).toContain("hiddenstate lab conveyor memory-span --quick --seeds 1 --out stopped --resume");
  expect(existsSync(join(folder, "stopped/memory-span.json"))).toBe(false);
  const resumed = recordsOf(
    hiddenstate(["lab", "conveyor", "--quick", "--seeds", "1", "--out", "stopped", "--json", "--resume"]).stdout,
  );
  expect(resumed[0]).toMatchObject({ type: "result", name: "conveyor", kept: true });
});

test.each([
  [
    ["lab", "memory"],
    2,
    /unknown experiment "memory"; there are memory-span, vanishing, conveyor, gru-cost,.* defaults/,
  ],
  [["lab", "--seeds", "0"], 2, /invalid --seeds: got "0", expected a whole number at least 1/],
  [["lab", "--report-only", "--resume"], 2, /cannot be used with/],
  [["lab", "conveyor", "--report-only"], 2, /leave the names out/],
  [["lab", "--report-only", "--out", "nowhere"], 1, /missing results in nowhere/],
  [["lab", "conveyor", "--text", "nowhere.txt"], 1, /missing file nowhere.txt/],
])("%j is refused with one sentence", (words, status, sentence) => {
  const done = hiddenstate(words);
  expect(done).toMatchObject({ status, stdout: "" });
  expect(done.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(done.stderr).toMatch(sentence);
});
