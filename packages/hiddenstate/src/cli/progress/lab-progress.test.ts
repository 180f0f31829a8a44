import { expect, test } from "vitest";
import { describeShare } from "./lab-progress.ts";

const event = { name: "memory-span", index: 0, count: 12, share: 0.5 };

test("an experiment's bar shows place, name and the time that is left", () => {
  expect(describeShare(event, 30)).toBe("1 of 12: memory-span  30s left");
});

test("no time is told before it can be known", () => {
  expect(describeShare({ ...event, share: 0.01 }, 1)).toBe("1 of 12: memory-span");
});
