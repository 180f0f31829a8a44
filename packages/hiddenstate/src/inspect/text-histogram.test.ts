import { expect, test } from "vitest";
import { textHistogram } from "./text-histogram.ts";

test("a histogram's bars are as high as their bins are full, and whatever is there shows", () => {
  const values = [...Array<number>(80).fill(0.05), ...Array<number>(40).fill(0.35), 0.95, 1];
  expect(textHistogram(values, [0, 1])).toBe("█  ▄     ▁");
  expect(textHistogram([], [0, 1], 3)).toBe("   ");
});
