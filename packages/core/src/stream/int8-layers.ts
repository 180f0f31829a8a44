import { type Cell, gateCount, sharedBiasGates } from "../autograd/ops/cells.ts";
import type { DirectionWeights } from "../autograd/ops/recurrent-weights.ts";
import type { KernelArguments } from "../kernels/kernels.ts";
import { runtime } from "../memory/runtime.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { type Int8Weight, packedInt8 } from "./int8-weights.ts";
import { type LayerStack, roomFor } from "./step.ts";

type AnyStep = KernelArguments<"rnnStepInt8"> & KernelArguments<"lstmStepInt8"> & KernelArguments<"gruStepInt8">;
/** What the step kernel of any cell takes; each reads its own. */
type StepArguments = { -readonly [A in keyof AnyStep]: number };

/**
 * Recurrent layers on weights of 8 bits, copied from a network that may then change or go: weights w of an output become
 * round(w / scale) with scale = max |w| / 127; biases, states and nonlinearities stay float32.
 */
export class Int8Layers implements LayerStack {
  readonly layers: number;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly hasCell: boolean;
  readonly #cell: Cell;
  readonly #layers: Int8Layer[];
  #gates: Tensor | null = null;
  #candidate: Tensor | null = null;

  /** @param weights of each layer, forward direction */
  constructor(cell: Cell, weights: readonly DirectionWeights[]) {
    this.#cell = cell;
    this.layers = weights.length;
    this.inputSize = weights[0].weightIh.shape[1];
    this.hiddenSize = weights[0].weightHh.shape[1];
    this.hasCell = cell.kind === "lstm";
    this.#layers = weights.map((layer) => new Int8Layer(cell, layer));
  }

  reserve(rows: number): void {
    const { kernelSet } = runtime();
    this.#gates = roomFor(this.#gates, rows, kernelSet.gateWidth(gateCount(this.#cell), this.hiddenSize));
    this.#candidate = roomFor(this.#candidate, rows, kernelSet.gateWidth(1, this.hiddenSize));
    for (const { args } of this.#layers) {
      args.gates = this.#gates.offset;
      args.candidate = this.#candidate.offset;
    }
  }

  run(x: number, rows: number, h: number, c: number): void {
    const { kernels, bytesPerFloat } = runtime().kernelSet;
    const bytes = rows * this.hiddenSize * bytesPerFloat;
    for (let layer = 0; layer < this.#layers.length; layer++) {
      const { args } = this.#layers[layer];
      const above = layer * bytes;
      args.x = layer === 0 ? x : h + above - bytes;
      args.rows = rows;
      args.hidden = h + above;
      args.cell = c + above;
      switch (this.#cell.kind) {
        case "rnn":
          kernels.rnnStepInt8(args);
          break;
        case "lstm":
          kernels.lstmStepInt8(args);
          break;
        case "gru":
          kernels.gruStepInt8(args);
          break;
      }
    }
  }
}

/** The arguments of one layer's steps, and what they point to. */
class Int8Layer {
  readonly args: StepArguments;
  // Held, because the arguments know only where they are.
  readonly weights: Int8Weight[];
  readonly biases: (Tensor | null)[];

  constructor(cell: Cell, { weightIh, weightHh, biasIh, biasHh }: DirectionWeights) {
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
function summedBiases(cell: Cell, biasIh: Tensor | null, biasHh: Tensor | null): (Tensor | null)[] {
  if (!biasIh || !biasHh) return [null, null];
  const hidden = biasHh.exactDataSync();
  const shared = (biasHh.size / gateCount(cell)) * sharedBiasGates(cell);
  const sum = biasIh.exactDataSync().map((value, j) => value + (j < shared ? hidden[j] : 0));
  return [sum, hidden.slice(shared)].map((values) => (values.length > 0 ? tensor(values).persist() : null));
}
