import { describe, expect, test } from "vitest";
import { doublings, type UseOfThePast, useOfThePast, type UseOfThePastOptions } from "./use-of-the-past.ts";

function finish(options: UseOfThePastOptions): UseOfThePast {
  const work = useOfThePast(options);
  let next = work.next();
  while (!next.done) next = work.next();
  return next.value;
}

/** Losses of three examples that fall as more is read. */
function* losses(context: number | null): Generator<void, number[]> {
  yield;
  const excess: Record<number, number> = { 1: 1, 2: 0.3, 4: 0.005, 8: 0.001 };
  const more = context === null ? 0 : excess[context];
  return [1 + more, 2 + more, 3 + 2 * more - more];
}

describe("use of the past", () => {
  test("the effective context is the smallest whose perplexity is within one per cent of all of the past", () => {
    const found = finish({ contexts: [1, 2, 4, 8], losses });
    expect(found.effective).toBe(4);
    expect(found.full).toBeCloseTo(2, 12);
    expect(found.contexts.map(({ excess }) => excess)).toEqual(
      [1, 0.3, 0.005, 0.001].map((x) => expect.closeTo(x, 12)),
    );
    expect(found.contexts[0].loss).toBeCloseTo(3, 12);
  });

  test("where every context is worse, more than the largest is used", () => {
    expect(finish({ contexts: [1, 2], losses }).effective).toBe(null);
  });

  test("a lucky short context does not count when a longer one is worse", () => {
    function* uneven(context: number | null): Generator<void, number[]> {
      yield;
      return [context === 2 ? 2 : 1];
    }
    expect(finish({ contexts: [1, 2, 4], losses: uneven }).effective).toBe(4);
  });

  test("the standard error is that of the differences, example by example", () => {
    function* noisy(context: number | null): Generator<void, number[]> {
      yield;
      // Examples differ by far more than the contexts do.
      return context === null ? [1, 10, 100, 1000] : [1.1, 10.3, 100.1, 1000.3];
    }
    const [{ excess, error }] = finish({ contexts: [1], losses: noisy }).contexts;
    expect(excess).toBeCloseTo(0.2, 10);
    // Sample standard deviation of 0.1, 0.3, 0.1, 0.3, over the root of 4.
    expect(error).toBeCloseTo(Math.sqrt(0.04 / 3) / 2, 10);
  });
});

test("contexts double up to the most", () => {
  expect(doublings(20)).toEqual([1, 2, 4, 8, 16]);
  expect(doublings(1)).toEqual([1]);
});
