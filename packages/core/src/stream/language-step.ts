import { HiddenstateError, shown } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";
import { type LayerStack, roomFor, type Step } from "./step.ts";
import type { TokenEnds } from "./token-ends.ts";

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
    this.outputWidth = ends.vocabularySize;
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
    for (let i = 0; i < rows; i++) this.#ids[i] = this.#checked(inputs[i]);
    const index = this.#index!.offset;
    const x = this.#x!.offset;
    const logits = this.#logits!.offset;
    runtime().kernelSet.writeInts(index, this.#ids);
    this.#ends.embed(x, index, rows);
    this.#ends.project(logits, this.stack.run(x, rows, h, c), rows);
    return logits;
  }

  #checked(id: number): number {
    const size = this.outputWidth;
    if ((id | 0) === id && id >= 0 && id < size) return id;
    throw new HiddenstateError(
      "invalid",
      `${this.#where}.push: invalid token: got ${shown(id)}, expected a whole number from 0 to ${size - 1} (vocabularySize ${size})`,
    );
  }
}
