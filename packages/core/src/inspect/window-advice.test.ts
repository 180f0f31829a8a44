import { describe, expect, test } from "vitest";
import { adviseWindow } from "./window-advice.ts";

const reach = (steps: number, open = false): { steps: number; open: boolean; uses: string } => ({
  steps,
  open,
  uses: `the last ${steps} characters`,
});

describe("a window", () => {
  test("much longer than the reach may be shorter", () => {
    const advice = adviseWindow({
      gradient: reach(23),
      context: reach(16),
      window: 128,
      unit: "characters",
      cell: "lstm",
    });
    expect(advice).toMatchObject({ verdict: "shorten", window: [24, 48] });
    expect(advice.sentences[0]).toBe("The gradient reaches 23 characters back, until it is a hundredth.");
    expect(advice.sentences[1]).toBe("Predictions use the last 16 characters.");
    expect(advice.sentences[2]).toMatch(/^It was trained with a window of 128: one of 24 to 48 should learn the same/);
  });

  test("from the reach to twice the reach fits", () => {
    for (const window of [24, 32, 48]) {
      const advice = adviseWindow({ gradient: reach(24), context: null, window, unit: "characters", cell: "lstm" });
      expect(advice).toMatchObject({ verdict: "fits", window: [24, 48] });
    }
  });

  test("shorter than the reach should be longer", () => {
    const advice = adviseWindow({ gradient: reach(20), context: reach(128), window: 64, unit: "words", cell: "lstm" });
    expect(advice).toMatchObject({ verdict: "lengthen", window: [128, 256] });
  });

  test("as long as a reach that is still open should be longer", () => {
    const advice = adviseWindow({ gradient: reach(64, true), context: null, window: 64, unit: "words", cell: "lstm" });
    expect(advice.verdict).toBe("lengthen");
    expect(advice.sentences[0]).toBe("The gradient still reaches further than the 64 words measured.");
  });

  test("is advised where the training had none", () => {
    const advice = adviseWindow({ gradient: reach(1), context: null, window: "whole", unit: "rows", cell: "gru" });
    expect(advice).toMatchObject({ verdict: "whole sequences", window: [1, 2] });
    expect(advice.sentences[0]).toContain("1 row back");
  });
});

test("a window that is not known is advised all the same", () => {
  const advice = adviseWindow({ gradient: reach(5), context: null, window: null, unit: "rows", cell: "gru" });
  expect(advice).toMatchObject({ verdict: "unknown", window: [6, 12] });
  expect(advice.sentences.at(-1)).toBe("What window it was trained with is not known; one of 6 to 12 is enough.");
});

test("nothing measured, nothing advised", () => {
  expect(adviseWindow({ gradient: null, context: null, window: 64, unit: "rows", cell: "gru" })).toMatchObject({
    verdict: "unknown",
    window: null,
  });
});
