import { lineChart } from "../pictures/line-chart.ts";
import type { Picture } from "../pictures/picture.ts";
import type { Comparison, CurvePoint } from "./comparison.ts";
import { cellName } from "./names.ts";

/** Points of a line; more would not be seen. */
const gridPoints = 40;

/** The held-out loss over the time of training: for each cell the mean over the seeds, with a band from the least to the largest. */
export async function lossPicture({ plan, runs, cells, recommendation }: Comparison): Promise<Picture> {
  const lines = cells.map(({ cell }) => ({
    name: cellName(cell),
    points: meanCurve(runs.filter((run) => run.cell === cell).map(({ curve }) => curve)),
  }));
  return lineChart({
    title: "Held-out loss over the time of training",
    subtitle: recommendation.reason,
    caption: `${plan.seeds.length} seeds: lines are their mean, bands reach from the least to the largest. ${describeBudget(plan.budget)} each.`,
    x: "seconds of training",
    y: plan.task === "lm" ? "held-out loss (nats per token)" : "held-out loss",
    lines,
  });
}

function describeBudget(budget: Readonly<Record<string, number>>): string {
  const [[unit, value]] = Object.entries(budget);
  return `${value} ${value === 1 ? unit.slice(0, -1) : unit}`;
}

/** Mean and range of several curves where all of them are, read off between their points. */
export function meanCurve(curves: readonly (readonly CurvePoint[])[]): {
  x: number;
  y: number;
  low: number;
  high: number;
}[] {
  const from = Math.max(...curves.map((curve) => curve[0].seconds));
  const to = Math.min(...curves.map((curve) => curve.at(-1)!.seconds));
  const count = to > from ? gridPoints : 1;
  return Array.from({ length: count }, (_, i) => {
    const x = count === 1 ? to : from + ((to - from) * i) / (count - 1);
    const losses = curves.map((curve) => lossAt(curve, x));
    const y = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    return { x, y, low: Math.min(...losses), high: Math.max(...losses) };
  });
}

function lossAt(curve: readonly CurvePoint[], seconds: number): number {
  const after = curve.findIndex((point) => point.seconds >= seconds);
  if (after < 0) return curve.at(-1)!.loss;
  if (after === 0) return curve[0].loss;
  const [a, b] = [curve[after - 1], curve[after]];
  return a.loss + ((b.loss - a.loss) * (seconds - a.seconds)) / (b.seconds - a.seconds);
}
