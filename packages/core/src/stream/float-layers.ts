import {
  allocateSlabs,
  type PlainCell,
  type ForwardArguments,
  forwardArguments,
  gateCount,
  runForward,
  type Slabs,
} from "../autograd/ops/cells.ts";
import { type DirectionWeights, gateBiases, gatePanels, weightTensors } from "../autograd/ops/recurrent-weights.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";
import { StackedLayers, type StackShape } from "./stacked-layers.ts";

/**
 * Recurrent layers on a network's own weights: the forward kernels with one time step, so a step has the bits of a sequence. The
 * arguments are made once and the buffers lie still; what is packed of a weight is packed again when the weight has changed.
 */
export class FloatLayers extends StackedLayers {
  readonly #cell: PlainCell;
  readonly #layers: FloatLayer[];
  readonly #batchSizes: Tensor = empty([1], "int32").persist();
  readonly #rows = new Int32Array(1);
  #slabs: Slabs | null = null;

  /** @param weights of each layer, forward direction */
  constructor(
    cell: PlainCell,
    weights: readonly DirectionWeights[],
    options: Pick<StackShape, "residual" | "start"> = { residual: false, start: null },
  ) {
    const [layers, [, inputSize], [, hiddenSize]] = [
      weights.length,
      weights[0].weightIh.shape,
      weights[0].weightHh.shape,
    ];
    super({ ...options, layers, inputSize, hiddenSize, cellSize: cell.kind === "lstm" ? hiddenSize : 0 });
    this.#cell = cell;
    this.#layers = weights.map((layer) => new FloatLayer(cell, layer));
  }

  protected override reserveLayers(rows: number): void {
    if (this.#slabs && this.#slabs.gates.shape[0] >= rows) return;
    const { kernelSet } = runtime();
    if (this.#slabs) for (const slab of Object.values(this.#slabs)) (slab as Tensor | null)?.end();
    const width = kernelSet.gateWidth(gateCount(this.#cell), this.hiddenSize);
    this.#slabs = allocateSlabs(this.#cell, rows, this.hiddenSize, width);
    for (const slab of Object.values(this.#slabs)) (slab as Tensor | null)?.persist();
    for (const layer of this.#layers) layer.place(this.#slabs, this.#batchSizes);
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

class FloatLayer {
  readonly #cell: PlainCell;
  readonly #weights: DirectionWeights;
  readonly #tensors: Tensor[];
  readonly #versions: number[];
  #args: ForwardArguments | null = null;

  constructor(cell: PlainCell, weights: DirectionWeights) {
    this.#cell = cell;
    this.#weights = weights;
    this.#tensors = weightTensors(weights);
    this.#versions = this.#tensors.map(() => -1);
  }

  /** Uses other buffers from here on. */
  place(slabs: Slabs, batchSizes: Tensor): void {
    const inputSize = this.#weights.weightIh.shape[1];
    const hiddenSize = this.#weights.weightHh.shape[1];
    const call = {
      x: 0,
      xStride: inputSize,
      inputSize,
      inputPanels: 0,
      hiddenPanels: 0,
      bias: 0,
      hiddenBias: 0,
      initialHidden: 0,
      initialCell: 0,
      batchSizes: batchSizes.offset,
      output: 0,
      outputStride: hiddenSize,
      finalHidden: 0,
      finalCell: 0,
    };
    const sizes = { steps: 1, batch: 0, rows: 0, hiddenSize, reverse: 0 };
    this.#args = forwardArguments(this.#cell, call, slabs, sizes);
    this.#versions.fill(-1);
  }

  run(x: number, rows: number, h: number, c: number): void {
    const args = this.#args!;
    this.#refresh(args);
    args.x = x;
    // The new state replaces the old one, and is the output.
    args.initialHidden = args.finalHidden = args.output = h;
    args.initialCell = args.finalCell = c;
    args.batch = args.rows = rows;
    runForward(runtime().kernelSet.kernels, this.#cell, args);
  }

  /** Packs again what has changed. */
  #refresh(args: ForwardArguments): void {
    let changed = false;
    for (let i = 0; i < this.#tensors.length; i++) {
      const { version } = this.#tensors[i].storage;
      if (this.#versions[i] !== version) changed = true;
      this.#versions[i] = version;
    }
    if (!changed) return;
    const gates = gateCount(this.#cell);
    args.inputPanels = gatePanels(this.#weights.weightIh, gates, 0);
    args.hiddenPanels = gatePanels(this.#weights.weightHh, gates, 0);
    const { bias, hiddenBias } = gateBiases(this.#cell, this.#weights);
    args.bias = bias;
    args.hiddenBias = hiddenBias;
  }
}
