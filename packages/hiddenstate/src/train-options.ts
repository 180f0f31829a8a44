import type { EngineChoice } from "./engine.ts";
import type { GivenOf, TaskName } from "./tasks/tasks.ts";

/**
 * What `train` takes: what to learn, where the data is, where the model goes, and all options of the task. With `resume`, options left out
 * are as they were; without a budget, the first run trains 10 epochs.
 */
export type TrainOptions<T extends TaskName = TaskName> = { [Name in T]: TaskOptions<Name> & { task: Name } }[T];

/** The same without what to learn, which the data then tells. */
export type UntoldOptions = { [Name in TaskName]: TaskOptions<Name> & { task?: undefined } }[TaskName];

/** The options of one task's training. */
export type TaskOptions<T extends TaskName> = GivenOf<T> & RunOptions;

/** What every run takes, besides the options of its task. */
export interface RunOptions extends EngineChoice {
  /** The folder for the model. Default: `runs/` and the data's name, or `runs/` and the task for data in memory. */
  out?: string;
  /** The folder of a trained model of the task to start from instead of random numbers. */
  from?: string;
  /** Goes on with the run in that folder. Default false: the folder must be new or empty. */
  resume?: boolean;
  /** Aborted, it makes training finish its step, save and end. */
  signal?: AbortSignal;
}
