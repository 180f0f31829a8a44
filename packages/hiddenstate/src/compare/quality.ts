import type { CellSummary, ComparePlan, Quality, RunResult } from "./comparison.ts";
import { rank } from "./ranking.ts";
import { summarise } from "./summary.ts";

interface Measure {
  metric: string;
  name: string;
  better: Quality["better"];
  /** The metrics that tell what a baseline reaches; a task has one of them at most. */
  baselines?: readonly string[];
}

/** What models are ranked by, the most telling first; after them comes the loss. A task has some of them. */
const measures: readonly Measure[] = [
  { metric: "f1", name: "F1", better: "higher", baselines: ["baselineF1"] },
  { metric: "accuracy", name: "accuracy", better: "higher", baselines: ["majorityAccuracy", "baselineAccuracy"] },
  { metric: "exactMatch", name: "exact match", better: "higher" },
  { metric: "bleu", name: "BLEU", better: "higher" },
  { metric: "tokenAccuracy", name: "token accuracy", better: "higher" },
  { metric: "rmse", name: "RMSE", better: "lower", baselines: ["baselineRmse"] },
];

/**
 * Measures cells by what their task is about: the first measure that it has, unless that is 0 in all runs, as exact match is for a while. Then
 * the next one that tells the cells apart by more than their seeds, and at last the loss.
 */
export function measureCells(
  plan: ComparePlan,
  runs: readonly RunResult[],
): { quality: Quality; cells: CellSummary[] } {
  const zero: string[] = [];
  const alike: string[] = [];
  for (const { metric, name, better, baselines = [] } of measures) {
    const values = runs.map(({ metrics }) => metrics[metric]);
    if (values.length === 0 || values.includes(undefined)) continue;
    if (values.every((value) => value === 0)) {
      zero.push(name);
      continue;
    }
    const cells = summarise(plan, runs, ({ metrics }) => metrics[metric]!);
    const tells = zero.length === 0 || rank(cells, better).asGood.length < cells.length;
    if (tells) {
      // The same for all runs: they are measured on the same held-out part.
      const baseline = baselines.map((known) => runs[0].metrics[known]).find((value) => value !== undefined) ?? null;
      return { quality: { name: `held-out ${name}`, unit: "", better, baseline, zero, alike }, cells };
    }
    alike.push(name);
  }
  const unit = plan.task === "lm" ? "nats per token" : "";
  const quality: Quality = { name: "held-out loss", unit, better: "lower", baseline: null, zero, alike };
  return { quality, cells: summarise(plan, runs, ({ loss }) => loss) };
}
