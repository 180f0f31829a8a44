import { cellName } from "../cell-name.ts";
import { lineChart } from "../pictures/line-chart.ts";
import type { Picture } from "../pictures/picture.ts";
import type { Comparison, CurvePoint } from "./comparison.ts";

/** Points of a line; more would not be seen. */
const gridPoints = 40;

/**
 * The held-out loss on the way: for each cell the mean over the seeds, with a band from the least to the largest. Over the time of training where
 * runs have the same time; where they have the same steps, over those, which do not depend on how busy the machine is.
 */
export async function lossPicture({ plan, runs, cells, recommendation }: Comparison): Promise<Picture> {
  const axis = "minutes" in plan.budget ? "seconds" : "step";
  const lines = cells.map(({ cell }) => ({
    name: cellName(cell),
    points: meanCurve(
      runs.filter((run) => run.cell === cell).map(({ curve }) => curve),
      axis,
    ),
  }));
  return lineChart({
    title: `Held-out loss over the ${axis === "step" ? "steps" : "time"} of training`,
    subtitle: recommendation.reason,
    caption: `${plan.seeds.length} seeds: lines are their mean, bands reach from the least to the largest. ${describeBudget(plan.budget)} each.`,
    x: axis === "step" ? "steps of training" : "seconds of training",
    y: plan.task === "lm" ? "held-out loss (nats per token)" : "held-out loss",
    lines,
  });
}

function describeBudget(budget: Readonly<Record<string, number>>): string {
  const [[unit, value]] = Object.entries(budget);
  return `${value} ${value === 1 ? unit.slice(0, -1) : unit}`;
}

/** Mean and range of several curves where all of them are, read off between their points. */
export function meanCurve(
  curves: readonly (readonly CurvePoint[])[],
  axis: "seconds" | "step",
): {
  x: number;
  y: number;
  low: number;
  high: number;
}[] {
  const from = Math.max(...curves.map((curve) => curve[0][axis]));
  const to = Math.min(...curves.map((curve) => curve.at(-1)![axis]));
  const count = to > from ? gridPoints : 1;
  return Array.from({ length: count }, (_, i) => {
    const x = count === 1 ? to : from + ((to - from) * i) / (count - 1);
    const losses = curves.map((curve) => lossAt(curve, axis, x));
    const y = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    return { x, y, low: Math.min(...losses), high: Math.max(...losses) };
  });
}

function lossAt(curve: readonly CurvePoint[], axis: "seconds" | "step", x: number): number {
  const after = curve.findIndex((point) => point[axis] >= x);
  if (after < 0) return curve.at(-1)!.loss;
  if (after === 0) return curve[0].loss;
  const [a, b] = [curve[after - 1], curve[after]];
  return a.loss + ((b.loss - a.loss) * (x - a[axis])) / (b[axis] - a[axis]);
}
