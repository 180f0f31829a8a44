import type { FolderStorage } from "../files/folder-storage.ts";
import { readMetrics } from "../recorded-metrics.ts";
import { median } from "../statistics.ts";
import type { CurvePoint } from "./comparison.ts";

/** What a run's `training/metrics.jsonl` tells. */
export interface RunCourse {
  curve: CurvePoint[];
  /** The median over the run. */
  tokensPerSecond: number;
  /** Seconds of training until the evaluation after so many steps. */
  secondsAt(step: number): number;
}

/** The lines that matter here; evaluations have no time of their own, but follow a step's line. */
interface MetricsLine {
  type: "step" | "evaluation";
  step: number;
  loss: number;
  seconds: number;
  tokensPerSecond?: number;
}

/** @throws HiddenstateError `corrupt` where the file is not what training writes */
export async function readCourse(storage: FolderStorage): Promise<RunCourse> {
  const events = await readMetrics(storage, "delete the run's folder and resume");
  const curve: CurvePoint[] = [];
  const speeds: number[] = [];
  const times = new Map<number, number>();
  let seconds = 0;
  for (const line of events as MetricsLine[]) {
    if (line.type === "step") {
      ({ seconds } = line);
      if (line.tokensPerSecond !== undefined) speeds.push(line.tokensPerSecond);
    } else {
      curve.push({ step: line.step, seconds, loss: line.loss });
      times.set(line.step, seconds);
    }
  }
  return { curve, tokensPerSecond: median(speeds), secondsAt: (step) => times.get(step) ?? seconds };
}
