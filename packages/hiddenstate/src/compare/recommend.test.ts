import type { CellKind } from "@hiddenstate/core";
import { describe, expect, test } from "vitest";
import type { CellSummary, Quality } from "./comparison.ts";
import { digitsFor, recommend } from "./recommend.ts";

const loss: Quality = {
  name: "held-out loss",
  unit: "nats per token",
  better: "lower",
  baseline: null,
  zero: [],
  alike: [],
};
const accuracy: Quality = {
  name: "held-out accuracy",
  unit: "",
  better: "higher",
  baseline: null,
  zero: [],
  alike: [],
};

function cell(name: CellKind, [low, high]: [number, number], microseconds: number, runs = 2): CellSummary {
  return {
    cell: name,
    hidden: 64,
    parameters: 1000,
    evaluateEvery: 10,
    runs,
    quality: { mean: (low + high) / 2, low, high },
    seconds: 60,
    bestSeconds: 50,
    tokensPerSecond: 1000,
    cost: {
      kind: "stream",
      latency: [{ context: 1024, seconds: microseconds / 1e6 }],
      streamBytes: 100,
      stateBytes: [],
    },
  };
}

describe("the recommendation", () => {
  test("is the best where it is ahead by more than seeds are apart, whatever a step costs", () => {
    const { cell: taken, reason } = recommend(
      [cell("lstm", [1.5, 1.52], 90), cell("gru", [1.6, 1.61], 40), cell("rnn", [1.9, 2.1], 20)],
      loss,
    );
    expect(taken).toBe("lstm");
    expect(reason).toBe(
      "Take the LSTM: its held-out loss of 1.510 is the best, 0.095 ahead of the GRU, and seeds are only 0.020 apart.",
    );
  });

  test("is the cheaper one where seeds are farther apart than the cells", () => {
    const { cell: taken, reason } = recommend(
      [cell("lstm", [1.5, 1.54], 90), cell("gru", [1.53, 1.55], 40), cell("rnn", [1.9, 1.9], 20)],
      loss,
    );
    expect(taken).toBe("gru");
    expect(reason).toBe(
      "Take the GRU: its held-out loss of 1.540 is as good as the best, 1.520 of the LSTM, for seeds are 0.040 apart; " +
        "and it takes the least time for a step, 40.0 us against 90.0 us (LSTM).",
    );
  });

  test("says so where the best is the cheapest too", () => {
    const { cell: taken, reason } = recommend([cell("gru", [0.9, 0.92], 40), cell("lstm", [0.89, 0.91], 90)], accuracy);
    expect(taken).toBe("gru");
    expect(reason).toContain(
      "its held-out accuracy of 0.910 is the best; the LSTM is no farther behind than seeds are apart",
    );
  });

  test("says so where several reached the same", () => {
    const { cell: taken, reason } = recommend(
      [cell("gru", [1, 1], 90), cell("lstm", [1, 1], 40), cell("rnn", [0.5, 0.6], 10)],
      accuracy,
    );
    expect(taken).toBe("lstm");
    expect(reason).toBe(
      "Take the LSTM: its held-out accuracy of 1.000 is the best, and the GRU reached the same; and it takes the least time for a step, " +
        "40.0 us against 90.0 us (GRU).",
    );
  });

  test("is no cell that is no better than the baseline, however far apart seeds are", () => {
    const coin = { ...accuracy, baseline: 0.5 };
    const [lucky, fair] = [cell("lstm", [0.525, 0.95], 90), cell("gru", [0.5, 0.5], 40)];
    const { cell: taken, reason } = recommend([lucky, fair], coin);
    expect(taken).toBe("lstm");
    expect(reason).toBe(
      "Take the LSTM: its held-out accuracy of 0.738 is the only one better than the baseline's, 0.500.",
    );
    expect(recommend([fair, cell("rnn", [0.4, 0.5], 10)], coin)).toEqual({
      cell: null,
      reason:
        "No recommendation: no cell's held-out accuracy is better than the baseline's, 0.500: give a larger budget.",
    });
  });

  const bleu: Quality = {
    name: "held-out BLEU",
    unit: "",
    better: "higher",
    baseline: null,
    zero: ["exact match"],
    alike: [],
  };

  test("says what decides where the task's own measure is 0 in all runs", () => {
    const { cell: taken, reason } = recommend([cell("gru", [2, 2.5], 40), cell("lstm", [12, 13], 90)], bleu);
    expect(taken).toBe("lstm");
    expect(reason).toBe(
      "Exact match is 0 in all runs, so held-out BLEU decides. Take the LSTM: its held-out BLEU of 12.50 is the best, 10.25 ahead of the GRU, " +
        "and seeds are only 1.00 apart.",
    );
  });

  test("says what does not tell the cells apart, too", () => {
    const quality = { ...loss, zero: ["exact match", "BLEU"], alike: ["token accuracy"] };
    const { reason } = recommend([cell("gru", [2, 2.5], 40), cell("lstm", [5, 6], 90)], quality);
    expect(reason).toMatch(
      /^Exact match and BLEU are 0 in all runs and in token accuracy the cells are no farther apart than their seeds, so held-out loss decides\. Take the GRU: /,
    );
  });

  test("is none where not even that tells the cells apart", () => {
    const zero = ["exact match", "BLEU"];
    const { cell: taken, reason } = recommend([cell("gru", [2, 2.5], 40), cell("lstm", [2.1, 2.6], 90)], {
      ...loss,
      zero,
      alike: ["token accuracy"],
    });
    expect(taken).toBeNull();
    expect(reason).toBe(
      "No recommendation: exact match and BLEU are 0 in all runs, and in token accuracy and held-out loss the cells are no farther apart than their seeds, so " +
        "nothing tells them apart yet: give a larger budget.",
    );
  });

  test("goes by the time of a sequence where models read whole ones", () => {
    const [slow, fast] = [cell("lstm", [1.5, 1.54], 90), cell("gru", [1.53, 1.55], 40)].map((one): CellSummary => {
      return { ...one, cost: { ...one.cost, kind: "sequence", streamBytes: null } };
    });
    const { cell: taken, reason } = recommend([slow, fast], loss);
    expect(taken).toBe("gru");
    expect(reason).toContain("and it takes the least time for a sequence, 40.0 us against 90.0 us (LSTM).");
  });

  test("takes larger for better where the quality is one", () => {
    expect(recommend([cell("gru", [0.7, 0.71], 40), cell("lstm", [0.89, 0.9], 90)], accuracy).cell).toBe("lstm");
    expect(recommend([cell("gru", [0.7, 0.71], 40), cell("lstm", [0.89, 0.9], 90)], loss).cell).toBe("gru");
  });

  test("is none where a difference may be chance: with one seed, or one cell", () => {
    for (const cells of [[cell("gru", [1, 1], 1, 1), cell("lstm", [2, 2], 1, 2)], [cell("gru", [1, 1.1], 1)]]) {
      const { cell: taken, reason } = recommend(cells, loss);
      expect(taken).toBeNull();
      expect(reason).toMatch(/^No recommendation: it takes two cells with two finished seeds each/);
    }
  });
});

test("numbers have four figures, or as many as it takes to see seeds apart", () => {
  const digits = (low: number, high: number): number => digitsFor([cell("gru", [low, high], 1)]);
  expect(digits(1.51, 1.52)).toBe(3);
  expect(digits(0.9, 0.9)).toBe(3);
  expect(digits(329.42, 345.84)).toBe(1);
  expect(digits(12_345, 13_456)).toBe(0);
  expect(digits(1.6424, 1.6428)).toBe(4);
});
