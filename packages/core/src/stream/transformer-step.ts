import { copyDense } from "../autograd/copy.ts";
import { linearPanels } from "../autograd/ops/linear.ts";
import { attentionWorkspace } from "../kernels/attention-workspace.ts";
import { writeAngles } from "../kernels/rotary-angles.ts";
import { unaryOperations } from "../kernels/signatures/elementwise.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";
import { AttentionSlots } from "./attention-slots.ts";
import { roomFor } from "./step.ts";

/** The parameters of a product, W x + b. */
interface LinearParameters {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
}

/** The gain and the shift of a normalisation. */
interface NormParameters extends LinearParameters {
  readonly options: { readonly size: number; readonly epsilon: number };
}

/** What a step reads of a causal Transformer: its sizes, and its parameters as they are at that step. */
export interface SteppedTransformer {
  readonly options: {
    readonly inputSize: number;
    readonly hiddenSize: number;
    readonly layers: number;
    readonly heads: number;
    readonly feedForward: number;
    readonly positions: number;
    readonly activation: "gelu" | "relu";
  };
  readonly input: LinearParameters | null;
  readonly layers: readonly {
    readonly weights: {
      readonly norm1: NormParameters;
      readonly inWeight: Tensor;
      readonly inBias: Tensor;
      readonly out: LinearParameters;
      readonly norm2: NormParameters;
      readonly up: LinearParameters;
      readonly down: LinearParameters;
    };
  }[];
  readonly norm: NormParameters;
}

/**
 * One time step of a causal Transformer for some streams at once, each with a slot of its own for what it remembers: the kernels of the
 * sequence with one row each, so a step has its bits. The buffers lie still.
 */
export class TransformerStep {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly slots: AttentionSlots;
  readonly #network: SteppedTransformer;
  #rows = 0;
  #x: Tensor | null = null;
  #normed: Tensor | null = null;
  #wide: Tensor | null = null;
  #attended: Tensor | null = null;
  #added: Tensor | null = null;
  #angles: Tensor | null = null;
  #index: Tensor | null = null;
  #sequences: Tensor | null = null;
  #workspace: Tensor | null = null;
  #angleValues = new Float64Array(0);
  #sequenceValues = new Int32Array(0);

  constructor(network: SteppedTransformer) {
    const { inputSize, hiddenSize, layers, positions } = network.options;
    this.#network = network;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.slots = new AttentionSlots(layers, 2 * hiddenSize, positions - 1);
  }

