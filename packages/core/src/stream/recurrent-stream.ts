import { HiddenstateError, shown } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { type Tensor, zeros } from "../memory/tensor.ts";
import { type OptionRules } from "../options.ts";
import type { SequenceStream, StreamState } from "./sequence-stream.ts";
import { checkLength, type Step, type StreamWeights, weightsRule } from "./step.ts";

export interface StreamOptions extends StreamWeights {
  /** Sequences side by side, advanced together: B. Default 1. */
  rows?: number;
}

/** The rules behind `StreamOptions`. */
export const streamRules: OptionRules<StreamOptions> = {
  rows: { type: "integer", min: 1, default: 1 },
  weights: weightsRule,
};

/**
 * One sequence (or B of them side by side), one time step at a time, at the cost of reading the weights: made by `stream` of a
 * recurrent network or a language model. Allocates nothing after its first step. Dropout does nothing in a stream, and nothing
 * goes on the tape.
 *
 * @example
 * const stream = lstm.stream();
 * const output = stream.push([0.1, 0.2, 0.3]);   // Float32Array [hiddenSize], the same array at each step
 * const saved = JSON.stringify(stream.state());
 */
export class RecurrentStream implements SequenceStream {
  /** Sequences side by side. */
  readonly rows: number;
  readonly #where: string;
  readonly #step: Step;
  readonly #h: Tensor;
  readonly #c: Tensor | null;
  readonly #output: Float32Array;

  /** @param where the call to name in errors, such as `"lstm.stream"` */
  constructor(where: string, step: Step, rows: number) {
    const { layers, hiddenSize, cellSize } = step.stack;
    this.rows = rows;
    this.#where = where;
    this.#step = step;
    this.#h = zeros([layers, rows, hiddenSize]).persist();
    this.#c = cellSize > 0 ? zeros([layers, rows, cellSize]).persist() : null;
    if (step.stack.start) this.reset();
    this.#output = new Float32Array(rows * step.outputWidth);
    step.reserve(rows);
  }

  /**
   * Reads one time step.
   *
   * @param x [B, I]; for a language model, the B tokens' ids
   * @param out where to write the output; default: an array of the stream's own, the same at each step: copy what is to stay
   * @returns the output [B, hiddenSize]; for a language model, the next token's logits [B, V]
   * @throws HiddenstateError `mismatch` for an input or output of another length, `invalid` for an id that is none
   */
  push(x: ArrayLike<number>, out: Float32Array = this.#output): Float32Array {
    const { inputWidth, outputWidth } = this.#step;
    if (x?.length !== this.rows * inputWidth)
      checkLength(`${this.#where}.push`, "x", x, this.rows * inputWidth, `rows ${this.rows} x ${inputWidth}`);
    if (out.length !== this.#output.length)
      checkLength(`${this.#where}.push`, "out", out, this.#output.length, `rows ${this.rows} x ${outputWidth}`);
    const output = this.#step.run(x, this.rows, this.#h.offset, this.#c ? this.#c.offset : 0);
    runtime().kernelSet.readFloatsInto(out, output);
    return out;
  }

  /** All that the stream remembers, to store, and to go on later or elsewhere. */
  state(): StreamState {
    const h = [...this.#h.exactDataSync()];
    return this.#c ? { h, c: [...this.#c.exactDataSync()] } : { h };
  }

  /**
   * Goes on where `state()` was taken.
   * @throws HiddenstateError `mismatch` if the state is another network's, or of another number of rows; nothing changes then
   */
  restore(state: StreamState): void {
    checkState(`${this.#where}.restore`, state, this.#h.size, this.#c?.size ?? 0);
    this.#h.assign(state.h);
    this.#c?.assign(state.c!);
  }

  /** Forgets everything: the state is as at the start, 0 or what was learned. */
  reset(): void {
    const start = this.#step.stack.start?.();
    if (start) {
      this.#h.assign(forRows(start.h, this.#h));
      this.#c?.assign(forRows(start.c, this.#c));
      return;
    }
    const { kernels } = runtime().kernelSet;
    kernels.fill({ out: this.#h.offset, count: this.#h.size, value: 0 });
    if (this.#c) kernels.fill({ out: this.#c.offset, count: this.#c.size, value: 0 });
  }
}

/** A state's part [layers, width] for each of B rows, [layers, B, width]. */
function forRows(values: ArrayLike<number>, { shape }: Tensor): Float64Array {
  const [layers, rows, width] = shape as [number, number, number];
  return Float64Array.from({ length: layers * rows * width }, (_, i) => {
    const layer = Math.floor(i / (rows * width));
    return values[layer * width + (i % width)];
  });
}

/** @throws HiddenstateError `mismatch` or `invalid` if a state does not have parts h and c of so many numbers */
export function checkState(where: string, state: StreamState, ofHidden: number, ofCell: number): void {
  checkPart(where, "state.h", state.h, ofHidden);
  checkPart(where, "state.c", state.c ?? [], ofCell);
}

function checkPart(where: string, name: string, values: ArrayLike<number>, size: number): void {
  checkLength(
    where,
    name,
    values,
    size,
    "layers x rows x hiddenSize; c for the LSTM only; is the state another model's?",
  );
  for (let i = 0; i < size; i++) {
    if (typeof values[i] === "number") continue;
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid ${name}: got ${shown(values[i])} at ${i}, expected numbers`,
    );
  }
}
