import { expect, test } from "vitest";
import { gruCost } from "./gru-cost.ts";

interface Ratios {
  parameters?: number;
  time?: number;
  loss?: number;
  /** The LSTM's loss; frequencies alone give 3. */
  lstmLoss?: number;
}

/** What a GRU needs and reaches, over what an LSTM does. */
function judged({ parameters = 0.75, time = 0.75, loss = 1, lstmLoss = 1.5 }: Ratios) {
  const run = (cell: "lstm" | "gru", size: "all of the text" | "a small text", best: number[]) => ({
    cell,
    size,
    best,
    course: [],
  });
  return gruCost.judge({
    parameters: { lstm: 1000, gru: 1000 * parameters },
    milliseconds: { lstm: 2, gru: 2 * time },
    frequencyLoss: 3,
    runs: [
      run("lstm", "all of the text", [lstmLoss, lstmLoss]),
      run("gru", "all of the text", [lstmLoss * loss, lstmLoss * loss]),
      run("lstm", "a small text", [2, 2, 2]),
      run("gru", "a small text", [1.9, 2.1, 1.8]),
    ],
  });
}

test("holds if it has a quarter fewer parameters, is faster and does as well", () => {
  expect(judged({ loss: 1.01 }).outcome).toBe("holds");
});

test("holds within limits if it is not faster, or does not do as well", () => {
  expect(judged({ time: 1 }).outcome).toBe("holds within limits");
  expect(judged({ loss: 1.1 }).outcome).toBe("holds within limits");
});

test("does not hold if it is neither, or is as large", () => {
  expect(judged({ time: 1, loss: 1.1 }).outcome).toBe("does not hold here");
  expect(judged({ parameters: 1 }).outcome).toBe("does not hold here");
});

test("is undecided if neither learned much more than frequencies", () => {
  expect(judged({ lstmLoss: 2.9 }).outcome).toBe("undecided");
});

test("tells who is better on the small text", () => {
  expect(judged({}).because).toContain("on the small text the GRU is better for 2 of 3 seeds");
});
