import type { AttentionRows } from "../autograd/ops/attention.ts";
import { gatherRows } from "../autograd/ops/gather-rows.ts";
import { rotaryAngles } from "../kernels/rotary-angles.ts";
import { ints, type Tensor, tensor } from "../memory/tensor.ts";

/** What of a batch row was read before. */
export interface SequencePast {
  /** Steps read before: the position of the first step now. */
  position: number;
  /** How many of the last ones are still there to be seen. */
  seen: number;
}

/**
 * One batch of sequences as rows, one sequence after the other: what attention works on. Made once per batch from lengths; all layers then see
 * valid rows only, so padding can't leak.
 */
export interface SequenceRows extends AttentionRows {
  batch: number;
  /** N, the sum of the lengths. */
  rows: number;
  lengths: readonly number[];
  past: readonly SequencePast[];
  /** int32 [N, 2]: (batch row, time) of each row, for dropout. */
  rowIds: Tensor;
  /** [T*B, F] to [N, F]. */
  pack(x: Tensor): Tensor;
  /** [N, F] to [T*B, F], with zeros in the padding. */
  unpack(x: Tensor): Tensor;
}

/**
 * @param steps T, time steps of the padded batch
 * @param past for each batch row
 * @param pastRows how many rows the past has room for in each batch row; those seen are the last
 */
export function sequenceRows(
  lengths: readonly number[],
  steps: number,
  past: readonly SequencePast[],
  pastRows: number,
  headSize: number,
): SequenceRows {
  const batch = lengths.length;
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const toRows = new Int32Array(rows);
  const fromRows = new Int32Array(steps * batch).fill(-1);
  const rowIds = new Int32Array(rows * 2);
  const index = new Int32Array(rows);
  const places = new Map<number, number>();
  const sequences: number[] = [];
  let row = 0;
  lengths.forEach((length, b) => {
    const { position, seen } = past[b];
    sequences.push(row, length, position, b * pastRows + pastRows - seen, seen);
    for (let t = 0; t < length; t++, row++) {
      toRows[row] = t * batch + b;
      fromRows[t * batch + b] = row;
      rowIds[2 * row] = b;
      rowIds[2 * row + 1] = t;
      let place = places.get(position + t);
      if (place === undefined) places.set(position + t, (place = places.size));
      index[row] = place;
    }
  });
  // A batch of one sequence, or of one step, is in order already.
  const inOrder = rows === steps * batch && (batch === 1 || steps === 1);
  const [packIndex, unpackIndex] = inOrder ? [null, null] : [ints(toRows), ints(fromRows)];
  return {
    batch,
    rows,
    lengths,
    past,
    sequences: ints(sequences, [batch, 5]),
    angles: tensor(rotaryAngles([...places.keys()], headSize), [places.size, headSize]),
    index: ints(index),
    longest: Math.max(0, ...lengths.map((length, b) => length + past[b].seen)),
    rowIds: ints(rowIds, [rows, 2]),
    pack: (x) => (packIndex ? gatherRows(x, packIndex, unpackIndex) : x),
    unpack: (x) => (packIndex ? gatherRows(x, unpackIndex, packIndex) : x),
  };
}
