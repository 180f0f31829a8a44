/** What happens during training, as it happens: for progress bars, logs, plots and tests. All losses are in nats. */
export type TrainingEvent = StartEvent | StepEvent | EvaluationEvent | CheckpointEvent | NoticeEvent | EndEvent;

/** The first event. */
export interface StartEvent {
  type: "start";
  /** Steps done before, when resuming; else 0. */
  step: number;
  /** Trainable numbers in the model. */
  parameters: number;
  /** Tokens in the training and validation streams; examples, where a task has those. The same is counted in the other events. */
  trainingTokens: number;
  validationTokens: number;
  /** Steps in one pass over the training stream. */
  stepsPerEpoch: number;
  /**
   * Steps of the longest sequence that is read whole, or of the windows that a text is cut into: as many positions a Transformer needs. Absent
   * where steps need not see each other.
   */
  longestSequence?: number;
}

/** Once every logging interval: means over the steps since the last one. */
export interface StepEvent {
  type: "step";
  /** Steps done. */
  step: number;
  /** Passes over the training data done, with fraction. */
  epoch: number;
  /** Mean training loss per token over the interval. */
  loss: number;
  learningRate: number;
  /** Mean global gradient norm before clipping over the interval. */
  gradientNorm: number;
  /** The largest of the interval. */
  largestGradientNorm: number;
  /** Share of the interval's steps whose gradient was clipped, 0 to 1. */
  clipped: number;
  /**
   * How far the interval's last step moved the parameters: |Δθ| / |θ|, over all together and of each by name. Absent where a reading came
   * before its interval was over, as it does at an interruption.
   */
  updateRatio?: number;
  updateRatios?: Readonly<Record<string, number>>;
  tokensPerSecond: number;
  /** Share of the budget used, 0 to 1. */
  progress: number;
  /** Seconds of training so far, and what the budget is expected to take still. */
  seconds: number;
  secondsLeft: number;
}

/** The held-out data was read once, whole, with carried state. */
export interface EvaluationEvent {
  type: "evaluation";
  step: number;
  /** Mean loss per token. */
  loss: number;
  /** loss / ln 2 for each token, and exp(loss). */
  bitsPerToken: number;
  perplexity: number;
  tokens: number;
  /** What else the task measures, by name. */
  metrics?: Readonly<Record<string, number>>;
  /** Whether this is the best so far (for a language model: the lowest loss); model.safetensors then holds these parameters. */
  best: boolean;
  seconds: number;
}

/** Everything needed to go on was written. */
export interface CheckpointEvent {
  type: "checkpoint";
  step: number;
  /** The model's folder. */
  path: string;
}

/** Something a person should know, said once. */
export interface NoticeEvent {
  type: "notice";
  text: string;
}

/** The evaluation whose parameters are kept. */
export interface BestEvaluation {
  loss: number;
  step: number;
  metrics?: Readonly<Record<string, number>>;
}

/** The last event. */
export interface EndEvent {
  type: "end";
  /** `budget`: all done; `early-stopping`: the held-out loss has not fallen for `patience` evaluations; `interrupted`: asked to stop. */
  reason: "budget" | "early-stopping" | "interrupted";
  step: number;
  /** The best evaluation; null before the first. */
  best: BestEvaluation | null;
  seconds: number;
}
