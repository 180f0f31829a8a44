import { expect, test } from "vitest";
import { memorySpan } from "./memory-span.ts";

/** Spans of RNN (uniform start), LSTM and GRU on delayed recall; the adding problem is always as claimed, unless it is given too. */
function judged(recall: [number, number, number], adding: [number, number, number] = [20, 200, 200]): string {
  const spans = (task: string, [rnn, lstm, gru]: [number, number, number]): object[] => [
    { task, contender: "RNN, uniform start", longest: [rnn, rnn, 400] },
    { task, contender: "RNN, orthogonal start", longest: [400, 400, 400] },
    { task, contender: "LSTM", longest: [lstm, 0, lstm] },
    { task, contender: "GRU", longest: [gru, gru, gru] },
  ];
  const numbers = { lags: [5, 10], spans: [...spans("delayed recall", recall), ...spans("adding problem", adding)] };
  return memorySpan.judge(numbers as Parameters<typeof memorySpan.judge>[0]).outcome;
}

test("holds if the RNN stops at 20 steps and the gated cells reach 200, by the median of the seeds", () => {
  expect(judged([20, 200, 400])).toBe("holds");
});

test("holds within limits if gated cells reach twice as far but not so far", () => {
  expect(judged([50, 100, 50])).toBe("holds within limits");
  expect(judged([20, 200, 100])).toBe("holds within limits");
});

test("does not hold if the RNN reaches more than half as far on either task", () => {
  expect(judged([50, 50, 50])).toBe("does not hold here");
  expect(judged([20, 200, 200], [100, 100, 100])).toBe("does not hold here");
});

test("is undecided if no gated cell learned more than the shortest lag", () => {
  expect(judged([0, 5, 5])).toBe("undecided");
});
