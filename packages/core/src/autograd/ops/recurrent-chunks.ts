import { runtime } from "../../memory/runtime.ts";
import type { Tensor } from "../../memory/tensor.ts";
import { copyDense } from "../copy.ts";
import { allocateSlabs, type ForwardCall, forwardArguments, gateCount, type PlainCell, runForward } from "./cells.ts";
import type { PackedRows } from "./recurrent.ts";

/** What a chunk's gates may take: the second cache of a core has about as much. */
const chunkBytes = 2 ** 20;
const bytesPerInt = 4;
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
  const { batch, rows, rowsBefore } = packedRows;
  const width = kernelSet.gateWidth(gateCount(cell), hiddenSize);
  const most = Math.max(batch, fewestRows, Math.floor(chunkBytes / (width * bytesPerFloat)));
  const slabs = allocateSlabs(cell, Math.min(rows, most), hiddenSize, width);

  // The state goes from chunk to chunk where it is to end: a row that has no step in a chunk keeps it.
  copyDense(call.finalHidden, call.initialHidden, batch * hiddenSize);
  if (call.finalCell) copyDense(call.finalCell, call.initialCell, batch * hiddenSize);
  const carried = { ...call, initialHidden: call.finalHidden, initialCell: call.finalCell };
  const chunks = chunksOf(packedRows, most);
  for (const [start, end] of reverse ? chunks.toReversed() : chunks) {
    const first = rowsBefore(start);
    const at = {
      ...carried,
      x: call.x + first * call.xStride * bytesPerFloat,
      output: call.output + first * call.outputStride * bytesPerFloat,
      batchSizes: call.batchSizes + start * bytesPerInt,
    };
    const sizes = { steps: end - start, batch, rows: rowsBefore(end) - first, hiddenSize, reverse };
    runForward(kernels, cell, forwardArguments(cell, at, slabs, sizes));
  }
  for (const slab of Object.values(slabs) as (Tensor | null)[]) slab?.end();
}

/** Time steps from and to, in order, of at most `most` rows together. */
function chunksOf({ steps, rowsBefore }: PackedRows, most: number): [start: number, end: number][] {
  const chunks: [number, number][] = [];
  let start = 0;
  for (let end = 1; end <= steps; end++) {
    if (end < steps && rowsBefore(end + 1) - rowsBefore(start) <= most) continue;
    chunks.push([start, end]);
    start = end;
  }
  return chunks;
}
