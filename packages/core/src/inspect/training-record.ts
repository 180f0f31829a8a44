import { quantile } from "../metrics/quantile.ts";
import type { StepEvent } from "../train/events.ts";

/** Where numbers lie: the middle, the middle eighty per cent, the largest. */
export interface Distribution {
  median: number;
  /** The 10th and the 90th percentile. */
  low: number;
  high: number;
  largest: number;
}

/** What a training did to its gradients and parameters. */
export interface TrainingRecord {
  /** Steps done, and how often they were read. */
  steps: number;
  readings: number;
  /** Of the readings' mean global norms before clipping; `largest` is that of a single step where it was recorded. */
  gradientNorm: Distribution;
  /** Share of the steps that were clipped: over all, and over the last tenth of the readings. */
  clipped: number;
  clippedLately: number;
  /** |Δθ| / |θ| of a step, over all parameters together; null where it was not recorded. */
  updateRatio: Distribution | null;
  /** The same for each parameter: medians over all readings. */
  updateRatios: Record<string, number>;
  /** By step, to be drawn. */
  course: { step: number; gradientNorm: number; clipped: number; updateRatio: number | null }[];
}

/**
 * What a training's step events (the lines of `training/metrics.jsonl`) say of its gradients and updates: how norms are distributed, how often clipping
 * bit, and how far steps went for the size of the parameters.
 *
 *     update ratio = |theta_{t+1} - theta_t| / |theta_t|
 *
 * Where most steps are clipped, the clip and not the learning rate decides how far steps go; where none are, the clip does nothing. Update ratios of
 * about 1e-3 are usual: far less and learning is slow, far more and it is rough.
 *
 * Source: Pascanu, Mikolov & Bengio 2013, section 3.2 (choose the threshold from the average norm over many updates); Karpathy's rule of
 * thumb for update ratios (CS231n, "Neural networks 3").
 *
 * @returns null where nothing was read
 * @example
 * const record = trainingRecord(lines.map((line) => JSON.parse(line)));
 * if (record && record.clipped > 0.5) console.log("most steps were clipped");
 */
export function trainingRecord(events: readonly { type: string }[]): TrainingRecord | null {
  const readings = events.filter((event): event is Reading => event.type === "step");
  if (readings.length === 0) return null;
  // A reading is of the steps since the one before.
  const lengths = readings.map(({ step }, i) => Math.max(1, step - (readings[i - 1]?.step ?? 0)));
  const clippedShare = (from: number): number => {
    const steps = lengths.slice(from).reduce((sum, length) => sum + length, 0);
    return readings.slice(from).reduce((sum, { clipped }, i) => sum + clipped * lengths[from + i], 0) / steps;
  };
  const watched = readings.filter(({ updateRatio }) => updateRatio !== undefined);
  const names = Object.keys(watched.at(-1)?.updateRatios ?? {});
  return {
    steps: readings.at(-1)!.step,
    readings: readings.length,
    gradientNorm: {
      ...distribution(readings.map(({ gradientNorm }) => gradientNorm)),
      largest: readings.reduce((most, one) => Math.max(most, one.largestGradientNorm ?? one.gradientNorm), 0),
    },
    clipped: clippedShare(0),
    clippedLately: clippedShare(Math.min(readings.length - 1, Math.floor(readings.length * 0.9))),
    updateRatio: watched.length > 0 ? distribution(watched.map(({ updateRatio }) => updateRatio!)) : null,
    updateRatios: Object.fromEntries(
      names.map((name) => [
        name,
        distribution(watched.flatMap(({ updateRatios }) => updateRatios?.[name] ?? [])).median,
      ]),
    ),
    course: readings.map(({ step, gradientNorm, clipped, updateRatio = null }) => ({
      step,
      gradientNorm,
      clipped,
      updateRatio,
    })),
  };
}

/** Runs recorded before the largest norm was have none. */
type Reading = Omit<StepEvent, "largestGradientNorm"> & Partial<Pick<StepEvent, "largestGradientNorm">>;

function distribution(values: readonly number[]): Distribution {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.1),
    high: quantile(sorted, 0.9),
    largest: sorted.at(-1)!,
  };
}
