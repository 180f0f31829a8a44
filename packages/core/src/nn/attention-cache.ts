import { record } from "../autograd/tape.ts";
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
 * The state after some more rows: of each sequence the last keys and values that later steps can see.
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
  const pastRoom = before ? before.h.shape[2] : 0;

  const copies: RowCopy[] = [];
  turned.forEach((own, layer) => {
    let firstRow = 0;
    for (let b = 0; b < batch; b++) {
      const ownKept = Math.min(lengths[b], kept[b]);
      const pastKept = kept[b] - ownKept;
      const to = ((layer * batch + b) * room + room - kept[b]) * 2 * width;
      // Where all batch rows are alike, they are copied at once.
      const common = { sequences: uniform ? batch : 1, toStride: room * 2 * width, width: 2 * width };
      if (pastKept > 0) {
        const from = ((layer * batch + b) * pastRoom + pastRoom - pastKept) * 2 * width;
        const strides = { fromStride: pastRoom * 2 * width, rowStride: 2 * width };
        copies.push({ ...common, ...strides, source: before!.h, from, to, count: pastKept });
      }
      copies.push({
        ...common,
        fromStride: lengths[b] * 3 * width,
        rowStride: 3 * width,
        source: own,
        from: (firstRow + lengths[b] - ownKept) * 3 * width + width,
        to: to + pastKept * 2 * width,
        count: ownKept,
      });
      if (uniform) break;
      firstRow += lengths[b];
    }
  });
  for (const copy of copies) copyRows(copy, h.offset, copy.source.offset);
  record({
    name: "attentionState",
    // A state that is cut from the tape may end before the way back.
    inputs: before?.h.requiresGrad ? [...turned, before.h] : turned,
    outputs: [h],
    backward: (pass) => {
      const gradient = pass.gradient(h);
      for (const source of new Set(copies.map((copy) => copy.source))) {
        const target = pass.partialTarget(source);
        if (!target) continue;
        for (const copy of copies) if (copy.source === source) copyRows(copy, gradient, target.offset, true);
      }
    },
  });
  const positions = lengths.map((length, b) => past[b].position + length);
  return { h, positions: tensor(positions, [batch], { dtype: "int32" }) };
}

/** Rows of numbers that stand in a source and in a state: places and strides in numbers. */
interface RowCopy {
  source: Tensor;
  from: number;
  fromStride: number;
  rowStride: number;
  to: number;
  toStride: number;
  sequences: number;
  count: number;
  width: number;
}

/** From source to state, or, `back`, adding a state's gradient to the source's. */
function copyRows(copy: RowCopy, state: number, source: number, back = false): void {
  const { sequences, count, width, toStride, fromStride, rowStride } = copy;
  if (count === 0) return;
  const { bytesPerFloat, kernels } = runtime().kernelSet;
  const inState = { offset: state + copy.to * bytesPerFloat, strides: [toStride, width, 1] };
  const inSource = { offset: source + copy.from * bytesPerFloat, strides: [fromStride, rowStride, 1] };
  const [out, x] = back ? [inSource, inState] : [inState, inSource];
  withPlan([sequences, count, width], out.strides, x.strides, (plan) =>
    kernels.stridedCopy({ out: out.offset, x: x.offset, plan, accumulate: back ? 1 : 0 }),
  );
}
