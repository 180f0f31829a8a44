import { engine, ignoredTarget, noGrad, type Random } from "@hiddenstate/core";
import { bestLabels, type Labeller } from "./labeller.ts";

/** What goes in: the start, a or b. What comes out: a, b or the end. */
export const countingTokens = 3;
const [start, a, b] = [0, 1, 2];
const [nextA, nextB, end] = [0, 1, 2];

/** Words a^n b^n, each read from its start and followed by its end. */
export interface CountingBatch {
  /** [T, B], and the token after each, `ignoredTarget` in the padding. */
  ids: Int32Array;
  targets: Int32Array;
  lengths: number[];
}

/**
 * The words a^n b^n of the given counts: whoever knows how many a's have been read knows when the b's end.
 *
 * Source: Gers & Schmidhuber 2001, "LSTM recurrent networks learn simple context-free and context-sensitive languages";
 * Weiss, Goldberg & Yahav 2018, "On the practical computational power of finite precision RNNs for language recognition".
 */
function countingBatch(counts: readonly number[]): CountingBatch {
  const batch = counts.length;
  const lengths = counts.map((n) => 2 * n + 1);
  const steps = Math.max(...lengths);
  const ids = new Int32Array(steps * batch);
  const targets = new Int32Array(steps * batch).fill(ignoredTarget);
  for (const [row, n] of counts.entries()) {
    for (let t = 0; t <= 2 * n; t++) {
      ids[t * batch + row] = t === 0 ? start : t <= n ? a : b;
      targets[t * batch + row] = t < n ? nextA : t < 2 * n ? nextB : end;
    }
  }
  return { ids, targets, lengths };
}

/** Words with counts from 1 to `most`. */
export function countingExamples(most: number, batch: number, random: Random): CountingBatch {
  return countingBatch(Array.from({ length: batch }, () => 1 + random.integer(most)));
}

/**
 * The largest count n such that of all words up to it, from the first b on every next token is right, the end too. Before
 * that nothing is certain: another a may follow.
 *
 * @param most the largest count that is tried
 */
export function countsTo(model: Labeller, most: number): number {
  const counts = Array.from({ length: most }, (_, i) => i + 1);
  const { ids, targets, lengths } = countingBatch(counts);
  const scores = engine.scope(() => noGrad(() => model.forward(ids, most, lengths))).dataSync();
  const found = bestLabels(scores, countingTokens);
  for (const [row, n] of counts.entries()) {
    for (let t = n + 1; t <= 2 * n; t++) if (found[t * most + row] !== targets[t * most + row]) return n - 1;
  }
  return most;
}
