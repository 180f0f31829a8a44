import { expect, test } from "vitest";
import { defaults } from "./defaults.ts";

/** The default's loss is 1; other values give these. */
function judged(
  others: Record<string, number>,
  { before = 1.02, value = 7 } = {},
): { outcome: string; because: string } {
  const variants = Object.entries({
    hidden: 1.1,
    layers: 1.1,
    dropout: 1.1,
    learningRate: 1.1,
    clip: 1,
    window: 1.1,
    ...others,
  });
  return defaults.judge({
    frequencyLoss: 3,
    base: { hidden: 256, layers: 2, dropout: 0.3, learningRate: 1e-3, clip: 1, window: 64 },
    baseBefore: [before, before],
    baseLosses: [1, 1],
    variants: variants.map(([option, loss]) => ({ option: option as "hidden", value, losses: [loss, loss] })),
  });
}

test("holds if no single change is more than 2 % better", () => {
  expect(judged({ dropout: 0.985 }).outcome).toBe("holds");
});

test("holds if a better value is one that the claim names too", () => {
  expect(judged({ hidden: 0.9 }, { value: 384 }).outcome).toBe("holds");
});

test("holds within limits if up to half of the options have something better, and names them", () => {
  expect(judged({ learningRate: 0.9 })).toEqual({
    outcome: "holds within limits",
    because: "but not for learning rate: of the default's 1.00 nats learning rate 7 instead of 0.001 saves 10.0 %",
  });
});

test("does not hold if more have", () => {
  expect(judged({ hidden: 0.9, layers: 0.9, dropout: 0.9, learningRate: 0.9 }).outcome).toBe("does not hold here");
});

test("is undecided if the default was still learning", () => {
  expect(judged({}, { before: 1.1 }).outcome).toBe("undecided");
});
