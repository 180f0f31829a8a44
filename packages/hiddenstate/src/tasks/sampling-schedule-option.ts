import { parseSamplingSchedule, type SamplingSchedule } from "@hiddenstate/core";
import type { TaskOption } from "./task-option.ts";

/** A schedule, or as it stands on a command line: `"linear:2000:0.5"`. */
export interface SamplingScheduleGiven {
  /** How often a model that writes reads what it wrote itself while training. Default: never. */
  samplingSchedule?: SamplingSchedule | string;
}

/** The flag of every task whose model writes. */
export const samplingScheduleOption: TaskOption = {
  flags: "--sampling-schedule <schedule>",
  about:
    "how often, over the steps, a model that writes reads what it wrote itself and not the truth: constant:RATE, linear:STEPS[:MOST], " +
    "exponential:BASE or inverse-sigmoid:K (default: never)",
  group: "Training",
};

/**
 * The same options with the schedule as the library takes it.
 * @throws HiddenstateError `invalid` for a text that is no schedule
 */
export function withSchedule<Given extends SamplingScheduleGiven>(
  given: Given,
): Omit<Given, "samplingSchedule"> & { samplingSchedule?: SamplingSchedule } {
  const { samplingSchedule, ...options } = given;
  if (samplingSchedule === undefined) return options;
  const isText = typeof samplingSchedule === "string";
  return { ...options, samplingSchedule: isText ? parseSamplingSchedule(samplingSchedule) : samplingSchedule };
}
