import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluationWindows, ignoredTarget, type TextWindow, TextWindows } from "./windows.ts";

/** Tokens 0, 1, 2, ...: a token is its own place in the text. */
function places(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}

function countedTargets(windows: Iterable<TextWindow>): number[] {
  return [...windows].flatMap(({ targets }) => [...targets].filter((target) => target !== ignoredTarget));
}

const layout = fc
  .record({
    tokens: fc.integer({ min: 2, max: 300 }),
    batch: fc.integer({ min: 1, max: 9 }),
    bptt: fc.integer({ min: 1, max: 20 }),
  })
  .chain((sizes) => fc.record({ ...constants(sizes), stride: fc.integer({ min: 1, max: sizes.bptt }) }));

function constants<T extends Record<string, number>>(values: T): { [K in keyof T]: fc.Arbitrary<number> } {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, fc.constant(value)])) as never;
}

describe("windows over a text", () => {
  test("are time-major, with the next token as target", () => {
    const windows = new TextWindows(places(9), { batch: 2, bptt: 3 });
    expect([...windows.epoch()]).toEqual([
      {
        steps: 3,
        batch: 2,
        counted: 6,
        carriesState: false,
        carrySteps: 3,
        epoch: 0,
        index: 0,
        inputs: Int32Array.of(0, 4, 1, 5, 2, 6),
        targets: Int32Array.of(1, 5, 2, 6, 3, 7),
      },
      {
        steps: 1,
        batch: 2,
        counted: 2,
        carriesState: true,
        carrySteps: 1,
        epoch: 0,
        index: 1,
        inputs: Int32Array.of(3, 7),
        targets: Int32Array.of(4, 8),
      },
    ]);
  });

  test("count every target exactly once an epoch, whatever batch, window and stride", () => {
    fc.assert(
      fc.property(layout, ({ tokens, batch, bptt, stride }) => {
        fc.pre(tokens > bptt);
        const windows = new TextWindows(places(tokens), { batch, bptt, stride });
        const found = countedTargets(windows.epoch());
        expect(found.toSorted((a, b) => a - b)).toEqual([...places(tokens).subarray(1)]);
        expect(windows.targets).toBe(found.length);
      }),
    );
  });

  test("go on in every row where the carried state stands", () => {
    fc.assert(
      fc.property(layout, ({ tokens, batch, bptt, stride }) => {
        fc.pre(tokens > bptt);
        const windows = [...new TextWindows(places(tokens), { batch, bptt, stride }).epoch()];
        for (const [before, next] of windows.slice(1).map((window, i) => [windows[i], window])) {
          expect(next.carriesState).toBe(true);
          for (let row = 0; row < next.batch; row++) {
            expect(next.inputs[row]).toBe(before.inputs[(before.carrySteps - 1) * before.batch + row] + 1);
          }
        }
      }),
    );
  });

  test("are the same of a text that is not in memory, of which they read what there is", () => {
    fc.assert(
      fc.property(layout, ({ tokens, batch, bptt, stride }) => {
        fc.pre(tokens > bptt);
        const read = (start: number, count: number): Int32Array => {
          expect([start >= 0, count >= 0, start + count <= tokens]).toEqual([true, true, true]);
          return places(tokens).slice(start, start + count);
        };
        const options = { batch, bptt, stride };
        expect([...new TextWindows({ length: tokens, read }, options).epoch()]).toEqual([
          ...new TextWindows(places(tokens), options).epoch(),
        ]);
      }),
    );
  });

  test("have targets that are the input's next token", () => {
    fc.assert(
      fc.property(layout, ({ tokens, batch, bptt, stride }) => {
        fc.pre(tokens > bptt);
        for (const { inputs, targets, counted, steps, batch: rows } of new TextWindows(places(tokens), {
          batch,
          bptt,
          stride,
        }).epoch()) {
          expect([inputs.length, targets.length]).toEqual([steps * rows, steps * rows]);
          expect(targets.every((target, i) => target === ignoredTarget || target === inputs[i] + 1)).toBe(true);
          expect(counted).toBeGreaterThan(0);
        }
      }),
    );
  });

  test("that overlap give each counted target at least bptt - stride steps to go back", () => {
    const { targets, steps } = new TextWindows(places(41), { batch: 2, bptt: 8, stride: 3 }).at(1);
    const counted = [...targets].map((target) => target !== ignoredTarget);
    expect(counted.slice(0, 10)).toEqual(Array(10).fill(false));
    expect(counted.slice(10)).toEqual(Array(6).fill(true));
    expect(steps).toBe(8);
  });

  test("at a cursor are the same as one after the other, epoch after epoch", () => {
    const windows = new TextWindows(places(50), { batch: 3, bptt: 4 });
    const inOrder = [...windows.epoch(0), ...windows.epoch(1)];
    expect(inOrder.map((_, cursor) => windows.at(cursor))).toEqual(inOrder);
    expect(windows.at(windows.count)).toMatchObject({ epoch: 1, index: 0, carriesState: false });
  });

  test("shrink the batch of a short text and say so", () => {
    const windows = new TextWindows(places(30), { batch: 8, bptt: 9 });
    expect(windows.batch).toBe(3);
    expect(windows.notice).toBe(
      "the text has 30 tokens, fewer than batch 8 x (bptt 9 + 1) = 80: the batch is 3 instead",
    );
    expect(new TextWindows(places(80), { batch: 8, bptt: 9 }).notice).toBe(null);
  });

  test.each([
    [
      "a text shorter than one window",
      /got 9 tokens, expected at least 10 \(bptt \+ 1\)/,
      () => new TextWindows(places(9), { batch: 1, bptt: 9 }),
    ],
    [
      "a stride beyond the window",
      /invalid stride: got 5, expected a whole number at least 1 and at most 4/,
      () => new TextWindows(places(9), { batch: 1, bptt: 4, stride: 5 }),
    ],
    ["half a window", /invalid bptt: got 0.5/, () => new TextWindows(places(9), { batch: 1, bptt: 0.5 })],
    [
      "a cursor that is none",
      /windows.at: invalid cursor: got -1/,
      () => new TextWindows(places(9), { batch: 1, bptt: 4 }).at(-1),
    ],
    [
      "nothing to evaluate",
      /evaluationWindows: invalid text: got 1 tokens/,
      () => evaluationWindows(places(1), { batch: 1, bptt: 4 }),
    ],
  ] as const)("refuse %s", (_, message, make) => {
    expect(make).toThrow(message);
  });
});

test("an evaluation counts every target of a text of any length exactly once", () => {
  fc.assert(
    fc.property(layout, ({ tokens, batch, bptt }) => {
      const found = countedTargets(evaluationWindows(places(tokens), { batch, bptt }).epoch());
      expect(found.toSorted((a, b) => a - b)).toEqual([...places(tokens).subarray(1)]);
    }),
  );
});
