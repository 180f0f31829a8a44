import { runtime } from "../../memory/runtime.ts";
import type { Tensor } from "../../memory/tensor.ts";
import { copyDense } from "../copy.ts";
import { allocateCellSlabs, type CellCall, cellCalls, outputSizeOf, runCell } from "./cell-forward.ts";
import { type CellWeights, cellSizes } from "./cell-weights.ts";
import type { Cell } from "./cells.ts";
import type { PackedRows } from "./packed-rows.ts";
import { bytesPerInt, chunksOf } from "./recurrent-chunks.ts";

/**
 * As `runInChunks`, for cells with options and those whose gates do not see the state: one direction of a layer where nobody needs what lies
 * between, chunk after chunk in the room of one, with the bits of one call.
 */
export function runCellInChunks(cell: Cell, weights: CellWeights, call: CellCall, packedRows: PackedRows): void {
  const { kernelSet } = runtime();
  const { gates, hiddenSize } = cellSizes(cell, weights);
  const { chunks, room } = chunksOf(packedRows, kernelSet.gateWidth(gates, hiddenSize), call.reverse);
  const slabs = allocateCellSlabs(cell, weights, room, false);

  // The state goes from chunk to chunk where it is to end: a row that has no step in a chunk keeps it.
  copyDense(call.finalHidden, call.initialHidden, call.batch * outputSizeOf(cell, weights));
  if (call.finalCell) copyDense(call.finalCell, call.initialCell, call.batch * hiddenSize);
  const carried = { ...call, initialHidden: call.finalHidden, initialCell: call.finalCell };
  for (const { start, steps, firstRow, rows } of chunks) {
    const place = (offset: number, width: number): number => offset + firstRow * width * kernelSet.bytesPerFloat;
    const at = {
      ...carried,
      x: place(call.x, weights.weightIh.shape[1]),
      mask: call.mask && place(call.mask, hiddenSize),
      output: place(call.output, call.outputStride),
      batchSizes: call.batchSizes + start * bytesPerInt,
      steps,
      rows,
    };
    runCell(cellCalls(cell, weights, slabs, at));
  }
  for (const slab of Object.values(slabs) as (Tensor | null)[]) slab?.end();
}
