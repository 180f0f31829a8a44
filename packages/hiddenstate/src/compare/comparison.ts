import type { CellKind, TrainingEvent } from "@hiddenstate/core";
import type { Fingerprint } from "../files/fingerprint.ts";
import type { TaskName } from "../tasks/tasks.ts";

/** What one cell's runs have in common. */
export interface ComparedCell {
  cell: CellKind;
  /** Width of the hidden state. */
  hidden: number;
  /** How many numbers it learns. */
  parameters: number;
  /** Steps between evaluations. */
  evaluateEvery: number;
}

/** Data that all runs read: where it was, and what tells it from other data. */
export interface ComparedData extends Fingerprint {
  path: string;
}

/** How long a run is. */
export type RunBudget = { minutes: number } | { steps: number } | { epochs: number };

/** What is compared, decided before the first run and kept for those that go on. */
export interface ComparePlan {
  task: TaskName;
  data: ComparedData;
  /** Null where held-out data is a part of `data`. */
  validation: ComparedData | null;
  cells: readonly ComparedCell[];
  /** Of the runs: 0, 1, .. from the first seed on. */
  seeds: readonly number[];
  /** How long each run is. */
  budget: RunBudget;
  /** What widths and evaluations were asked to be, where they were: `cells` has what came of it. */
  asked: { hidden?: number; parameters?: number; evaluateEvery?: number };
  /** All other options of the trainings. */
  options: Readonly<Record<string, unknown>>;
}

/** A held-out loss on the way. */
export interface CurvePoint {
  step: number;
  /** Seconds of training until then. */
  seconds: number;
  loss: number;
}

/** What the trained model costs, one step (or one sequence) at a time. */
export interface StepCost {
  /** Whether a model streams, or reads whole sequences. */
  kind: "stream" | "sequence";
  /** Steps read before: a step's time in seconds with so many. Or the steps of a whole sequence, and the time for that. */
  latency: readonly { context: number; seconds: number }[];
  /** Bytes of the engine's memory that a stream takes after the longest context; null where it takes none, or the model does not stream. */
  streamBytes: number | null;
  /** Bytes of the state to be stored after so many steps; none where the model does not stream. */
  stateBytes: readonly { context: number; bytes: number }[];
}

/** One finished run. */
export interface RunResult {
  cell: CellKind;
  seed: number;
  /** The run's folder below the comparison's. */
  folder: string;
  /** Of the best parameters on held-out data: their loss, and what else the task measures, by name. */
  loss: number;
  metrics: Readonly<Record<string, number | undefined>>;
  /** Seconds of training, and those until the best parameters. */
  seconds: number;
  bestSeconds: number;
  steps: number;
  tokensPerSecond: number;
  curve: readonly CurvePoint[];
  cost: StepCost;
}

/** A run whose loss or gradient became infinite or none: it is not tried again. */
export interface FailedRun {
  cell: CellKind;
  seed: number;
  reason: string;
}

/** What quality is, by task and by what tells its runs apart. */
export interface Quality {
  /** Such as `"held-out loss"`. */
  name: string;
  /** Such as `"nats per token"`; empty where it has none. */
  unit: string;
  better: "lower" | "higher";
  /** What knowing nothing of the sequences reaches, such as always the commonest label; null where the task has no such baseline. */
  baseline: number | null;
  /** What would count before it, but is 0 in all runs: such as `["exact match"]`. */
  zero: readonly string[];
  /** What would count after those, but does not tell the cells apart: they are no farther apart than their seeds. */
  alike: readonly string[];
}

/** All of a cell's runs in a line. */
export interface CellSummary extends ComparedCell {
  runs: number;
  /** Mean over the seeds, the least and the largest. */
  quality: { mean: number; low: number; high: number };
  seconds: number;
  bestSeconds: number;
  tokensPerSecond: number;
  cost: StepCost;
}

/** Which cell to take. */
export interface Recommendation {
  /** Null where nothing can be said. */
  cell: CellKind | null;
  /** A sentence or two with the numbers. */
  reason: string;
}

/** What comes of a comparison. */
export interface Comparison {
  plan: ComparePlan;
  quality: Quality;
  runs: readonly RunResult[];
  failures: readonly FailedRun[];
  /** The cells with a finished run, in the plan's order. */
  cells: readonly CellSummary[];
  recommendation: Recommendation;
  /** False where it was interrupted. */
  complete: boolean;
  folder: string;
}

/** What happens during a comparison, as it happens. */
export type CompareEvent =
  | { type: "notice"; text: string }
  /** What is learned: before the data is read. */
  | { type: "task"; task: TaskName }
  /** After the widths were found. */
  | { type: "plan"; plan: ComparePlan; folder: string }
  /** An event of a run's training. */
  | { type: "run"; cell: CellKind; seed: number; run: number; runs: number; event: TrainingEvent }
  | { type: "result"; result: RunResult }
  | { type: "failure"; failure: FailedRun };
