import { gateCount, type PlainCell, sharedBiasGates } from "../autograd/ops/cells.ts";
import type { DirectionWeights } from "../autograd/ops/recurrent-weights.ts";
import type { KernelArguments } from "../kernels/kernels.ts";
import { runtime } from "../memory/runtime.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { type Int8Weight, packedInt8 } from "./int8-weights.ts";
import { StackedLayers, type StackShape } from "./stacked-layers.ts";
import { roomFor } from "./step.ts";

type AnyStep = KernelArguments<"rnnStepInt8"> & KernelArguments<"lstmStepInt8"> & KernelArguments<"gruStepInt8">;
/** What the step kernel of any cell takes; each reads its own. */
type StepArguments = { -readonly [A in keyof AnyStep]: number };

/**
 * Recurrent layers on weights of 8 bits, copied from a network that may then change or go: weights w of an output become
 * round(w / scale) with scale = max |w| / 127; biases, states and nonlinearities stay float32.
 */
export class Int8Layers extends StackedLayers {
  readonly #cell: PlainCell;
  readonly #layers: Int8Layer[];
  #gates: Tensor | null = null;
  #candidate: Tensor | null = null;

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
    this.#layers = weights.map((layer) => new Int8Layer(cell, layer));
  }

  protected override reserveLayers(rows: number): void {
    const { kernelSet } = runtime();
    this.#gates = roomFor(this.#gates, rows, kernelSet.gateWidth(gateCount(this.#cell), this.hiddenSize));
    this.#candidate = roomFor(this.#candidate, rows, kernelSet.gateWidth(1, this.hiddenSize));
    for (const { args } of this.#layers) {
      args.gates = this.#gates.offset;
      args.candidate = this.#candidate.offset;
    }
  }

  protected override runLayer(layer: number, x: number, rows: number, h: number, c: number): void {
    const { kernels } = runtime().kernelSet;
    const { args } = this.#layers[layer];
    args.x = x;
    args.rows = rows;
    args.hidden = h;
    args.cell = c;
    switch (this.#cell.kind) {
      case "rnn":
        return kernels.rnnStepInt8(args);
      case "lstm":
        return kernels.lstmStepInt8(args);
      case "gru":
        return kernels.gruStepInt8(args);
    }
  }
}

/** The arguments of one layer's steps, and what they point to. */
class Int8Layer {
  readonly args: StepArguments;
  // Held, because the arguments know only where they are.
  readonly weights: Int8Weight[];
  readonly biases: (Tensor | null)[];

  constructor(cell: PlainCell, { weightIh, weightHh, biasIh, biasHh }: DirectionWeights) {
    const gates = gateCount(cell);
    const [input, hidden] = (this.weights = [packedInt8(weightIh, gates), packedInt8(weightHh, gates)]);
    const [bias, hiddenBias] = (this.biases = summedBiases(cell, biasIh, biasHh));
    this.args = {
      x: 0,
      inputPanels: input.values.offset,
      inputScales: input.scales.offset,
      hiddenPanels: hidden.values.offset,
      hiddenScales: hidden.scales.offset,
      bias: bias?.offset ?? 0,
      hiddenBias: hiddenBias?.offset ?? 0,
      hidden: 0,
      cell: 0,
      candidate: 0,
      gates: 0,
      rows: 0,
      inputSize: weightIh.shape[1],
      hiddenSize: weightHh.shape[1],
      relu: Number(cell.kind === "rnn" && cell.nonlinearity === "relu"),
      resetAfter: Number(cell.kind === "gru" && cell.resetAfter),
    };
  }
}

/** What the pre-activations start from, [G*H], and what a GRU adds to the candidate's hidden part, [H]. */
function summedBiases(cell: PlainCell, biasIh: Tensor | null, biasHh: Tensor | null): (Tensor | null)[] {
  if (!biasIh || !biasHh) return [null, null];
  const hidden = biasHh.exactDataSync();
  const shared = (biasHh.size / gateCount(cell)) * sharedBiasGates(cell);
  const sum = biasIh.exactDataSync().map((value, j) => value + (j < shared ? hidden[j] : 0));
  return [sum, hidden.slice(shared)].map((values) => (values.length > 0 ? tensor(values).persist() : null));
}
