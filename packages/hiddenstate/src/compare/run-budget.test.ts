import { describe, expect, test } from "vitest";
import type { RunBudget } from "./comparison.ts";
import { budgetOf, checkBudget, stepsIn } from "./run-budget.ts";

const lstm = { cell: "lstm", stepsPerEpoch: 40, secondsPerStep: 0.0123 } as const;
const rnn = { cell: "rnn", stepsPerEpoch: 40, secondsPerStep: 0.004 } as const;

describe("the budget of a run", () => {
  test("is one of three, and a minute where nothing is said", () => {
    expect(budgetOf({})).toEqual({ minutes: 1 });
    expect(budgetOf({ epochs: 2 })).toEqual({ epochs: 2 });
    expect(() => budgetOf({ steps: 10, minutes: 1 })).toThrow("expected one of minutes, steps and epochs");
  });

  test.each<[RunBudget, RegExp]>([
    [{ minutes: 1e-7 }, /^compare: invalid budget: 1e-7 minutes are about 0 steps of the LSTM, expected at least 10, /],
    [{ minutes: 0.001 }, /0\.001 minutes are about 4 steps of the LSTM/],
    [{ epochs: 0.01 }, /0\.01 epochs are about 1 steps of the LSTM/],
    [{ steps: 3 }, /got 3 steps, expected at least 10.*; use 10 steps or more$/],
  ])("that is too small is refused with one that is enough for all cells: %o", (budget, sentence) => {
    let message = "";
    try {
      checkBudget(budget, [rnn, lstm], 10);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toMatch(sentence);
    const [, value, unit] = /use (\S+) (\w+) or more$/.exec(message)!;
    const advised = { [unit]: Number(value) } as RunBudget;
    expect(() => checkBudget(advised, [rnn, lstm], 10)).not.toThrow();
    // Nor is it much more than that.
    expect(stepsIn(advised, lstm)).toBeLessThanOrEqual(14);
  });
});
