import type { StepEvent } from "@hiddenstate/core";
import { expect, test } from "vitest";
import { describeStep } from "./training-progress.ts";

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

test("a training's bar shows loss, tokens a second, gradient norm and time left", () => {
  expect(describeStep(event)).toBe("loss 1.234  12,345 tokens/s  gradient norm 0.321  30s left");
  expect(describeStep(event, "words")).toContain("12,345 words/s");
});
