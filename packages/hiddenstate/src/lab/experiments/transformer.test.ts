import { expect, test } from "vitest";
import { transformer } from "./transformer.ts";

interface Given {
  /** Share of right answers at the lags 50 and 500. */
  attention?: number[];
  lstm?: number[];
  /** How many times a streamed step takes after the longest context, Transformer and LSTM. */
  time?: [number, number];
  /** How many times as long training takes at the longest length. */
  slowdown?: [number, number];
}

function judged({ attention = [1, 1], lstm = [1, 0.1], time = [5, 1], slowdown = [3, 1] }: Given): string {
  const lags = [50, 500];
  const recall = (["transformer", "lstm"] as const).flatMap((network) =>
    lags.map((lag, i) => ({
      network,
      lag,
      accuracies: [(network === "lstm" ? lstm : attention)[i]],
      steps: [null],
    })),
  );
  const networks = ["transformer", "lstm"] as const;
  const training = networks.flatMap((network, i) => [
    { network, length: 64, tokensPerSecond: 1000 },
    { network, length: 1024, tokensPerSecond: 1000 / slowdown[i] },
  ]);
  const streaming = networks.flatMap((network, i) => [
    { network, context: 16, microseconds: 10, stateBytes: 100 },
    { network, context: 1024, microseconds: 10 * time[i], stateBytes: network === "lstm" ? 100 : 6400 },
  ]);
  return transformer.judge({ lags, recall, training, streaming }).outcome;
}

test("holds if attention recalls over every lag, the LSTM does not, and attention's costs grow", () => {
  expect(judged({})).toBe("holds");
});

test("holds within limits if it is at least ahead where the LSTM fails, or the price is as claimed", () => {
  expect(judged({ attention: [1, 0.8], slowdown: [1, 2] })).toBe("holds within limits");
  expect(judged({ lstm: [1, 1] })).toBe("holds within limits");
  expect(judged({ attention: [1, 0.2] })).toBe("holds within limits");
  expect(judged({ time: [1.5, 1] })).toBe("holds within limits");
});

test("does not hold if neither is", () => {
  expect(judged({ attention: [1, 0.2], slowdown: [1, 2] })).toBe("does not hold here");
  expect(judged({ lstm: [1, 1], time: [5, 3] })).toBe("does not hold here");
});

test("is undecided if neither recalls over the shortest lag", () => {
  expect(judged({ attention: [0.3, 0.1], lstm: [0.2, 0.1] })).toBe("undecided");
});
