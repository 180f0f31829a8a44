import type { Tensor } from "../memory/tensor.ts";
import type { Module } from "../nn/module.ts";

/** What the loop trains: a task's model with its data. The loop knows no more of the task than this. */
export interface TrainingJob {
  readonly model: Module;
  /** Tokens, or whatever the task counts, in the training and in the held-out data. */
  readonly trainingTokens: number;
  readonly validationTokens: number;
  readonly stepsPerEpoch: number;
  /** Steps of the longest sequence, or window, in which each step must see all others; absent where there is none. */
  readonly longestSequence?: number;
  /** What a person should know before it starts. */
  readonly notices: readonly string[];

  /**
   * Computes the loss of the next piece of training data, on the tape; runs inside the loop's scope. What it carries from
   * step to step it keeps by itself.
   */
  nextLoss(): { loss: Tensor; tokens: number };

  /** Reads all held-out data. Yields now and then, so that the event loop can turn. */
  evaluate(): Generator<void, JobEvaluation>;

  /** All that the job needs to go on exactly, besides the parameters. */
  snapshot(): JobSnapshot;
  restore(snapshot: JobSnapshot): void;
}

/** How good the model is on the held-out data. */
export interface JobEvaluation {
  /** Mean loss per token, or whatever the task counts. */
  loss: number;
  tokens: number;
  /** What else the task measures, by name: accuracy, macro F1, RMSE, ... */
  metrics?: Readonly<Record<string, number>>;
  /** What the best parameters are chosen by: the lowest. Default: `loss`. */
  criterion?: number;
}

/** The place in the data, and what is carried from step to step. */
export interface JobSnapshot {
  tensors: Map<string, Tensor>;
  values: Record<string, unknown>;
}
