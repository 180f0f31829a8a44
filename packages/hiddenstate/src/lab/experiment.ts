import type { EigenvalueRoutine } from "@hiddenstate/core";
import type { Picture } from "../pictures/picture.ts";
import type { LabText } from "./text/lab-text.ts";
import type { Verdict } from "./verdict.ts";

/** How much is computed: `quick` for all experiments in minutes, `thorough` for all within the hour. */
export type Budget = "quick" | "thorough";

/** What every experiment is given. */
export interface Bench {
  /** One run of everything random for each. */
  readonly seeds: readonly number[];
  /** What the experiments on language read. */
  readonly text: LabText;
  readonly eigenvalues: EigenvalueRoutine;
}

/** A table of a report: what stands in a row, by the names of its columns. */
export interface Table {
  caption: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

/** A picture of a report. */
export interface Figure {
  /** Of its file, after the experiment's name. */
  name: string;
  caption: string;
  draw(): Promise<Picture>;
}

/**
 * A claim of the textbook and how it is tested. Settings and numbers are plain JSON, and a verdict depends on the numbers alone.
 *
 * @typeParam S what the experiment's size depends on
 * @typeParam N what it finds
 */
export interface Experiment<S extends object = object, N extends object = object> {
  readonly name: string;
  /** What is tested, as textbooks say it. */
  readonly claim: string;
  /** When which verdict is given, with the thresholds. */
  readonly criteria: string;
  readonly settings: Readonly<Record<Budget, S>>;
  /** Whether some numbers are times, which depend on the machine and what else it does. */
  readonly timed?: boolean;
  /** What is done, in sentences. */
  setUp(settings: S): string;
  /** Does the work, yielding the share that is done, 0 to 1, every few milliseconds. */
  measure(settings: S, bench: Bench): Generator<number, N>;
  judge(numbers: N): Verdict;
  tables(numbers: N): Table[];
  figures(numbers: N): Figure[];
}
