import type { ModelStorage } from "../io/model-storage.ts";
import type { DataSource } from "../train/recorded-training.ts";

/** What a run may be told besides its options. */
export interface TrainingRunOptions {
  /** Where the model is kept. A new run is refused where one is recorded already. */
  storage: ModelStorage;
  /**
   * A trained model to start from instead of random numbers: its parameters, its vocabulary and its architecture (but for `dropout`) are
   * taken over.
   */
  from?: ModelStorage;
  /**
   * Goes on where the storage's last commit point was taken; with none there, starts over and says so. Data and options must be those of the
   * run, but for its length (`steps`, `epochs`, `minutes`, `patience`) and the pace of logs and checkpoints.
   */
  resume?: boolean;
  /** When aborted: finishes the step, saves, and ends with reason `interrupted`. */
  signal?: AbortSignal;
  /** How the data was read, to be kept with the model. */
  source?: DataSource;
}
