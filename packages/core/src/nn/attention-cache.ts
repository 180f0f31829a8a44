import { withPlan } from "../autograd/ops/strides.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor, tensor, zeros } from "../memory/tensor.ts";
import type { SequencePast, SequenceRows } from "./sequence-rows.ts";

/**
 * What a Transformer remembers: the rotated keys and the values of the last steps of each sequence, and how many steps it has read.
 */
export interface TransformerState {
  /** Rows [k | v] of the last n steps of each sequence, [L, B, n, 2H]; shorter sequences have theirs at the end. */
  h: Tensor;
  /** Steps read so far, int32 [B]. */
  positions: Tensor;
}

/** What of each sequence is still there, by a state. */
export function pastOf({ h, positions }: TransformerState): SequencePast[] {
  return Array.from(positions.exactDataSync(), (position) => ({ position, seen: Math.min(position, h.shape[2]) }));
}

/**
 * The state after some more rows: of each sequence the last keys and values that later steps can see. Not on the tape: gradients end here.
 *
 * @param turned for each layer, rows [q | k | v]
 * @param most steps to keep
 */
export function stateAfter(
  before: TransformerState | null,
  turned: readonly Tensor[],
  rows: SequenceRows,
  most: number,
): TransformerState {
  const { lengths, past, batch } = rows;
  const layers = turned.length;
  const width = turned[0].shape[1] / 3;
  const kept = lengths.map((length, b) => Math.min(most, past[b].seen + length));
  const room = Math.max(0, ...kept);
  const uniform = kept.every(
    (count, b) => count === room && lengths[b] === lengths[0] && past[b].seen === past[0].seen,
  );
  const h = uniform ? empty([layers, batch, room, 2 * width]) : zeros([layers, batch, room, 2 * width]);
  const { bytesPerFloat, kernels } = runtime().kernelSet;
  const pastRoom = before ? before.h.shape[2] : 0;

  /** Copies `count` rows of 2W numbers of each of `sequences` batch rows. */
  const copy = (
    [out, outStride]: [place: number, stride: number],
    [x, xStride, xRow]: [place: number, stride: number, row: number],
    sequences: number,
    count: number,
  ): void => {
    if (count <= 0) return;
    withPlan([sequences, count, 2 * width], [outStride, 2 * width, 1], [xStride, xRow, 1], (plan) =>
      kernels.stridedCopy({ out: out * bytesPerFloat, x: x * bytesPerFloat, plan, accumulate: 0 }),
    );
  };
  turned.forEach((own, layer) => {
    let firstRow = 0;
    for (let b = 0; b < batch; b++) {
      const { seen } = past[b];
      const ownKept = Math.min(lengths[b], kept[b]);
      const pastKept = kept[b] - ownKept;
      const target = h.offset / bytesPerFloat + ((layer * batch + b) * room + room - kept[b]) * 2 * width;
      const sequences = uniform ? batch : 1;
      const ownStride = lengths[b] * 3 * width;
      if (pastKept > 0) {
        const from = ((layer * batch + b) * pastRoom + pastRoom - pastKept) * 2 * width;
        const source = before!.h.offset / bytesPerFloat + from;
        copy(
          [target, room * 2 * width],
          [source, pastRoom * 2 * width, 2 * width],
          sequences,
          Math.min(pastKept, seen),
        );
      }
      const first = own.offset / bytesPerFloat + (firstRow + lengths[b] - ownKept) * 3 * width + width;
      copy([target + pastKept * 2 * width, room * 2 * width], [first, ownStride, 3 * width], sequences, ownKept);
      if (uniform) break;
      firstRow += lengths[b];
    }
  });
  const positions = lengths.map((length, b) => past[b].position + length);
  return { h, positions: tensor(positions, [batch], { dtype: "int32" }) };
}
