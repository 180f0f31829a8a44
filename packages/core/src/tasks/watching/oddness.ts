import { HiddenstateError } from "../../errors.ts";
import { pathIn } from "../../io/model-files.ts";
import type { ModelStorage, ReadableStorage } from "../../io/model-storage.ts";
import { decodeVerifiedJson, encodeVerifiedJson } from "../../io/verified.ts";
import type { OptionRules } from "../../options.ts";

/** Where what is usual is kept. */
export const calibrationPath = "calibration.json";

/** How much of what is usual to call odd. */
export interface OddnessOptions {
  /** Share of usual events to call odd, between 0 and 1: false alarms to put up with. Default 0.01. */
  rate?: number;
}

/** The rule behind `OddnessOptions`. */
export const rateRule: OptionRules<OddnessOptions>["rate"] = { type: "number", above: 0, below: 1, default: 0.01 };

const mostKept = 1000;

/** Rising; at most 1000, evenly spread where there are more, the first and the last among them: enough for rates down to 1 / 1000. */
export function thinned(numbers: readonly number[]): number[] {
  const sorted = numbers.toSorted((a, b) => a - b);
  if (sorted.length <= mostKept) return sorted;
  return Array.from({ length: mostKept }, (_, i) => sorted[Math.round((i * (sorted.length - 1)) / (mostKept - 1))]);
}

/**
 * The number that a usual event exceeds with a probability of about `rate`: the ⌈(n + 1) (1 - rate)⌉-th smallest of n held-out ones (split
 * conformal prediction, Vovk et al. 2005), or the largest where n is below 1 / rate.
 *
 * @param usual rising, at least 1
 */
export function oddThreshold(usual: readonly number[], rate: number): number {
  return usual[Math.min(usual.length, Math.ceil((usual.length + 1) * (1 - rate))) - 1];
}

export async function saveCalibration(storage: ModelStorage, calibration: object): Promise<void> {
  await storage.write(calibrationPath, encodeVerifiedJson(calibration));
}

/** Null where a run was killed before it was made. @throws HiddenstateError `corrupt` */
export async function loadCalibration<Calibration>(storage: ReadableStorage): Promise<Calibration | null> {
  const bytes = await storage.read(calibrationPath);
  return bytes && (decodeVerifiedJson(bytes, pathIn(storage, calibrationPath)) as unknown as Calibration);
}

/** What is said where there is no calibration. */
export function uncalibrated(what: string): HiddenstateError {
  return new HiddenstateError(
    "missing",
    `${what}: missing calibration.json, which tells what is usual: the training was stopped before it was made; go on with it (resume), which makes it`,
  );
}
