import type { StepEvent } from "@hiddenstate/core";
import { expect, test } from "vitest";
import type { AnyTask } from "../tasks/tasks.ts";
import { probe } from "./probe.ts";

test("a step's time is that between two readings of the log, over the steps between them", async () => {
  const read = (step: number, seconds: number): Partial<StepEvent> => ({ type: "step", step, seconds });
  let closed = false;
  async function* train(): AsyncGenerator<unknown, void> {
    yield { type: "start", parameters: 100, stepsPerEpoch: 2, longestSequence: 30 };
    yield read(5, 1);
    // A checkpoint came before the log was full.
    yield read(7, 1.5);
    throw new Error("nobody needs to know more");
  }
  const task = { prepare: async () => ({ train, close: () => (closed = true) }) } as unknown as AnyTask;
  const found = await probe(task, { data: "" }, "", true);
  expect(found).toEqual({ parameters: 100, stepsPerEpoch: 2, longestSequence: 30, secondsPerStep: 0.25 });
  expect(closed).toBe(true);
});
