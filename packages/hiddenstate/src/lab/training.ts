import { Adam, clipGradNorm, engine, type Optimizer, type Tensor } from "@hiddenstate/core";

/** How a trial trains. */
export interface Trial {
  parameters: readonly Tensor[];
  /** Most optimiser steps. */
  steps: number;
  /** Adam's learning rate, or an optimiser of the trial's own. */
  optimizer: number | Optimizer;
  /** Largest global gradient norm; default 1. */
  clip?: number;
  /** The loss of one step: called inside a scope. */
  loss(step: number): Tensor;
  /** Asked every `every` steps whether there is no need to go on. */
  enough?: { every: number; reached: (step: number) => boolean };
}

/** Steps between two yields: a millisecond or so each. */
const stepsBetweenYields = 5;

/**
 * Trains for a number of steps.
 *
 * @returns the step after which there was enough, or null; and the loss of every step, Infinity or NaN where it was that
 */
export function* train(trial: Trial): Generator<number, { enoughAfter: number | null; losses: number[] }> {
  const { steps, clip = 1, enough } = trial;
  const parameters = [...trial.parameters];
  const optimizer =
    typeof trial.optimizer === "number" ? new Adam(parameters, { lr: trial.optimizer }) : trial.optimizer;
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    losses.push(
      engine.scope(() => {
        optimizer.zeroGrad();
        const loss = trial.loss(step);
        loss.backward();
        if (clip < Infinity) clipGradNorm(parameters, clip);
        optimizer.step();
        return loss.itemSync();
      }),
    );
    if (enough && step % enough.every === 0 && enough.reached(step)) return { enoughAfter: step, losses };
    if (step % stepsBetweenYields === 0) yield step / steps;
  }
  return { enoughAfter: null, losses };
}
