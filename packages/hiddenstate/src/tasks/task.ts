import type {
  BacktestOptions,
  AnyRecurrentNetwork,
  BestEvaluation,
  CellKind,
  EvaluationEvent,
  InspectionSubject,
  ModelStorage,
  TrainingEvent,
  TrainingRunOptions,
} from "@hiddenstate/core";
import type { SeenData } from "../files/see-data.ts";
import type { Picture } from "../pictures/picture.ts";
import type { ModelWork } from "./model-work.ts";
import type { TaskOption } from "./task-option.ts";
import type { Watch, WatchRequest } from "./watch.ts";

/**
 * A job that people bring: what its data looks like, how it is trained, and how its results are told. Commands and `train` know no more
 * of it than this.
 *
 * To add one: write a file with an object of this kind, and add it to `tasks` in `tasks.ts`.
 *
 * @typeParam Given options of `train`, all of them: those of the task in core, and how the data is read
 * @typeParam Model what is loaded again from the folder
 */
export interface Task<Given extends TaskGiven, Model extends TrainedModel> {
  /** As `--task` and `config.json` have it. */
  readonly name: Model["task"];
  /** What is learned, in a few words: `"a language model"`. */
  readonly learns: string;
  /** What one of its models is: `"a language model"`. */
  readonly noun: string;
  /** The flags of the command line's `train` that it takes. */
  readonly options: readonly TaskOption[];
  /** Flags of `evaluate`, `predict` and `stream` that its models take, and those of other tasks may not. */
  readonly takes: readonly ModelFlag[];
  /** The cells that its network can be made of. */
  readonly cells: readonly CellKind[];
  /** What events count: `"tokens"`, `"examples"`. */
  readonly counted: string;

  /**
   * Why data looks like this task's, to stand after "since": `"it has a column of labels"`; null if it does not. Tasks are asked in the order
   * of `tasks`, and the first that gives a reason has it.
   */
  recognise(data: SeenData, given: Given): string | null;

  /**
   * Opens the data and checks it as far as that goes without the engine.
   * @throws HiddenstateError naming the file and line
   */
  prepare(given: Given, place: ModelPlace): Promise<PreparedTraining<Model>>;

  /** @throws HiddenstateError `missing`, `corrupt` or `unsupported`, naming the file */
  load(storage: ModelStorage): Promise<Model>;

  /**
   * Measures a model on data that it was not trained on. Absent where there is nothing to measure.
   * @throws HiddenstateError naming the file and line
   */
  evaluate?(model: Model, request: DataRequest): Promise<Report>;

  /**
   * What the model says of each row, or sentence, of some data, in their order: objects for lines of JSON, as many at a time as were ready
   * together. Absent where a model does something else, such as writing.
   * @throws HiddenstateError naming the file and line
   */
  predict?(model: Model, request: PredictRequest): AsyncGenerator<readonly object[], void>;

  /**
   * What of a model is inspected. Absent where there is no recurrent network to look into.
   *
   * @param trainedWith the options in the model's folder; null where there are none
   */
  inspect?(model: Model, trainedWith: Readonly<Record<string, unknown>> | null): Inspected;

  /** Draws what was said of data by `predict`, in its order. Absent where there is nothing to see. */
  drawPrediction?(model: Model, answers: readonly object[], rate: number | undefined): Promise<Picture>;

  /** What a trained model does where it is used: what `compare` times. */
  work(model: Model): ModelWork;

  /**
   * A model that is told one line after the other, and remembers. Absent where each row stands for itself.
   * @throws HiddenstateError `missing` where it was never measured what is usual, `invalid` or `mismatch` for a state of something else
   */
  watch?(model: Model, request: WatchRequest): Promise<Watch>;

  /** One evaluation in a few words, such as `held-out loss 1.234`. */
  describeEvaluation(event: Pick<EvaluationEvent, "loss" | "metrics">): string;
  /** How good the best parameters are, once training is over. */
  describeBest(best: BestEvaluation, model: Model): string;
  /** Commands likely to come next, by what they are for. */
  next(model: Model, folder: string): readonly NextCommand[];
}

/** Flags of commands that not every model has a use for. */
export type ModelFlag = "beam" | "horizon" | "last" | "picture" | "rate" | "stride" | "tokens";

/** What every model is, whatever its task. */
export interface TrainedModel {
  /** Tells the classes of models apart. */
  readonly task: string;
  /** How many numbers it has learned. */
  readonly parameterCount: number;
}

/** What all tasks' options have. */
export interface TaskGiven {
  /** A path, or what the task takes in its place. */
  data: unknown;
  /** The path of held-out data, where `data` is a path. */
  validation?: string | undefined;
  steps?: number | undefined;
  epochs?: number | undefined;
  minutes?: number | undefined;
}

/** Where the model goes. */
export interface ModelPlace {
  folder: string;
  /** Whether what was recognised of the data is told anyway. */
  told: boolean;
}

/** Data and options that are ready to be trained on. */
export interface PreparedTraining<Model> {
  /** What to tell before it starts, because it takes a while. */
  readonly warnings: readonly string[];
  /** What to tell once it has started: how the data was read. */
  readonly notices: readonly string[];
  /** Starts; what it returns is the best model. */
  train(run: TrainingRunOptions): AsyncGenerator<TrainingEvent, Model>;
  /** How good the best model is on the held-out data, in full; also after `close`. Absent where its loss says all. */
  report?(model: Model): Promise<Report>;
  close(): void;
}

/** Data to measure a model on. */
export interface DataRequest {
  path: string;
  signal: AbortSignal;
  /** Of a forecaster: from which steps it forecasts, and how far. */
  backtest?: Pick<BacktestOptions, "last" | "horizon" | "stride">;
  /** As in `PredictRequest`. */
  beam?: number | undefined;
}

/** A model that is inspected. */
export interface Inspected {
  /** The network that is looked into, the main one where there are several. */
  network: AnyRecurrentNetwork;
  /** The window of truncated backpropagation that it was trained with, or whole sequences; null where that is not known. */
  window: number | "whole" | null;
  /** What data must be like, to stand after "expects": `"text of the 65 characters that it was trained on"`. */
  expects: string;
  /** The largest gradient norm that its training let pass. */
  clip: number;
  /**
   * Opens data for it.
   * @throws HiddenstateError naming the file, for data that does not fit the model, saying what the model expects
   */
  open(path: string): Promise<{ subject: InspectionSubject; close: () => void | Promise<void> }>;
}

/** Data to ask a model about. */
export interface PredictRequest {
  /** Files, one after the other; none: standard input. */
  paths: readonly string[];
  /** What stands in for standard input. */
  input: AsyncIterable<Uint8Array | string>;
  signal: AbortSignal;
  /** For models that write: follows so many beginnings at a time, and gives the best text of all. */
  beam?: number | undefined;
  /** For tasks that watch: share of usual events to call odd. Default 0.01. */
  rate?: number | undefined;
  /** Told what whoever asks should know, once. */
  notice?: ((text: string) => void) | undefined;
}

/** How good a model is. */
export interface Report {
  /** For `--json`. */
  record: object;
  /** For people. */
  lines: readonly string[];
  /** What is worth seeing, by file name without ending. */
  pictures?: Readonly<Record<string, () => Promise<Picture>>>;
}

/** A command that is likely to come next. */
export interface NextCommand {
  /** Such as `"let it write"`. */
  purpose: string;
  words: readonly string[];
}
