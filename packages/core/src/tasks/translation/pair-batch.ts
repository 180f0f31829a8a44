import { type Padded, padTokens } from "../../data/padding.ts";

/** The target of places that count for nothing: padding, and tokens outside the vocabulary. */
export const uncounted = -1;

/** A pair as token ids; -1 where a token is not in the vocabulary. */
export interface EncodedPair {
  source: Int32Array;
  target: Int32Array;
}

/** Pairs side by side, as a translator is trained on them. */
export interface PairBatch {
  /** [S, B]; -1 in the padding. */
  source: Padded<Int32Array>;
  /** What the decoder is to write at each step, the boundary last: [T, B]; `uncounted` in the padding. */
  target: Padded<Int32Array>;
  /** What it is fed at each step with the truth: the boundary, and then the target but for its last token: [T, B]. */
  inputs: Int32Array;
}

/**
 * Lays pairs out for a translator.
 * @param boundary the id that a target begins after and ends with
 */
export function pairBatch(pairs: readonly EncodedPair[], boundary: number): PairBatch {
  return {
    source: padTokens(pairs.map(({ source }) => source)),
    target: padTokens(pairs.map(({ target }) => [...target, boundary])),
    inputs: padTokens(pairs.map(({ target }) => [boundary, ...target])).values,
  };
}
