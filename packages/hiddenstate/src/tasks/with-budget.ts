import type { TrainingOptions } from "@hiddenstate/core";

/** A budget for those who gave none. */
const usualEpochs = 10;

/** The options of a training with a budget: the one given, else so many epochs. */
export function withBudget<Options extends Pick<TrainingOptions, "steps" | "epochs" | "minutes">>(
  options: Options,
  epochs: number = usualEpochs,
): Options {
  const { steps, epochs: given, minutes } = options;
  return (steps ?? given ?? minutes) === undefined ? { ...options, epochs } : options;
}
