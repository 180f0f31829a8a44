import {
  allocateCellSlabs,
  type CellCalls,
  cellCalls,
  type CellSlabs,
  outputSizeOf,
  runCell,
} from "../autograd/ops/cell-forward.ts";
import { type CellWeights, cellSizes, cellTensors } from "../autograd/ops/cell-weights.ts";
import type { Cell } from "../autograd/ops/cells.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";
import { StackedLayers, type StackShape } from "./stacked-layers.ts";

/**
 * Layers of any cell, options included, on a network's own weights: `forward` with one time step, so a step has the bits of a sequence. Calls are
 * made once, and again when the weights have changed.
 */
export class OptionLayers extends StackedLayers {
  readonly #layers: OptionLayer[];
  readonly #cell: Cell;
  readonly #weights: readonly CellWeights[];
  readonly #batchSizes: Tensor = empty([1], "int32").persist();
  readonly #rows = new Int32Array(1);
  /** All layers have the same shapes, and run one after the other. */
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
    this.#layers = weights.map((layer) => new OptionLayer(cell, layer));
  }

  protected override reserveLayers(rows: number): void {
    if (rows <= this.#room) return;
    for (const slab of slabTensors(this.#slabs)) slab.end();
    this.#slabs = allocateCellSlabs(this.#cell, this.#weights[0], rows, false);
    for (const slab of slabTensors(this.#slabs)) slab.persist();
    for (const layer of this.#layers) layer.place(this.#slabs, this.#batchSizes);
    this.#room = rows;
  }

  protected override beginStep(rows: number): void {
    if (this.#rows[0] === rows) return;
    this.#rows[0] = rows;
    runtime().kernelSet.writeInts(this.#batchSizes.offset, this.#rows);
  }

  protected override runLayer(layer: number, x: number, rows: number, h: number, c: number): void {
    this.#layers[layer].run(x, rows, h, c);
  }
}

class OptionLayer {
  readonly #cell: Cell;
  readonly #weights: CellWeights;
  readonly #tensors: Tensor[];
  readonly #versions: number[];
  #slabs: CellSlabs | null = null;
  #batchSizes: Tensor | null = null;
  #calls: CellCalls | null = null;

  constructor(cell: Cell, weights: CellWeights) {
    this.#cell = cell;
    this.#weights = weights;
    this.#tensors = cellTensors(weights);
    this.#versions = this.#tensors.map(() => -1);
  }

  /** Uses other buffers from here on. */
  place(slabs: CellSlabs, batchSizes: Tensor): void {
    this.#slabs = slabs;
    this.#batchSizes = batchSizes;
    this.#calls = null;
  }

  run(x: number, rows: number, h: number, c: number): void {
    const calls = this.#current();
    const { project, normalize, walk } = calls;
    project.a = x;
    project.m = walk.batch = walk.rows = rows;
    if (normalize) normalize.rows = rows;
    // The new state replaces the old one, and is the output.
    walk.initialHidden = walk.finalHidden = walk.output = h;
    walk.initialCell = walk.finalCell = c;
    runCell(calls);
  }

  /** The calls, made again where a weight has changed since. */
  #current(): CellCalls {
    let changed = this.#calls === null;
    for (let i = 0; i < this.#tensors.length; i++) {
      const { version } = this.#tensors[i].storage;
      if (this.#versions[i] !== version) changed = true;
      this.#versions[i] = version;
    }
    if (!changed) return this.#calls!;
    const places = { x: 0, mask: 0, initialHidden: 0, initialCell: 0, finalHidden: 0, finalCell: 0, output: 0 };
    this.#calls = cellCalls(this.#cell, this.#weights, this.#slabs!, {
      ...places,
      outputStride: outputSizeOf(this.#cell, this.#weights),
      batchSizes: this.#batchSizes!.offset,
      steps: 1,
      batch: 0,
      rows: 0,
      reverse: 0,
    });
    return this.#calls;
  }
}

function slabTensors(slabs: CellSlabs | null): Tensor[] {
  return Object.values(slabs ?? {}).filter((slab) => slab !== null) as Tensor[];
}
