import { expect, test } from "vitest";
import { surprisalOf } from "./surprisal.ts";

test("the surprisal of a class is -ln of its probability, and finite however far the logits lie apart", () => {
  expect(surprisalOf([0, Math.log(3)], 0)).toBeCloseTo(Math.log(4), 14);
  expect(surprisalOf(Float32Array.of(0, 800), 0)).toBe(800);
  expect(surprisalOf(Float32Array.of(0, 800), 1)).toBe(0);
  expect(surprisalOf([NaN, 0], 1)).toBeNaN();
});
