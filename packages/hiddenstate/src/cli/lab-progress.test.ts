import { expect, test } from "vitest";
import { drawLabBar } from "./lab-progress.ts";

const event = { name: "memory-span", index: 0, count: 12, share: 0.5 };

test("the bar shows share, place, name and the time that is left", () => {
  const bar = drawLabBar(event, 30, 80);
  expect(bar).toContain("50%  1 of 12: memory-span  30s left");
  expect(bar.startsWith("█".repeat(15) + "░".repeat(15))).toBe(true);
});

test("the bar is shorter than any terminal", () => {
  for (const columns of [10, 40, 60, 200]) expect(drawLabBar(event, 30, columns).length).toBeLessThan(columns);
});
