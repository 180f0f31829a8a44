import type { CellKind } from "@hiddenstate/core";
import { cellName } from "../cell-name.ts";
import { describeTime } from "../format.ts";
import type { CellSummary, Quality, Recommendation } from "./comparison.ts";
import { apart, isBetter, rank, spread } from "./ranking.ts";

/**
 * Says which cell to take, and why.
 *
 * The best is the one with the best mean over the seeds. Another one is as good where the two means are no farther apart than seeds of one
 * of the two are: such a difference may be the seeds'. Of all that are as good, the one that takes the least time for a step (or for a
 * sequence, where models read whole ones) after the longest context is recommended. Where the task's own measure is 0 in all runs, and what
 * stands in for it does not tell the cells apart, none is. Cells that are no better than the baseline are no candidates.
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
  const { zero, baseline } = quality;
  const able = known.filter((cell) => baseline === null || isBetter(cell.quality.mean, baseline, quality.better));
  if (able.length === 0) {
    return {
      cell: null,
      reason: `No recommendation: no cell's ${quality.name} is better than the baseline's, ${baseline!.toFixed(digitsFor(known))}: give a larger budget.`,
    };
  }
  const { ranked, asGood } = rank(able, quality.better);
  if (zero.length > 0 && asGood.length === known.length) {
    const alike = listed([...quality.alike, quality.name]);
    return {
      cell: null,
      reason:
        `No recommendation: ${zeros(zero)}, and in ${alike} the cells are no farther apart than their seeds, so nothing tells ` +
        "them apart yet: give a larger budget.",
    };
  }
  const [chosen] = asGood.toSorted((a, b) => stepTime(a) - stepTime(b));
  const reason = reasonFor(chosen, ranked, asGood, quality);
  if (zero.length === 0) return { cell: chosen.cell, reason };
  const alike =
    quality.alike.length > 0 ? ` and in ${listed(quality.alike)} the cells are no farther apart than their seeds` : "";
  return { cell: chosen.cell, reason: `${capital(zeros(zero))}${alike}, so ${quality.name} decides. ${reason}` };
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
  if (ranked.length === 1)
    return `${take}: its ${quality.name} of ${shown(best.quality.mean)} is the only one better than the baseline's, ${shown(quality.baseline!)}.`;
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
  if (others.every((cell) => apart(cell, chosen) === 0))
    return `${take}: its ${quality.name} of ${shown(chosen.quality.mean)} is the best, and ${names(others)} reached the same; and it ${cheaper}.`;
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
  const time = (cell: CellSummary): string => describeTime(stepTime(cell));
  const theirs = others.map((cell) => `${time(cell)} (${cellName(cell.cell)})`);
  const unit = chosen.cost.kind === "stream" ? "step" : "sequence";
  return `takes the least time for a ${unit}, ${time(chosen)} against ${theirs.join(", ")}`;
}

/** Digits after the point with which the smallest thing that matters is seen: at least four figures, and three digits at most unless seeds are closer. */
export function digitsFor(cells: readonly CellSummary[]): number {
  const largest = Math.max(...cells.map(({ quality }) => Math.abs(quality.mean)), 1);
  const closest = Math.min(...cells.map(spread).filter((value) => value > 0), 1);
  return Math.min(6, Math.max(0, 3 - Math.floor(Math.log10(largest)), Math.ceil(-Math.log10(closest))));
}

/** Seconds of a step after the longest context. */
function stepTime({ cost }: CellSummary): number {
  return cost.latency.at(-1)?.seconds ?? Infinity;
}

/** Such as `exact match and BLEU are 0 in all runs`. */
function zeros(measures: readonly string[]): string {
  return `${listed(measures)} ${be(measures)} 0 in all runs`;
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

function names(cells: readonly { cell: CellKind }[]): string {
  return listed(cells.map(({ cell }) => `the ${cellName(cell)}`));
}

function listed(all: readonly string[]): string {
  return all.length === 1 ? all[0] : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

function be(things: readonly unknown[]): string {
  return things.length === 1 ? "is" : "are";
}
