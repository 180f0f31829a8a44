import { HiddenstateError } from "../errors.ts";

/** How long to train: exactly one of the three. */
export interface Budget {
  steps?: number;
  /** Passes over the training data. */
  epochs?: number;
  /** Minutes of training; such a run can't be repeated to the bit. */
  minutes?: number;
}

/** A budget against which progress is measured. */
export interface Spending {
  /** The last step, or null where time decides. */
  readonly steps: number | null;
  /** Share of the budget used, 0 to 1. */
  spent(step: number, seconds: number): number;
}

/**
 * @param stepsPerEpoch steps in one pass over the data
 * @throws HiddenstateError `invalid` unless exactly one budget is given
 */
export function spendingOf(budget: Budget, stepsPerEpoch: number): Spending {
  const given = (["steps", "epochs", "minutes"] as const).filter((unit) => budget[unit] !== undefined);
  if (given.length !== 1) {
    throw new HiddenstateError(
      "invalid",
      `train: invalid budget: got ${given.join(" and ") || "none"}, expected one of steps, epochs and minutes`,
    );
  }
  if (budget.minutes !== undefined) {
    const all = budget.minutes * 60;
    return { steps: null, spent: (_, seconds) => Math.min(1, seconds / all) };
  }
  const steps = budget.steps ?? Math.ceil(budget.epochs! * stepsPerEpoch);
  return { steps, spent: (step) => Math.min(1, step / steps) };
}
