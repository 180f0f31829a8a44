import { HiddenstateError, shown } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";
import type { OptionRule } from "../options.ts";

/** How a stream or a pool holds its weights. */
export interface StreamWeights {
  /**
   * `"float32"`: the model's own, and as it changes; the same bits as `step` and `forward`. `"int8"`: a copy made with the stream
   * in about a quarter of the memory, with one scale for each output; the model may change or go, the stream stays as it is. Inputs
   * should be of about one scale, as for training: they are rounded to 16 bits of the largest.
   * Default `"float32"`.
   */
  weights?: "float32" | "int8";
}

/** The rule behind `StreamWeights`. */
export const weightsRule: OptionRule = { type: "choice", choices: ["float32", "int8"], default: "float32" };

/** A state's numbers: h [layers, hiddenSize] and c [layers, cellSize], empty where there is none. */
export interface StateNumbers {
  h: ArrayLike<number>;
  c: ArrayLike<number>;
}

/** All recurrent layers, one time step at a time, in buffers of their own. */
export interface LayerStack {
  readonly layers: number;
  readonly inputSize: number;
  /** Width of h, and of the output. */
  readonly hiddenSize: number;
  /** Width of the c that the state has beside h; 0: it has none. */
  readonly cellSize: number;
  /** What a new state starts from; null: zeros. */
  readonly start: (() => StateNumbers) | null;
  /** Makes room for so many rows; `run` takes at most as many. */
  reserve(rows: number): void;
  /**
   * Writes each layer's new state over its old one: offsets of x [rows, inputSize], h [layers, rows, hiddenSize] and c [layers, rows,
   * cellSize] (0 without one).
   * @returns the offset of the output [rows, hiddenSize], good until the next run
   */
  run(x: number, rows: number, h: number, c: number): number;
}

/** One time step of a whole model for some rows at once: what streams and pools advance. Allocates nothing. */
export interface Step {
  readonly stack: LayerStack;
  /** Numbers that go in and come out for each row. */
  readonly inputWidth: number;
  readonly outputWidth: number;
  /** Makes room for so many rows; `run` takes at most as many. */
  reserve(rows: number): void;
  /**
   * @param inputs [rows, inputWidth]
   * @param h the offset of the state [layers, rows, hiddenSize], which is replaced; as c (0 without one)
   * @returns the offset of the outputs [rows, outputWidth], good until the next run
   * @throws HiddenstateError `invalid` for an input that is none
   */
  run(inputs: ArrayLike<number>, rows: number, h: number, c: number): number;
}

/** A step of recurrent layers alone: numbers in, the last layer's output out. */
export class RecurrentStep implements Step {
  readonly stack: LayerStack;
  readonly inputWidth: number;
  readonly outputWidth: number;
  #x: Tensor | null = null;

  constructor(stack: LayerStack) {
    this.stack = stack;
    this.inputWidth = stack.inputSize;
    this.outputWidth = stack.hiddenSize;
  }

  reserve(rows: number): void {
    this.stack.reserve(rows);
    this.#x = roomFor(this.#x, rows, this.inputWidth);
  }

  run(inputs: ArrayLike<number>, rows: number, h: number, c: number): number {
    const { kernelSet } = runtime();
    const x = this.#x!.offset;
    kernelSet.writeFloats(x, inputs);
    return this.stack.run(x, rows, h, c);
  }
}

/** A lasting buffer [rows, width], the one that is there if it is large enough. */
export function roomFor(held: Tensor | null, rows: number, width: number): Tensor {
  if (held && held.shape[0] >= rows) return held;
  held?.end();
  return empty([rows, width]).persist();
}

/** @throws HiddenstateError `mismatch` if there are not `count` numbers */
export function checkLength(
  where: string,
  name: string,
  values: ArrayLike<number>,
  count: number,
  shape: string,
): void {
  if (values?.length === count) return;
  throw new HiddenstateError(
    "mismatch",
    `${where}: mismatch in ${name}: got ${values?.length ?? shown(values)} numbers, expected ${count} (${shape})`,
  );
}
