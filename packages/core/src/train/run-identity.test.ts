import { describe, expect, test } from "vitest";
import { compareRuns, type RunIdentity, runIdentity } from "./run-identity.ts";

const rules = { lr: 0, schedule: 0, levels: 0, steps: 0, logEvery: 0, batch: 0 };
const config = { task: "lm", version: "0.1.0", architecture: { hidden: 8 }, vocabulary: ["a".repeat(80)] };
const identity = (options: object, data = 1): RunIdentity => runIdentity({ options, rules, config, data });

test("the identity of a run has every option but those of its length, its architecture, what is configured, and its data", () => {
  expect(identity({ lr: 0.1, levels: [0.1, 0.9], steps: 5, logEvery: 1, batch: 4 })).toEqual({
    lr: 0.1,
    schedule: null,
    levels: "[0.1,0.9]",
    batch: 4,
    hidden: 8,
    vocabulary: expect.stringMatching(/^crc-32:/) as string,
    data: "crc-32:1",
  });
});

describe("two runs", () => {
  const was = identity({ lr: 0.1, batch: 4, steps: 5 });

  test("are the same whatever their length", () => {
    expect(compareRuns("run", was, identity({ lr: 0.1, batch: 4, steps: 9, logEvery: 3 }))).toEqual([]);
  });

  test("differ by name; what is large is not shown", () => {
    expect(() => compareRuns("run", was, identity({ lr: 0.2, batch: 4, schedule: "step" }, 2))).toThrow(
      'run was trained otherwise: lr was 0.1, is 0.2; schedule was null, is "step"; data is not the same; use',
    );
  });

  test("of different versions are compared in what both know; what is new was off", () => {
    const { batch: _, ...older } = was;
    expect(compareRuns("run", { ...older, gone: 3 }, { ...was, added: false, other: null })).toEqual(["gone", "batch"]);
    expect(() => compareRuns("run", older, { ...was, added: true })).toThrow("added was false, is true");
  });
});
