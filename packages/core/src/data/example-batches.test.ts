import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluationBatches, ExampleBatches, paddedShare } from "./example-batches.ts";

const lengths = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 120 });
const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 9 }),
  bucket: fc.integer({ min: 1, max: 5 }),
  seed: fc.nat(1000),
});

function order(batches: ExampleBatches, epoch: number): number[] {
  return [...batches.epoch(epoch)].flatMap(({ examples }) => examples);
}

describe("batches of examples", () => {
  test("have every example exactly once an epoch, in full batches but one", () => {
    fc.assert(
      fc.property(lengths, sizes, fc.nat(3), (examples, options, epoch) => {
        const batches = new ExampleBatches(examples, options);
        expect(order(batches, epoch).toSorted((a, b) => a - b)).toEqual([...examples.keys()]);
        const short = [...batches.epoch(epoch)].filter((batch) => batch.examples.length < options.batch);
        expect(short.length).toBe(examples.length % options.batch === 0 ? 0 : 1);
      }),
    );
  });

  test("at a cursor are the same as one after the other, epoch after epoch, whatever was asked before", () => {
    fc.assert(
      fc.property(lengths, sizes, (examples, options) => {
        const batches = new ExampleBatches(examples, options);
        const inOrder = [...batches.epoch(0), ...batches.epoch(1)];
        const fresh = new ExampleBatches(examples, options);
        for (let cursor = inOrder.length - 1; cursor >= 0; cursor--) {
          expect(fresh.at(cursor)).toEqual(inOrder[cursor]);
          expect([inOrder[cursor].epoch, inOrder[cursor].index]).toEqual([
            Math.floor(cursor / batches.count),
            cursor % batches.count,
          ]);
        }
      }),
    );
  });

  test("come in another order every epoch and for every seed", () => {
    const examples = Array.from({ length: 100 }, (_, i) => i % 7);
    const orders = [0, 1].flatMap((seed) => {
      const batches = new ExampleBatches(examples, { batch: 4, seed });
      return [order(batches, 0), order(batches, 1)];
    });
    expect(new Set(orders.map((each) => each.join())).size).toBe(4);
  });

  test("waste less on padding the more is sorted together", () => {
    const examples = Array.from({ length: 2000 }, (_, i) => (i * 7919) % 50);
    const shares = [1, 4, 1000].map((bucket) => new ExampleBatches(examples, { batch: 16, bucket }).paddedShare());
    expect(shares[0]).toBeGreaterThan(0.4);
    expect(shares[1]).toBeLessThan(shares[0] / 2);
    expect(shares[2]).toBeLessThan(0.02);
  });

  test("refuse what makes no batch", () => {
    expect(() => new ExampleBatches([], { batch: 1 })).toThrow(
      "invalid lengths: got none, expected at least 1 example",
    );
    expect(() => new ExampleBatches([1], { batch: 0 })).toThrow("invalid batch: got 0");
    expect(() => new ExampleBatches([1], { batch: 1 }).at(0.5)).toThrow("batches.at: invalid cursor: got 0.5");
  });
});

test("the padded share is counted by hand", () => {
  expect(paddedShare([3, 1, 2], [[0, 1], [2]])).toBeCloseTo(2 / 8);
  expect(paddedShare([0, 0], [[0, 1]])).toBe(0);
});

describe("evaluation batches", () => {
  test("have every example once and keep within both limits", () => {
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 60 }),
        (examples, batch, steps) => {
          const batches = evaluationBatches(examples, { batch, steps });
          expect(batches.flat().toSorted((a, b) => a - b)).toEqual([...examples.keys()]);
          for (const chosen of batches) {
            const longest = Math.max(...chosen.map((example) => examples[example]));
            expect(chosen.length).toBeLessThanOrEqual(batch);
            expect(chosen.length === 1 || longest * chosen.length <= steps).toBe(true);
          }
        },
      ),
    );
  });

  test("put similar lengths together", () => {
    expect(evaluationBatches([9, 1, 8, 2], { batch: 2 })).toEqual([
      [1, 3],
      [2, 0],
    ]);
  });
});
