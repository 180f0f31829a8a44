import { linearPanels } from "../autograd/ops/linear.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";
import { lastLayer, type LayerStack, roomFor, type Step } from "./step.ts";

/** What turns tokens into the layers' inputs, and the last layer's h into the next token's logits. */
export interface TokenEnds {
  /** Tokens' vectors, [V, I]. */
  embedding: Tensor;
  /** [V, hiddenSize] and [V]. */
  output: Tensor;
  outputBias: Tensor | null;
}

/** A step of a language model: token ids in, logits of the next token out. */
export class LanguageStep implements Step {
  readonly stack: LayerStack;
  readonly inputWidth: number = 1;
  readonly outputWidth: number;
  readonly #where: string;
  readonly #ends: TokenEnds;
  #ids = new Int32Array(0);
  #index: Tensor | null = null;
  #x: Tensor | null = null;
  #logits: Tensor | null = null;

  /** @param where the call to name in errors, such as `"languageModel.stream"` */
  constructor(where: string, stack: LayerStack, ends: TokenEnds) {
    this.#where = where;
    this.stack = stack;
    this.outputWidth = ends.output.shape[0];
    this.#ends = ends;
  }

  reserve(rows: number): void {
    if (this.#ids.length >= rows) return;
    this.stack.reserve(rows);
    this.#ids = new Int32Array(rows);
    this.#index?.end();
    this.#index = empty([rows], "int32").persist();
    this.#x = roomFor(this.#x, rows, this.stack.inputSize);
    this.#logits = roomFor(this.#logits, rows, this.outputWidth);
  }

  run(inputs: ArrayLike<number>, rows: number, h: number, c: number): number {
    const { kernelSet } = runtime();
    const { embedding, output, outputBias } = this.#ends;
    for (let i = 0; i < rows; i++) this.#ids[i] = checkedToken(this.#where, inputs[i], this.outputWidth);
    const index = this.#index!.offset;
    const x = this.#x!.offset;
    const logits = this.#logits!.offset;
    kernelSet.writeInts(index, this.#ids);
    const { inputSize: width, hiddenSize } = this.stack;
    kernelSet.kernels.gatherRows({ out: x, x: embedding.offset, index, rows, width, accumulate: 0 });
    this.stack.run(x, rows, h, c);
    kernelSet.kernels.gemmPacked({
      c: logits,
      a: lastLayer(this.stack, rows, h),
      panels: linearPanels(output, 1),
      bias: outputBias?.offset ?? 0,
      m: rows,
      n: this.outputWidth,
      k: hiddenSize,
      cStride: this.outputWidth,
      aStride: hiddenSize,
      accumulate: 0,
    });
    return logits;
  }
}

function checkedToken(where: string, id: number, vocabularySize: number): number {
  if ((id | 0) === id && id >= 0 && id < vocabularySize) return id;
  throw new HiddenstateError(
    "invalid",
    `${where}.push: invalid token: got ${shown(id)}, expected a whole number from 0 to ${vocabularySize - 1} (vocabularySize ${vocabularySize})`,
  );
}
