import { HiddenstateError } from "../errors.ts";

/** Sequences side by side in one time-major array. */
export interface Padded<Values> {
  /** T, the longest length. */
  steps: number;
  /** B. */
  batch: number;
  /** Valid steps of each sequence. */
  lengths: number[];
  /** Time-major: [T, B], or [T, B, F] for rows of numbers. */
  values: Values;
}

/**
 * Token ids (or tags, or targets) of sequences of any length as one array [T, B]; what lies beyond a sequence's end is `padding`.
 *
 * @param padding default -1, which is no token: `Embedding` makes zeros of it
 * @example
 * const { values, lengths, steps, batch } = padTokens([[5, 6, 7], [8]]);   // values 5 8 6 -1 7 -1
 * const { output } = lstm.forward(embedding.forward(tensor(values, [steps, batch], { dtype: "int32" })), { lengths });
 */
export function padTokens(sequences: readonly ArrayLike<number>[], padding = -1): Padded<Int32Array> {
  const { steps, batch, lengths } = sizes(sequences.map(({ length }) => length));
  const values = new Int32Array(steps * batch).fill(padding);
  sequences.forEach((sequence, b) => {
    for (let t = 0; t < sequence.length; t++) values[t * batch + b] = sequence[t];
  });
  return { steps, batch, lengths, values };
}

/**
 * Sequences of rows of numbers, of any length, as one array [T, B, F]; what lies beyond a sequence's end is 0.
 *
 * @param sequences row-major numbers of each, `width` to a row
 * @param width F, numbers in a row
 * @throws HiddenstateError `mismatch` where a sequence does not consist of whole rows
 * @example
 * const { values, lengths, steps, batch } = padRows([[1, 2, 3, 4], [5, 6]], 2);   // values 1 2 5 6 3 4 0 0
 */
export function padRows(sequences: readonly ArrayLike<number>[], width: number): Padded<Float32Array> {
  const { steps, batch, lengths } = sizes(sequences.map((sequence, b) => rowsOf(sequence, width, b)));
  const values = new Float32Array(steps * batch * width);
  sequences.forEach((sequence, b) => {
    for (let t = 0; t < lengths[b]; t++) {
      for (let f = 0; f < width; f++) values[(t * batch + b) * width + f] = sequence[t * width + f];
    }
  });
  return { steps, batch, lengths, values };
}

function sizes(lengths: number[]): { steps: number; batch: number; lengths: number[] } {
  return { steps: lengths.reduce((longest, length) => Math.max(longest, length), 0), batch: lengths.length, lengths };
}

function rowsOf(sequence: ArrayLike<number>, width: number, b: number): number {
  if (sequence.length % width === 0) return sequence.length / width;
  throw new HiddenstateError(
    "mismatch",
    `padRows: mismatch in sequences[${b}]: got ${sequence.length} numbers, expected whole rows of ${width}`,
  );
}
