import { expect, test } from "vitest";
import { scaling } from "./scaling.ts";

/** Losses of three sizes; each training ends where the model's loss is, and the slope says how steeply it came there. */
function judged(
  lstm: [number, number, number],
  transformer: [number, number, number],
  { steps = [0.2, 0.2], seconds = [10, 10] } = {},
): string {
  const models = [lstm, transformer].flatMap((losses, i) =>
    losses.map((loss, size) => ({
      network: (["lstm", "transformer"] as const)[i],
      width: 16 * 2 ** size,
      parameters: 10_000 * 4 ** size,
      losses: [loss, loss],
      course: [1, 2, 3, 4].map((step) => ({ step: 100 * step, loss: loss * (step / 4) ** -steps[i] })),
      seconds: seconds[i] * 4 ** size,
    })),
  );
  return scaling.judge({ frequencyLoss: 3, tokensPerStep: 1000, models }).outcome;
}

test("holds if the Transformer gains more by size and training, and is ahead for as much time", () => {
  expect(judged([2, 1.8, 1.6], [2, 1.7, 1.4], { steps: [0.2, 0.3] })).toBe("holds");
});

test("holds within limits if it gains more, but is not ahead, or takes longer", () => {
  expect(judged([2, 1.8, 1.6], [2.4, 2, 1.7])).toBe("holds within limits");
  expect(judged([2, 1.8, 1.6], [2, 1.7, 1.4], { steps: [0.2, 0.3], seconds: [10, 20] })).toBe("holds within limits");
});

test("does not hold if it gains less and is worse at every size", () => {
  expect(judged([2, 1.8, 1.6], [2.2, 2.1, 2], { steps: [0.2, 0.1] })).toBe("does not hold here");
});

test("is undecided if it gains less, but is not worse, or nothing was learned", () => {
  expect(judged([2, 1.8, 1.6], [1.7, 1.65, 1.6], { steps: [0.2, 0.1] })).toBe("undecided");
  expect(judged([2.9, 2.9, 2.8], [2.9, 2.9, 2.8])).toBe("undecided");
});
