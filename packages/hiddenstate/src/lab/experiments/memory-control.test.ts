import { expect, test } from "vitest";
import { memoryControl } from "./memory-control.ts";

/** The largest counts of LSTM, GRU and RNN, trained to 20. */
const judged = (lstm: number, gru: number, rnn: number): string =>
  memoryControl.judge({
    trained: 20,
    tried: 100,
    reaches: [
      { cell: "lstm", counts: [0, lstm, 100] },
      { cell: "gru", counts: [gru, gru, gru] },
      { cell: "rnn", counts: [rnn, rnn, rnn] },
    ],
  }).outcome;

test("holds if the LSTM counts far beyond its training and the others", () => {
  expect(judged(35, 21, 12)).toBe("holds");
});

test("holds within limits if it counts further, but not so far", () => {
  expect(judged(25, 21, 12)).toBe("holds within limits");
  expect(judged(50, 40, 12)).toBe("holds within limits");
});

test("does not hold if another cell counts as far", () => {
  expect(judged(40, 40, 12)).toBe("does not hold here");
  expect(judged(15, 21, 30)).toBe("does not hold here");
});

test("is undecided if no cell learned the lengths of the training", () => {
  expect(judged(19, 10, 5)).toBe("undecided");
});
