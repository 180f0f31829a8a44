import { threefry2x32 } from "../kernels/threefry.ts";
import { randomKey } from "../memory/random.ts";
import { samplingRate, type SamplingSchedule } from "../train/sampling-schedule.ts";

/** Whether a model that writes is fed its own last output, not the truth, at a step (from 1) of a row of the batch. */
export type OwnOutput = (row: number, step: number) => boolean;

/**
 * Scheduled sampling at one training step: a draw for each token of the batch, with the schedule's rate at that step.
 *
 * @param step training steps before this one, from 0
 * @param draw keys the draws; each of another one
 * @param rowId names each row under that key, so that a draw depends on the example and not on its place in the batch; default: its number
 * @returns null where the rate is 0: that is teacher forcing
 */
export function ownOutput(
  schedule: SamplingSchedule | null,
  step: number,
  { seed, draw, rowId = (row) => row }: { seed: number; draw: number; rowId?: (row: number) => number },
): OwnOutput | null {
  const rate = schedule ? samplingRate(schedule, step) : 0;
  if (rate === 0) return null;
  const key = randomKey(seed, "scheduled sampling", "", draw);
  return (row, t) => threefry2x32(key, rowId(row), t)[0] < rate * 2 ** 32;
}
