import type { CellKind } from "@hiddenstate/core";
import type { CellSummary, Quality, Recommendation } from "./comparison.ts";
import { count } from "../format.ts";
import { cellName, describeTime } from "./names.ts";

/**
 * Says which cell to take, and why.
 *
 * The best is the one with the best mean over the seeds. Another one is as good where the two means are no farther apart than seeds of one
 * of the two are: such a difference may be the seeds'. Of all that are as good, the one that takes the least time for a step (or for a
 * sequence, where models read whole ones) after the longest context is recommended; where that is not known, the one that trains fastest.
 *
 * @param cells with all their runs; those with fewer than two have no spread, and are left out
 */
export function recommend(cells: readonly CellSummary[], quality: Quality): Recommendation {
  const known = cells.filter(({ runs }) => runs >= 2);
  if (known.length < 2) {
    return {
      cell: null,
      reason:
        "No recommendation: it takes two cells with two finished seeds each, for without a second seed a difference may be chance.",
    };
  }
  const sign = quality.better === "lower" ? 1 : -1;
  const ranked = known.toSorted((a, b) => sign * (a.quality.mean - b.quality.mean));
  const [best] = ranked;
  const asGood = ranked.filter((cell) => apart(cell, best) <= Math.max(spread(cell), spread(best)));
  const timed = known.every(({ cost }) => cost.latency.length > 0);
  const chosen = asGood.toSorted((a, b) =>
    timed ? stepTime(a) - stepTime(b) : b.tokensPerSecond - a.tokensPerSecond,
  )[0];
  return { cell: chosen.cell, reason: reasonFor(chosen, ranked, asGood, quality) };
}

function reasonFor(
  chosen: CellSummary,
  ranked: readonly CellSummary[],
  asGood: readonly CellSummary[],
  quality: Quality,
): string {
  const [best] = ranked;
  const digits = digitsFor(ranked);
  const shown = (value: number): string => value.toFixed(digits);
  const take = `Take the ${cellName(chosen.cell)}`;
  if (asGood.length === 1) {
    const next = ranked[1];
    const seeds = Math.max(spread(best), spread(next));
    return (
      `${take}: its ${quality.name} of ${shown(best.quality.mean)} is the best, ${shown(apart(best, next))} ahead of the ` +
      `${cellName(next.cell)}, and seeds are only ${shown(seeds)} apart.`
    );
  }
  const others = asGood.filter((cell) => cell !== chosen);
  const cheaper = advantage(chosen, others);
  if (chosen === best) {
    return (
      `${take}: its ${quality.name} of ${shown(best.quality.mean)} is the best; ${names(others)} ${be(others)} no farther behind than ` +
      `seeds are apart, and it ${cheaper}.`
    );
  }
  return (
    `${take}: its ${quality.name} of ${shown(chosen.quality.mean)} is as good as the best, ${shown(best.quality.mean)} of the ` +
    `${cellName(best.cell)}, for seeds are ${shown(Math.max(spread(chosen), spread(best)))} apart; and it ${cheaper}.`
  );
}

/** What the chosen one has before others that are as good. */
function advantage(chosen: CellSummary, others: readonly CellSummary[]): string {
  const against = (value: (cell: CellSummary) => string): string =>
    `${value(chosen)} against ${others.map((cell) => `${value(cell)} (${cellName(cell.cell)})`).join(", ")}`;
  if (chosen.cost.latency.length === 0)
    return `trains fastest: a second reads ${against(({ tokensPerSecond }) => count(tokensPerSecond))}`;
  const unit = chosen.cost.streamBytes === null ? "a sequence" : "a step";
  return `takes the least time for ${unit}, ${against((cell) => describeTime(stepTime(cell)))}`;
}

/** Digits with which the smallest thing that matters is seen. */
export function digitsFor(cells: readonly CellSummary[]): number {
  const smallest = Math.min(...cells.map(spread).filter((value) => value > 0), 0.01);
  return Math.min(6, Math.max(3, Math.ceil(-Math.log10(smallest))));
}

function apart(a: CellSummary, b: CellSummary): number {
  return Math.abs(a.quality.mean - b.quality.mean);
}

/** How far the seeds of a cell are apart. */
export function spread({ quality }: CellSummary): number {
  return quality.high - quality.low;
}

/** Seconds of a step after the longest context. */
export function stepTime({ cost }: CellSummary): number {
  return cost.latency.at(-1)?.seconds ?? Infinity;
}

function names(cells: readonly { cell: CellKind }[]): string {
  const all = cells.map(({ cell }) => `the ${cellName(cell)}`);
  return all.length === 1 ? all[0] : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

function be(cells: readonly unknown[]): string {
  return cells.length === 1 ? "is" : "are";
}
