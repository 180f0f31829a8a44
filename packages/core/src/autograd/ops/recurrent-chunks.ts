import { runtime } from "../../memory/runtime.ts";
import type { Tensor } from "../../memory/tensor.ts";
import { copyDense } from "../copy.ts";
import { allocateSlabs, type ForwardCall, forwardArguments, gateCount, type PlainCell, runForward } from "./cells.ts";
import type { PackedRows } from "./packed-rows.ts";

/** Bytes of a number in `batchSizes`. */
export const bytesPerInt = 4;
/** What a chunk's gates may take: the second cache of a core has about as much. */
const chunkBytes = 2 ** 20;
/** Rows whose product with a weight is worth going through the weight for. */
const fewestRows = 128;

/**
 * Runs one direction of a layer where nobody needs what lies between: chunk after chunk of time steps, all in the room of one, which
 * stays in the cache. A layer takes no more memory for a long sequence than for a short one, but for its output. The bits are those of one
 * call, since steps follow one another either way.
 */
export function runInChunks(
  cell: PlainCell,
  call: ForwardCall,
  packedRows: PackedRows,
  hiddenSize: number,
  reverse: number,
): void {
  const { kernelSet } = runtime();
  const { kernels, bytesPerFloat } = kernelSet;
  const { batch } = packedRows;
  const width = kernelSet.gateWidth(gateCount(cell), hiddenSize);
  const { chunks, room } = chunksOf(packedRows, width, reverse);
  const slabs = allocateSlabs(cell, room, hiddenSize, width);

  // The state goes from chunk to chunk where it is to end: a row that has no step in a chunk keeps it.
  copyDense(call.finalHidden, call.initialHidden, batch * hiddenSize);
  if (call.finalCell) copyDense(call.finalCell, call.initialCell, batch * hiddenSize);
  const carried = { ...call, initialHidden: call.finalHidden, initialCell: call.finalCell };
  for (const { start, steps, firstRow, rows } of chunks) {
    const at = {
      ...carried,
      x: call.x + firstRow * call.xStride * bytesPerFloat,
      output: call.output + firstRow * call.outputStride * bytesPerFloat,
      batchSizes: call.batchSizes + start * bytesPerInt,
    };
    const sizes = { steps, batch, rows, hiddenSize, reverse };
    runForward(kernels, cell, forwardArguments(cell, at, slabs, sizes));
  }
  for (const slab of Object.values(slabs) as (Tensor | null)[]) slab?.end();
}

/** A stretch of time steps, and of packed rows. */
export interface Chunk {
  start: number;
  steps: number;
  firstRow: number;
  rows: number;
}

/**
 * Cuts a layer into chunks, in the order in which a direction goes through them.
 *
 * @param gateWidth numbers of a row's gates
 * @returns the chunks, and how many rows the largest has
 */
export function chunksOf(
  { steps, batch, rowsBefore }: PackedRows,
  gateWidth: number,
  reverse: number,
): { chunks: Chunk[]; room: number } {
  const { bytesPerFloat } = runtime().kernelSet;
  const most = Math.max(batch, fewestRows, Math.floor(chunkBytes / (gateWidth * bytesPerFloat)));
  const chunks: Chunk[] = [];
  let start = 0;
  for (let end = 1; end <= steps; end++) {
    const firstRow = rowsBefore(start);
    if (end < steps && rowsBefore(end + 1) - firstRow <= most) continue;
    chunks.push({ start, steps: end - start, firstRow, rows: rowsBefore(end) - firstRow });
    start = end;
  }
  const room = chunks.reduce((largest, { rows }) => Math.max(largest, rows), 0);
  return { chunks: reverse ? chunks.toReversed() : chunks, room };
}
