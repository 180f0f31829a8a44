import type { Tensor } from "../memory/tensor.ts";
import type { FollowedStretch } from "./follow-units.ts";
import type { GradientFlowRun } from "./gradient-flow.ts";
import type { AnyRecurrentNetwork } from "./observe.ts";

/** What a measurement needs of a task's model and data; what a task does not have says why, in a sentence for people. */
export type Without = { readonly without: string };

/** A forward run over some data. */
export interface Reading {
  /** Calls the network's `forward` once. */
  run: () => void;
  /** Time steps of the same sequences that were read before. */
  start: number;
}

/** A recurrent network at work on data, whatever its task: all that inspection knows of either. */
export interface InspectionSubject {
  readonly task: string;
  readonly network: AnyRecurrentNetwork;
  /** What a time step is, in the plural: characters, words, rows. */
  readonly unit: string;
  /** Whether losses are in nats, so that one per cent of perplexity is what counts; else one per cent of the loss. */
  readonly inNats: boolean;
  /** What a person should know of the data that was read. */
  readonly notices: readonly string[];
  /** The furthest back that the data lets anything be measured. */
  readonly longestLag: number;
  /** The longest context to which the past can be cut. */
  readonly longestContext: number;
  /** Time steps there are to read. */
  readonly steps: number;

  /** Batches whose loss is at one time step of each row. */
  flowRuns(lags: number): Iterable<GradientFlowRun>;
  /** What lags of the gradient flow are counted from, where that is not the time of a loss of its own. */
  readonly flowNote: string | null;
  /** Whether a horizon says how far the recurrence reaches: not where a pooling reads every step at once. */
  readonly flowIsReach: boolean;
  /** What is left of the past where it is cut to k steps, in words: "the last 16 characters". */
  describeContext(k: number | "k"): string;
  /** Reads the data, for gates and states. */
  readings(): Iterable<Reading>;
  /** As `UseOfThePastOptions.losses`. */
  readonly losses: ((context: number | null) => Generator<void, ArrayLike<number>>) | Without;
  /** One sequence as the network reads it, [T, 1, I]. */
  readonly sequence: (() => Tensor) | Without;
  /** The beginning of the data, at most so many steps, with what each unit does there. */
  follow(most: number): FollowedStretch;
}
