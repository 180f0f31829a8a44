import type { CellSummary, ComparePlan, RunResult, StepCost } from "./comparison.ts";
import { median } from "../statistics.ts";

/** One line for each cell that has a finished run, in the plan's order. */
export function summarise(
  plan: ComparePlan,
  runs: readonly RunResult[],
  qualityOf: (run: RunResult) => number,
): CellSummary[] {
  return plan.cells.flatMap((cell) => {
    const own = runs.filter((run) => run.cell === cell.cell);
    if (own.length === 0) return [];
    const qualities = own.map(qualityOf);
    return [
      {
        ...cell,
        runs: own.length,
        quality: { mean: mean(qualities), low: Math.min(...qualities), high: Math.max(...qualities) },
        seconds: mean(own.map(({ seconds }) => seconds)),
        bestSeconds: mean(own.map(({ bestSeconds }) => bestSeconds)),
        tokensPerSecond: mean(own.map(({ tokensPerSecond }) => tokensPerSecond)),
        cost: typicalCost(own.map(({ cost }) => cost)),
      },
    ];
  });
}

/** Times are medians over the runs; sizes are the same in all. */
function typicalCost(costs: readonly StepCost[]): StepCost {
  const latency = costs[0].latency.map(({ context }, i) => ({
    context,
    seconds: median(costs.map((cost) => cost.latency[i].seconds)),
  }));
  return { ...costs[0], latency };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
