import { expect, test } from "vitest";
import { bidirectional } from "./bidirectional.ts";

/** Accuracies of the bidirectional network where past and future decide, and of the other where the future does. */
function judged({ past = 1, future = 1, oneWay = 0.5, code = "unsupported" as string | null }): string {
  const run = (decider: "the past" | "the future" | "past and future", both: boolean, accuracy: number) => ({
    decider,
    bidirectional: both,
    parameters: 100,
    accuracies: [accuracy, accuracy],
  });
  const tagging = [
    run("the past", false, 1),
    run("the past", true, past),
    run("the future", false, oneWay),
    run("the future", true, future),
  ];
  return bidirectional.judge({ tagging, refusals: [{ asked: "a stream", code, answer: null }] }).outcome;
}

test("holds if the future helps much and generating is refused", () => {
  expect(judged({})).toBe("holds");
});

test("holds within limits if the future helps a little", () => {
  expect(judged({ future: 0.95, oneWay: 0.9 })).toBe("holds within limits");
});

test("does not hold if the future does not help, or it generates", () => {
  expect(judged({ oneWay: 0.99 })).toBe("does not hold here");
  expect(judged({ code: null })).toBe("does not hold here");
});

test("is undecided if nothing was learned", () => {
  expect(judged({ past: 0.6, future: 0.6 })).toBe("undecided");
});
