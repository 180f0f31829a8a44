import type { LanguageModelTraining } from "@hiddenstate/core";
import type { EngineChoice } from "./engine.ts";

/** The texts to train on; without `validation`, the last tenth of `training` (at most a million tokens) is held out. */
export interface TrainingTexts {
  training: string | Uint8Array;
  validation?: string | Uint8Array;
}

/**
 * What `train` takes: where the data is, where the model goes, and all options of the task. With `resume`, options left out are
 * as they were; without a budget, the first run trains 10 epochs.
 */
export interface TrainOptions extends LanguageModelTraining, EngineChoice {
  /** What to learn. `"lm"`: a language model. */
  task: "lm";
  /** The path of a text file, or the texts themselves. */
  data: string | TrainingTexts;
  /** The path of a file with held-out text, where `data` is a path. Default: the last tenth of the data, at most a million tokens. */
  validation?: string;
  /**
   * Where the text is during the training: in memory, or on disk as tokens in `training/tokens.bin`, for which it is gone through
   * twice first. The same model comes of both. Default: on disk if the files are larger than 64 MB.
   */
  textPlace?: "memory" | "disk";
  /** The folder for the model. Default: `runs/` and the data file's name, or `runs/lm` for texts. */
  out?: string;
  /** Goes on with the run in that folder. Default false: the folder must be new or empty. */
  resume?: boolean;
  /** Aborted, it makes training finish its step, save and end. */
  signal?: AbortSignal;
}
