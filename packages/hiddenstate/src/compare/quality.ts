import type { BestEvaluation } from "@hiddenstate/core";
import type { TaskName } from "../tasks/tasks.ts";
import type { Quality } from "./comparison.ts";

/** Measures that tell a model's quality, the first that its evaluations have: else the loss. */
const measures: readonly { metric: string; quality: Quality }[] = [
  { metric: "f1", quality: { name: "held-out F1", unit: "", better: "higher" } },
  { metric: "accuracy", quality: { name: "held-out accuracy", unit: "", better: "higher" } },
  { metric: "exactMatch", quality: { name: "held-out exact match", unit: "", better: "higher" } },
  { metric: "rmse", quality: { name: "held-out root mean squared error", unit: "", better: "lower" } },
];

/** What the best evaluation's quality is, and how much. */
export function qualityOf(task: TaskName, best: BestEvaluation): { quality: Quality; value: number } {
  for (const { metric, quality } of measures) {
    const value = best.metrics?.[metric];
    if (value !== undefined) return { quality, value };
  }
  const unit = task === "lm" ? "nats per token" : "";
  return { quality: { name: "held-out loss", unit, better: "lower" }, value: best.loss };
}
