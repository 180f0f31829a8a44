/** A stream's state as plain JSON: [layers, B, hiddenSize] numbers each, row-major; c for the LSTM only. */
export interface StreamState {
  h: number[];
  c?: number[];
  /** Transformer only, whose h are keys and values of the last steps: steps read so far, [B]. */
  positions?: number[];
}

/**
 * One sequence (or B of them side by side), one time step at a time, whatever network remembers it: made by `stream` of a network or a
 * model.
 */
export interface SequenceStream {
  /** Sequences side by side. */
  readonly rows: number;
  /**
   * Reads one time step.
   *
   * @param x [B, I]; for a language model, the B tokens' ids
   * @param out where to write the output; default: an array of the stream's own, the same at each step: copy what is to stay
   * @returns the output [B, hiddenSize]; for a language model, the next token's logits [B, V]
   * @throws HiddenstateError `mismatch` for an input or output of another length, `invalid` for an id that is none
   */
  push(x: ArrayLike<number>, out?: Float32Array): Float32Array;
  /** All that the stream remembers, to store, and to go on later or elsewhere. */
  state(): StreamState;
  /**
   * Goes on where `state()` was taken.
   * @throws HiddenstateError `mismatch` if the state is another network's, or of another number of rows; nothing changes then
   */
  restore(state: StreamState): void;
  /** Forgets everything. */
  reset(): void;
}

/** Many independent streams of one model; any of them advance together in one batched step: made by `pool` of a network or a model. */
export interface SequencePool {
  /** How many streams are open. */
  readonly size: number;
  /**
   * Opens a stream.
   * @param state where it goes on; default: a new stream
   * @returns its id, a whole number; ids of closed streams are given out again
   */
  open(state?: StreamState): number;
  /** Ends a stream; its id is no longer valid. */
  close(id: number): void;
  /**
   * Advances some streams by one time step each.
   *
   * @param ids n different open streams, in any order
   * @param inputs [n, I], in the order of `ids`; for a language model, the n tokens' ids
   * @param out where to write the outputs; default: an array of the pool's own, good until the next push
   * @returns the outputs [n, hiddenSize]; for a language model, the next token's logits [n, V]
   * @throws HiddenstateError `invalid` for an id that is not open or comes twice, or a token that is none, `mismatch` for inputs or
   *   outputs of another length; nothing advances then
   */
  push(ids: ArrayLike<number>, inputs: ArrayLike<number>, out?: Float32Array): Float32Array;
  /** All that a stream remembers. */
  state(id: number): StreamState;
  /** Makes a stream go on where `state()` of any stream of the model was taken. */
  restore(id: number, state: StreamState): void;
  /** Makes a stream forget everything. */
  reset(id: number): void;
}
