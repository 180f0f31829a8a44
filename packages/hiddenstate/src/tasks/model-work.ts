/** What a model does where it is used, to be timed: the same for any two models of a task, whatever they have learned. */
export type ModelWork = StreamWork | SequenceWork;

/** A model that goes on step by step. */
export interface StreamWork {
  readonly kind: "stream";
  /** Begins a stream; what the model needs for all of its streams is its own. */
  open(): WorkedStream;
}

/** A stream at work. */
export interface WorkedStream {
  /** Takes the next step. */
  step(): void;
  /** Bytes of the state to be stored, as it is now. */
  stateBytes(): number;
}

/** A model that reads whole sequences. */
export interface SequenceWork {
  readonly kind: "sequence";
  /** Reads one sequence of `sequenceSteps`; if the model writes, it writes as many. */
  read(): unknown;
}

/** Steps of the sequence that is read. */
export const sequenceSteps = 32;
