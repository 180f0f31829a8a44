import { expect, test } from "vitest";
import { clipping } from "./clipping.ts";

interface Given {
  /** Of 10 runs: without clipping, and with the thresholds 1 and 5. */
  without: number;
  at1: number;
  at5: number;
  global?: number;
  perParameter?: number;
}

function judged({ without, at1, at5, global = 1, perParameter = 0.7 }: Given): string {
  const run = (threshold: number | null, survived: number) => ({ learningRate: 1, threshold, survived, of: 10 });
  const explosive = [run(null, without), run(1, at1), run(5, at5)].map((one) => ({
    network: "relu, large weights" as const,
    ...one,
  }));
  const tame = [run(null, 10), run(1, 10), run(5, 10)].map((one) => ({ network: "tanh, orthogonal" as const, ...one }));
  return clipping.judge({
    norms: { "relu, large weights": 100, "tanh, orthogonal": 1 },
    directions: [1, 5].map((threshold) => ({ threshold, global, perParameter })),
    runs: [...explosive, ...tame],
  }).outcome;
}

test("holds if every threshold saves half of the lost runs, and only the global norm keeps the direction", () => {
  expect(judged({ without: 4, at1: 10, at5: 7 })).toBe("holds");
});

test("holds within limits if some thresholds do, or clipping per parameter keeps the direction too", () => {
  expect(judged({ without: 4, at1: 10, at5: 6 })).toBe("holds within limits");
  expect(judged({ without: 4, at1: 10, at5: 7, perParameter: 1 })).toBe("holds within limits");
});

test("does not hold if no threshold does, or the direction is lost", () => {
  expect(judged({ without: 4, at1: 5, at5: 6 })).toBe("does not hold here");
  expect(judged({ without: 4, at1: 10, at5: 10, global: 0.9 })).toBe("does not hold here");
});

test("is undecided if nothing blows up", () => {
  expect(judged({ without: 10, at1: 10, at5: 10 })).toBe("undecided");
});
