import { gatherRows } from "../autograd/ops/gather-rows.ts";
import type { PackedRows } from "../autograd/ops/packed-rows.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { ints, type Tensor, tensor } from "../memory/tensor.ts";

/** Packed rows with what dropout needs to know of them. */
export interface PackedPart extends PackedRows {
  /** int32 [N, 2]: (batch row, time) of each packed row, or null where that is simply row-major from time 0. */
  rowIds: Tensor | null;
  /** int32 [N, 2]: (batch row, 0) of each packed row, for masks that stay the same over time. Made when asked for. */
  sequenceIds: () => Tensor;
}

/**
 * One batch of sequences as packed rows: how to bring padded tensors into the recurrence's order and back. Made once per
 * batch from `lengths`; every layer and direction then sees valid rows only, so padding can't leak.
 */
export interface Packing extends PackedPart {
  /** [T*B, F] to [N, F]. */
  pack(x: Tensor): Tensor;
  /** [N, F] to [T*B, F], with zeros in the padding. */
  unpack(x: Tensor): Tensor;
  /** [layers*B, H] in the batch's order to sorted order, and back. */
  sortState(x: Tensor): Tensor;
  unsortState(x: Tensor): Tensor;
  /** The rows of the time steps from `start` up to, not including, `end`; they follow one another, from `firstRow`. */
  part(start: number, end: number): PackedPart & { firstRow: number };
}

/** All sequences as long as the batch: rows are in order already. */
export function densePacking(steps: number, batch: number): Packing {
  const same = (x: Tensor): Tensor => x;
  const batchSizes = tensor(new Int32Array(steps).fill(batch), [steps], { dtype: "int32" });
  const idsOf = (start: number, end: number, time: (t: number) => number): Tensor => {
    const ids = new Int32Array((end - start) * batch * 2);
    for (let i = 0; i < ids.length; i += 2) {
      ids[i] = (i / 2) % batch;
      ids[i + 1] = time(start + Math.floor(i / 2 / batch));
    }
    return tensor(ids, [ids.length / 2, 2], { dtype: "int32" });
  };
  return {
    batchSizes,
    steps,
    batch,
    rows: steps * batch,
    rowsBefore: (some) => some * batch,
    rowIds: null,
    sequenceIds: () => idsOf(0, steps, () => 0),
    part: (start, end) => {
      const firstRow = start * batch;
      return {
        batchSizes: batchSizes.view([end - start], start),
        steps: end - start,
        batch,
        rows: (end - start) * batch,
        rowsBefore: (some) => some * batch,
        firstRow,
        rowIds: idsOf(start, end, (t) => t),
        sequenceIds: () => idsOf(start, end, () => 0),
      };
    },
    pack: same,
    unpack: same,
    sortState: same,
    unsortState: same,
  };
}

/**
 * Sequences of various lengths, sorted longest first (equal lengths keep their order).
 *
 * @param where the call to name in errors
 * @param lengths one whole number for each batch row, 0 to `steps`
 * @throws HiddenstateError `mismatch` or `invalid`
 */
export function packingFor(where: string, lengths: readonly number[], steps: number, batch: number): Packing {
  checkLengths(where, lengths, steps, batch);
  const order = [...lengths.keys()].toSorted((a, b) => lengths[b] - lengths[a] || a - b);
  const batchSizes = new Int32Array(steps);
  for (const length of lengths) for (let t = 0; t < length; t++) batchSizes[t]++;
  const before = new Int32Array(steps + 1);
  batchSizes.forEach((size, t) => (before[t + 1] = before[t] + size));
  const rows = before[steps];

  const toPacked = new Int32Array(rows);
  const fromPacked = new Int32Array(steps * batch).fill(-1);
  const rowIds = new Int32Array(rows * 2);
  let row = 0;
  for (let t = 0; t < steps; t++) {
    for (let sorted = 0; sorted < batchSizes[t]; sorted++, row++) {
      const b = order[sorted];
      toPacked[row] = t * batch + b;
      fromPacked[t * batch + b] = row;
      rowIds.set([b, t], row * 2);
    }
  }
  const rowIdTensor = ints(rowIds, [rows, 2]);
  const sequenceIds = (first: number, count: number): Tensor => {
    const own = rowIds.subarray(first * 2, (first + count) * 2);
    return ints(
      own.map((id, i) => (i % 2 === 0 ? id : 0)),
      [count, 2],
    );
  };
  const batchSizeTensor = ints(batchSizes);
  const packIndex = ints(toPacked);
  const unpackIndex = ints(fromPacked);
  const byLayers = (layers: number, positions: ArrayLike<number>): Tensor =>
    ints(Int32Array.from({ length: layers * batch }, (_, i) => i - (i % batch) + positions[i % batch]));
  const places = new Int32Array(batch);
  order.forEach((b, sorted) => (places[b] = sorted));
  const reorder = (x: Tensor, to: ArrayLike<number>, from: ArrayLike<number>): Tensor => {
    const layers = x.shape[0] / batch;
    return gatherRows(x, byLayers(layers, to), byLayers(layers, from));
  };
  return {
    batchSizes: batchSizeTensor,
    steps,
    batch,
    rows,
    rowsBefore: (some) => before[some],
    rowIds: rowIdTensor,
    sequenceIds: () => sequenceIds(0, rows),
    part: (start, end) => {
      const firstRow = before[start];
      const partRows = before[end] - firstRow;
      return {
        batchSizes: batchSizeTensor.view([end - start], start),
        steps: end - start,
        batch,
        rows: partRows,
        rowsBefore: (some) => before[start + some] - firstRow,
        firstRow,
        rowIds: rowIdTensor.view([partRows, 2], firstRow * 2),
        sequenceIds: () => sequenceIds(firstRow, partRows),
      };
    },
    pack: (x) => gatherRows(x, packIndex, unpackIndex),
    unpack: (x) => gatherRows(x, unpackIndex, packIndex),
    sortState: (x) => reorder(x, order, places),
    unsortState: (x) => reorder(x, places, order),
  };
}

/** @throws HiddenstateError `mismatch` or `invalid` unless there is one whole number for each batch row, 0 to `steps` */
export function checkLengths(where: string, lengths: readonly number[], steps: number, batch: number): void {
  if (lengths.length !== batch) {
    throw new HiddenstateError(
      "mismatch",
      `${where}: mismatch in lengths: got ${lengths.length} numbers, expected ${batch}, one for each row of the batch`,
    );
  }
  const wrong = lengths.findIndex((length) => !Number.isInteger(length) || length < 0 || length > steps);
  if (wrong >= 0) {
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid lengths[${wrong}]: got ${shown(lengths[wrong])}, expected a whole number from 0 to ${steps} (the time steps of x)`,
    );
  }
}
