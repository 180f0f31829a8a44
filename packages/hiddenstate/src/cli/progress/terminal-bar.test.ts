import { expect, test } from "vitest";
import { drawBar } from "./terminal-bar.ts";

test("a bar is as full as the work is done, and says so", () => {
  expect(drawBar(0.5, "loss 1.234", 120)).toBe(`${"█".repeat(15)}${"░".repeat(15)}  50%  loss 1.234`);
  expect(drawBar(1, "done", 20)).toBe(`${"█".repeat(8)} 100%  done`);
});

test.each([200, 100, 80, 40, 10])("it fits into %i columns", (columns) => {
  expect(drawBar(0.5, "12,345 tokens/s  gradient norm 0.321  30s left", columns).length).toBeLessThan(columns);
});
