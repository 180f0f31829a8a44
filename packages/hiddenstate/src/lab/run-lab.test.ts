import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engine } from "@hiddenstate/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeReport } from "./report.ts";
import { type LabEvent, type LabOptions, runLab } from "./run-lab.ts";
import { labText } from "./text/lab-text.ts";

const folder = mkdtempSync(join(tmpdir(), "hiddenstate-lab-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => engine.init({ threads: 1 }));

async function run(options: Partial<LabOptions>): Promise<LabEvent[]> {
  const events: LabEvent[] = [];
  const out = join(folder, "lab");
  for await (const event of runLab({ names: ["conveyor"], budget: "quick", out, seeds: 1, ...options }))
    events.push(event);
  return events;
}

const resultOf = (events: readonly LabEvent[]): Extract<LabEvent, { type: "result" }> =>
  events.find((event) => event.type === "result")!;

test("a result is kept with its settings, seeds and machine, and reported with the verdict that follows from it", async () => {
  const { verdict, result } = resultOf(await run({}));
  const kept = JSON.parse(readFileSync(join(folder, "lab/conveyor.json"), "utf8"));
  expect(kept).toEqual(JSON.parse(JSON.stringify(result)));
  expect(kept).toMatchObject({ experiment: "conveyor", budget: "quick", seeds: [0], machine: { threads: 1 } });
  const report = readFileSync(await writeReport(join(folder, "lab"), join(folder, "report.md")), "utf8");
  expect(report).toContain(`**Verdict: ${verdict.outcome}.**`);
  expect(report).toContain("](lab/conveyor-paths.svg)");
  expect(existsSync(join(folder, "lab/conveyor-paths.svg"))).toBe(true);
});

test("resuming keeps results of the same settings and runs what differs", async () => {
  await run({ out: join(folder, "resumed") });
  expect((await run({ out: join(folder, "resumed"), resume: true })).map(({ type }) => type)).toEqual(["result"]);
  expect(resultOf(await run({ out: join(folder, "resumed"), resume: true })).kept).toBe(true);
  expect(resultOf(await run({ out: join(folder, "resumed"), resume: true, seeds: 2 })).kept).toBe(false);
  expect(resultOf(await run({ out: join(folder, "resumed") })).kept).toBe(false);
});

test("the same seeds give the same numbers, whatever ran before", async () => {
  const alone = resultOf(await run({})).result.numbers;
  const after = await run({ names: ["vanishing", "conveyor"] });
  expect(after.filter((event) => event.type === "result").at(-1)!.result.numbers).toEqual(alone);
});

test("an interrupted experiment leaves nothing, and those before it stay", async () => {
  const stop = new AbortController();
  const out = join(folder, "stopped");
  const types: string[] = [];
  for await (const event of runLab({
    names: ["conveyor", "memory-span"],
    budget: "quick",
    out,
    seeds: 1,
    signal: stop.signal,
  })) {
    types.push(event.type);
    if (event.type === "experiment" && event.name === "memory-span") stop.abort();
  }
  expect(types.at(-1)).toBe("interrupted");
  expect(existsSync(join(out, "conveyor.json"))).toBe(true);
  expect(existsSync(join(out, "memory-span.json"))).toBe(false);
});

test("a file that is no result is measured again", async () => {
  await run({ out: join(folder, "damaged") });
  writeFileSync(join(folder, "damaged/conveyor.json"), '{"experiment": "conv');
  expect(resultOf(await run({ out: join(folder, "damaged"), resume: true })).kept).toBe(false);
});

test("an unknown experiment lists those that there are", async () => {
  await expect(run({ names: ["memory"] })).rejects.toThrow(
    /lab: unknown experiment "memory"; there are memory-span, vanishing, conveyor, gru-cost/,
  );
});

test("a text that is too short is refused", async () => {
  const path = join(folder, "short.txt");
  writeFileSync(path, "too short");
  await expect(labText(path)).rejects.toThrow(/got 9 characters, expected at least 20000/);
});
