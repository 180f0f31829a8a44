import { allocateCellSlabs, type CellSlabs, outputSizeOf, runCell } from "../autograd/ops/cell-forward.ts";
import { type CellWeights, cellSizes } from "../autograd/ops/cell-weights.ts";
import type { Cell } from "../autograd/ops/cells.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";
import { StackedLayers, type StackShape } from "./stacked-layers.ts";

/** Layers of any cell, options included, on a network's own weights: `forward` with one time step, so a step has the bits of a sequence. */
export class OptionLayers extends StackedLayers {
  readonly #cell: Cell;
  readonly #weights: readonly CellWeights[];
  readonly #batchSizes: Tensor = empty([1], "int32").persist();
  readonly #rows = new Int32Array(1);
  /** Of the first layer and of those above; all have the same shapes. */
  #slabs: CellSlabs | null = null;
  #room = 0;

  /** @param weights of each layer, forward direction */
  constructor(
    cell: Cell,
    weights: readonly CellWeights[],
    { residual, start }: Pick<StackShape, "residual" | "start">,
  ) {
    const { hiddenSize } = cellSizes(cell, weights[0]);
    super({
      layers: weights.length,
      inputSize: weights[0].weightIh.shape[1],
      hiddenSize: outputSizeOf(cell, weights[0]),
      cellSize: cell.kind === "lstm" ? hiddenSize : 0,
      residual,
      start,
    });
    this.#cell = cell;
    this.#weights = weights;
  }

  protected override reserveLayers(rows: number): void {
    if (rows <= this.#room) return;
    for (const slab of slabTensors(this.#slabs)) slab.end();
    this.#slabs = allocateCellSlabs(this.#cell, this.#weights[0], rows, false);
    for (const slab of slabTensors(this.#slabs)) slab.persist();
    this.#room = rows;
  }

  protected override beginStep(rows: number): void {
    if (this.#rows[0] === rows) return;
    this.#rows[0] = rows;
    runtime().kernelSet.writeInts(this.#batchSizes.offset, this.#rows);
  }

  protected override runLayer(layer: number, x: number, rows: number, h: number, c: number): void {
    runCell(this.#cell, this.#weights[layer], this.#slabs!, {
      x,
      mask: 0,
      // The new state replaces the old one, and is the output.
      initialHidden: h,
      initialCell: c,
      finalHidden: h,
      finalCell: c,
      output: h,
      outputStride: this.hiddenSize,
      batchSizes: this.#batchSizes.offset,
      steps: 1,
      batch: rows,
      rows,
      reverse: 0,
    });
  }
}

function slabTensors(slabs: CellSlabs | null): Tensor[] {
  return Object.values(slabs ?? {}).filter((slab) => slab !== null) as Tensor[];
}
