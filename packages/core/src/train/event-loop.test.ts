import { expect, test } from "vitest";
import { finished, finishedUnlessStopped } from "./event-loop.ts";

function* endless(): Generator<void, number> {
  for (;;) {
    for (const start = performance.now(); performance.now() - start < 20;);
    yield;
  }
}

test("work that goes on for long lets the event loop turn, and ends when it is stopped", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 1);
  expect(await finishedUnlessStopped(endless(), controller.signal)).toBeNull();
  await expect(finished(endless(), controller.signal)).rejects.toThrow(/abort/i);
});

test("work is done to its end, and its faults are told, stopped or not", async () => {
  function* short(): Generator<void, number> {
    yield;
    return 7;
  }
  // oxlint-disable-next-line require-yield
  function* broken(): Generator<void, number> {
    throw new Error("broken");
  }
  expect(await finishedUnlessStopped(short(), undefined)).toBe(7);
  await expect(finishedUnlessStopped(broken(), new AbortController().signal)).rejects.toThrow("broken");
});
