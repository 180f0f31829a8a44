import type { TaskName } from "../tasks/tasks.ts";
import type { Quality, RunResult } from "./comparison.ts";

/** What a run's quality may be measured by. */
type Measured = Pick<RunResult, "loss" | "metrics">;

interface Measure {
  metric: string;
  name: string;
  better: Quality["better"];
}

/** What models are ranked by, the most telling first; after them comes the loss. A task has some of them. */
const measures: readonly Measure[] = [
  { metric: "f1", name: "F1", better: "higher" },
  { metric: "accuracy", name: "accuracy", better: "higher" },
  { metric: "exactMatch", name: "exact match", better: "higher" },
  { metric: "bleu", name: "BLEU", better: "higher" },
  { metric: "tokenAccuracy", name: "token accuracy", better: "higher" },
  { metric: "rmse", name: "RMSE", better: "lower" },
];

/**
 * What the quality of some runs is, and how to read it off: the first measure of their task, unless that is 0 in all of them, as exact match is
 * for a while; then the next one in which they differ, and at last the loss.
 */
export function qualityOf(
  task: TaskName,
  runs: readonly Measured[],
): { quality: Quality; valueOf: (run: Measured) => number } {
  const zero: string[] = [];
  for (const { metric, name, better } of measures) {
    const values = runs.map(({ metrics }) => metrics[metric]);
    if (values.length === 0 || values.includes(undefined)) continue;
    const isZero = values.every((value) => value === 0);
    const tells = zero.length === 0 ? !isZero : values.some((value) => value !== values[0]);
    if (tells)
      return { quality: { name: `held-out ${name}`, unit: "", better, zero }, valueOf: (run) => run.metrics[metric]! };
    if (isZero) zero.push(name);
  }
  const unit = task === "lm" ? "nats per token" : "";
  return { quality: { name: "held-out loss", unit, better: "lower", zero }, valueOf: ({ loss }) => loss };
}
