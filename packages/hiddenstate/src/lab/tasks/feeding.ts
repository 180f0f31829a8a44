import type { SamplingSchedule } from "@hiddenstate/core";

/** What a model is fed in training where its own output could stand for the truth. */
export const feedings = ["teacher forcing", "scheduled sampling", "own outputs only"] as const;

export type Feeding = (typeof feedings)[number];

/** The share of inputs that are the model's own, over the steps of training (Bengio et al. 2015). */
export function scheduleOf(feeding: Feeding, steps: number): SamplingSchedule {
  switch (feeding) {
    case "teacher forcing":
      return { kind: "constant", rate: 0 };
    case "scheduled sampling":
      return { kind: "linear", steps, most: 0.5 };
    case "own outputs only":
      return { kind: "constant", rate: 1 };
  }
}

/** What became of one training. */
export interface FedRun {
  /** The error while the truth is fed. */
  withTruth: number;
  /** The error while the model feeds on itself, by thirds of what it makes. */
  thirds: number[];
}
