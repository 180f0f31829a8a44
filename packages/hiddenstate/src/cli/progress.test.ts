import type { StepEvent } from "@hiddenstate/core";
import { expect, test } from "vitest";
import { drawBar } from "./progress.ts";

const event: StepEvent = {
  type: "step",
  step: 500,
  epoch: 1.5,
  loss: 1.2345,
  learningRate: 0.001,
  gradientNorm: 0.321,
  largestGradientNorm: 0.4,
  clipped: 0,
  tokensPerSecond: 12_345,
  progress: 0.5,
  seconds: 30,
  secondsLeft: 30,
};

test("the bar shows loss, tokens a second, gradient norm and time left, and is half full at half time", () => {
  const bar = drawBar(event, 120);
  expect(bar).toContain("50%  loss 1.234  12,345 tokens/s  gradient norm 0.321  30s left");
  expect(bar.replaceAll(/[^█]/g, "")).toHaveLength(15);
  expect(bar.replaceAll(/[^░]/g, "")).toHaveLength(15);
});

test.each([200, 100, 80, 72, 40, 10])("it fits into %i columns", (columns) => {
  expect(drawBar(event, columns).length).toBeLessThan(columns);
});
