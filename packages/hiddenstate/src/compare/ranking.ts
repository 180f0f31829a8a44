import type { CellSummary, Quality } from "./comparison.ts";

/** Cells by how good they are. */
export interface Ranking {
  /** The best first. */
  ranked: readonly CellSummary[];
  /** The best and those that are as good: the two means are no farther apart than seeds of one of the two are. */
  asGood: readonly CellSummary[];
}

/** Ranks cells, at least one, by the mean over their seeds. */
export function rank(cells: readonly CellSummary[], better: Quality["better"]): Ranking {
  const sign = better === "lower" ? 1 : -1;
  const ranked = cells.toSorted((a, b) => sign * (a.quality.mean - b.quality.mean));
  const [best] = ranked;
  return { ranked, asGood: ranked.filter((cell) => apart(cell, best) <= Math.max(spread(cell), spread(best))) };
}

export function isBetter(a: number, b: number, better: Quality["better"]): boolean {
  return better === "lower" ? a < b : a > b;
}

/** How far the means of two cells are apart. */
export function apart(a: CellSummary, b: CellSummary): number {
  return Math.abs(a.quality.mean - b.quality.mean);
}

/** How far the seeds of a cell are apart. */
export function spread({ quality }: CellSummary): number {
  return quality.high - quality.low;
}
