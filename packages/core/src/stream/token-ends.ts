import { linearPanels } from "../autograd/ops/linear.ts";
import { runtime } from "../memory/runtime.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { type Int8Weight, packedInt8, rowsInt8 } from "./int8-weights.ts";

/** What turns tokens into the layers' inputs, and the last layer's h into the next token's logits. */
export interface TokenEnds {
  readonly vocabularySize: number;
  /** Writes x [rows, I], from int32 ids [rows]: offsets. */
  embed(x: number, ids: number, rows: number): void;
  /** Writes logits [rows, V], from h [rows, hiddenSize]: offsets. */
  project(logits: number, h: number, rows: number): void;
}

/** The parameters of both ends: embedding [V, I], output [V, hiddenSize], outputBias [V]. */
export interface TokenWeights {
  embedding: Tensor;
  output: Tensor;
  outputBias: Tensor | null;
}

/** On a model's own weights, as they change. */
export class FloatEnds implements TokenEnds {
  readonly vocabularySize: number;
  readonly #weights: TokenWeights;

  constructor(weights: TokenWeights) {
    this.vocabularySize = weights.output.shape[0];
    this.#weights = weights;
  }

  embed(x: number, ids: number, rows: number): void {
    const { embedding } = this.#weights;
    const width = embedding.shape[1];
    runtime().kernelSet.kernels.gatherRows({ out: x, x: embedding.offset, index: ids, rows, width, accumulate: 0 });
  }

  project(logits: number, h: number, rows: number): void {
    const { output, outputBias } = this.#weights;
    const [n, k] = output.shape as [number, number];
    runtime().kernelSet.kernels.gemmPacked({
      c: logits,
      a: h,
      panels: linearPanels(output, 1),
      bias: outputBias?.offset ?? 0,
      m: rows,
      n,
      k,
      cStride: n,
      aStride: k,
      accumulate: 0,
    });
  }
}

/** On copies in 8 bits. */
export class Int8Ends implements TokenEnds {
  readonly vocabularySize: number;
  readonly #embedding: Int8Weight;
  readonly #output: Int8Weight;
  readonly #outputBias: Tensor | null;
  readonly #inputSize: number;
  readonly #hiddenSize: number;

  constructor({ embedding, output, outputBias }: TokenWeights) {
    this.#embedding = rowsInt8(embedding);
    this.#output = packedInt8(output, 1);
    this.#outputBias = outputBias && tensor(outputBias.exactDataSync()).persist();
    this.vocabularySize = output.shape[0];
    this.#inputSize = embedding.shape[1];
    this.#hiddenSize = output.shape[1];
  }

  embed(x: number, ids: number, rows: number): void {
    const { values, scales } = this.#embedding;
    runtime().kernelSet.kernels.gatherRowsInt8({
      out: x,
      x: values.offset,
      scales: scales.offset,
      index: ids,
      rows,
      width: this.#inputSize,
    });
  }

  project(logits: number, h: number, rows: number): void {
    const { values, scales } = this.#output;
    runtime().kernelSet.kernels.gemmInt8({
      c: logits,
      a: h,
      panels: values.offset,
      scales: scales.offset,
      bias: this.#outputBias?.offset ?? 0,
      m: rows,
      n: this.vocabularySize,
      k: this.#hiddenSize,
      cStride: this.vocabularySize,
      aStride: this.#hiddenSize,
    });
  }
}