  /** Makes room for so many rows; `run` takes at most as many. */
  reserve(rows: number): void {
    if (rows <= this.#rows) return;
    const { hiddenSize, feedForward, heads } = this.#network.options;
    this.#rows = rows;
    this.#x = roomFor(this.#x, rows, hiddenSize);
    this.#normed = roomFor(this.#normed, rows, hiddenSize);
    this.#wide = roomFor(this.#wide, rows, Math.max(3 * hiddenSize, feedForward));
    this.#attended = roomFor(this.#attended, rows, hiddenSize);
    this.#added = roomFor(this.#added, rows, hiddenSize);
    this.#angles = roomFor(this.#angles, rows, hiddenSize / heads);
    this.#angleValues = new Float64Array((rows * hiddenSize) / heads);
    this.#sequenceValues = new Int32Array(5 * rows);
    this.#index?.end();
    this.#index = empty([rows], "int32").persist();
    runtime().kernelSet.writeInts(
      this.#index.offset,
      Array.from({ length: rows }, (_, i) => i),
    );
    this.#sequences?.end();
    this.#sequences = empty([rows, 5], "int32").persist();
  }

  /**
   * @param x offset of the inputs [count, inputSize]
   * @param slots of each row
   * @returns the offset of the outputs [count, hiddenSize], good until the next run
   */
  run(x: number, slots: ArrayLike<number>, count: number): number {
    const { layers, input, norm, options } = this.#network;
    const { hiddenSize, heads, positions, feedForward, activation } = options;
    const { kernelSet } = runtime();
    const { kernels, bytesPerFloat } = kernelSet;
    const headSize = hiddenSize / heads;
    this.#prepare(slots, count);
    const [hidden, normed, wide] = [this.#x!.offset, this.#normed!.offset, this.#wide!.offset];
    const [attended, added] = [this.#attended!.offset, this.#added!.offset];
    if (input) affine(hidden, x, input.weight, input.bias, count);
    else copyDense(hidden, x, count * hiddenSize);
    const operation = unaryOperations.indexOf(activation);
    for (let layer = 0; layer < layers.length; layer++) {
      const { norm1, inWeight, inBias, out, norm2, up, down } = layers[layer].weights;
      normalize(normed, hidden, norm1, count);
      affine(wide, normed, inWeight, inBias, count);
      kernels.rotatePositions({
        out: wide,
        x: wide,
        angles: this.#angles!.offset,
        index: this.#index!.offset,
        rows: count,
        width: 3 * hiddenSize,
        heads: 2 * heads,
        headSize,
        inverse: 0,
        accumulate: 0,
      });
      kernels.attentionForward({
        out: attended,
        logNormalizer: 0,
        x: wide,
        past: this.slots.offset(layer),
        sequences: this.#sequences!.offset,
        workspace: this.#workspace!.offset,
        sequenceCount: count,
        heads,
        headSize,
        causal: 1,
        context: positions,
        workspaces: kernelSet.threads,
        workspaceSize: this.#workspace!.shape[1],
        scale: 1 / Math.sqrt(headSize),
      });
      for (let i = 0; i < count; i++)
        this.slots.write(layer, slots[i], wide + (3 * i + 1) * hiddenSize * bytesPerFloat);
      affine(added, attended, out.weight, out.bias, count);
      copyDense(hidden, added, count * hiddenSize, 1);
      normalize(normed, hidden, norm2, count);
      affine(wide, normed, up.weight, up.bias, count);
      kernels.unary({ out: wide, x: wide, count: count * feedForward, operation });
      affine(added, wide, down.weight, down.bias, count);
      copyDense(hidden, added, count * hiddenSize, 1);
    }
    for (let i = 0; i < count; i++) this.slots.advance(slots[i]);
    normalize(normed, hidden, norm, count);
    return normed;
  }

  /** Says where each row's past lies and by which angles it turns. */
  #prepare(slots: ArrayLike<number>, count: number): void {
    const { hiddenSize, heads } = this.#network.options;
    const { kernelSet } = runtime();
    const headSize = hiddenSize / heads;
    for (let i = 0; i < count; i++) this.slots.makeRoom(slots[i]);
    for (let i = 0; i < count; i++) {
      const slot = slots[i];
      const position = this.slots.position(slot);
      writeAngles(this.#angleValues, i * headSize, position, headSize / 2);
      const at = 5 * i;
      this.#sequenceValues[at] = i;
      this.#sequenceValues[at + 1] = 1;
      this.#sequenceValues[at + 2] = position;
      this.#sequenceValues[at + 3] = this.slots.firstRow(slot);
      this.#sequenceValues[at + 4] = this.slots.length(slot);
    }
    kernelSet.writeFloats(this.#angles!.offset, this.#angleValues);
    kernelSet.writeInts(this.#sequences!.offset, this.#sequenceValues);
    const size = attentionWorkspace(this.slots.longest, headSize);
    if (this.#workspace && this.#workspace.shape[1] >= size) return;
    this.#workspace?.end();
    this.#workspace = empty([kernelSet.threads, size]).persist();
  }
}

/** c = a W^T + bias, as the operation `linear` computes it. */
function affine(c: number, a: number, weight: Tensor, bias: Tensor | null, rows: number): void {
  const [n, k] = weight.shape as [number, number];
  runtime().kernelSet.kernels.gemmPacked({
    c,
    a,
    panels: linearPanels(weight, 1),
    bias: bias?.offset ?? 0,
    m: rows,
    n,
    k,
    cStride: n,
    aStride: k,
    accumulate: 0,
  });
}

function normalize(out: number, x: number, { weight, bias, options }: NormParameters, rows: number): void {
  runtime().kernelSet.kernels.layerNorm({
    out,
    normalized: 0,
    scales: 0,
    x,
    gain: weight.offset,
    shift: bias?.offset ?? 0,
    rows,
    width: options.size,
    gates: 0,
    epsilon: options.epsilon,
  });
}
