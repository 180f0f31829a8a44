import { HiddenstateError, shown } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";
import { OpenStreams } from "./open-streams.ts";
import type { StreamState } from "./sequence-stream.ts";
import type { SequencePool, SequenceStream } from "./sequence-stream.ts";
import { checkLength, roomFor } from "./step.ts";
import type { TokenEnds } from "./token-ends.ts";
import type { TransformerStep } from "./transformer-step.ts";

/** A step with what stands before and behind it: numbers in and out of a network, or token ids in and logits out of a language model. */
class StreamEnds {
  readonly step: TransformerStep;
  readonly inputWidth: number;
  readonly outputWidth: number;
  readonly #where: string;
  readonly #ends: TokenEnds | null;
  #ids = new Int32Array(0);
  #index: Tensor | null = null;
  #x: Tensor | null = null;
  #logits: Tensor | null = null;

  constructor(where: string, step: TransformerStep, ends: TokenEnds | null) {
    this.#where = where;
    this.step = step;
    this.#ends = ends;
    this.inputWidth = ends ? 1 : step.inputSize;
    this.outputWidth = ends ? ends.vocabularySize : step.hiddenSize;
  }

  reserve(rows: number): void {
    this.step.reserve(rows);
    this.#x = roomFor(this.#x, rows, this.step.inputSize);
    if (!this.#ends || this.#ids.length >= rows) return;
    this.#ids = new Int32Array(rows);
    this.#index?.end();
    this.#index = empty([rows], "int32").persist();
    this.#logits = roomFor(this.#logits, rows, this.outputWidth);
  }

  /** @returns the offset of the outputs [count, outputWidth] */
  run(inputs: ArrayLike<number>, slots: ArrayLike<number>, count: number): number {
    const { kernelSet } = runtime();
    const x = this.#x!.offset;
    if (!this.#ends) {
      kernelSet.writeFloats(x, inputs);
      return this.step.run(x, slots, count);
    }
    for (let i = 0; i < count; i++) this.#ids[i] = this.#checked(inputs[i]);
    const index = this.#index!.offset;
    kernelSet.writeInts(index, this.#ids);
    this.#ends.embed(x, index, count);
    const output = this.step.run(x, slots, count);
    this.#ends.project(this.#logits!.offset, output, count);
    return this.#logits!.offset;
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

/**
 * One sequence (or B of them side by side) through a causal Transformer, step by step, however long: its state is the keys and values of the
 * last steps, and grows until it has as many as a step can see. Allocates nothing once it has.
 */
export class TransformerStream implements SequenceStream {
  readonly rows: number;
  readonly #where: string;
  readonly #ends: StreamEnds;
  readonly #slots: number[];
  readonly #output: Float32Array;

  /** @param where the call to name in errors, such as `"transformer.stream"` */
  constructor(where: string, step: TransformerStep, ends: TokenEnds | null, rows: number) {
    this.rows = rows;
    this.#where = where;
    this.#ends = new StreamEnds(where, step, ends);
    this.#ends.reserve(rows);
    this.#slots = Array.from({ length: rows }, (_, row) => row);
    step.slots.reserve(rows);
    this.#output = new Float32Array(rows * this.#ends.outputWidth);
  }

  push(x: ArrayLike<number>, out: Float32Array = this.#output): Float32Array {
    const { inputWidth, outputWidth } = this.#ends;
    const { rows } = this;
    checkLength(`${this.#where}.push`, "x", x, rows * inputWidth, `rows ${rows} x ${inputWidth}`);
    checkLength(`${this.#where}.push`, "out", out, this.#output.length, `rows ${rows} x ${outputWidth}`);
    runtime().kernelSet.readFloatsInto(out, this.#ends.run(x, this.#slots, rows));
    return out;
  }

  state(): StreamState {
    const { slots } = this.#ends.step;
    const ofRows = this.#slots.map((slot) => slots.read(slot));
    const h = Array.from({ length: slots.layers }, (_, layer) => ofRows.flatMap((layers) => layers[layer])).flat();
    return { h, positions: this.#slots.map((slot) => slots.position(slot)) };
  }

  restore(state: StreamState): void {
    const { slots } = this.#ends.step;
    const lengths = checkState(`${this.#where}.restore`, state, this.#ends.step, this.rows);
    const perLayer = state.h.length / slots.layers;
    const perRow = lengths[0] * slots.width;
    this.#slots.forEach((slot, row) => {
      const layers = Array.from({ length: slots.layers }, (_, layer) => {
        const first = layer * perLayer + row * perRow;
        return state.h.slice(first, first + perRow);
      });
      slots.load(slot, layers, state.positions![row]);
    });
  }

  reset(): void {
    for (const slot of this.#slots) this.#ends.step.slots.clear(slot);
  }
}

/**
 * Many independent streams of one causal Transformer, any of which advance together in one batched step, wherever each of them is.
 */
export class TransformerPool implements SequencePool {
  readonly #where: string;
  readonly #ends: StreamEnds;
  readonly #streams: OpenStreams;
  #reserved: number;
  #output = new Float32Array(0);

  /** @param where the call to name in errors, such as `"transformer.pool"` */
  constructor(where: string, step: TransformerStep, ends: TokenEnds | null, capacity: number) {
    this.#where = where;
    this.#ends = new StreamEnds(where, step, ends);
    this.#streams = new OpenStreams(where);
    this.#reserved = capacity;
    step.slots.reserve(capacity);
  }

  get size(): number {
    return this.#streams.size;
  }

  open(state?: StreamState): number {
    const { step } = this.#ends;
    if (state) checkState(`${this.#where}.open`, state, step, 1);
    const id = this.#streams.open();
    if (id === this.#reserved) step.slots.reserve((this.#reserved *= 2));
    step.slots.clear(id);
    if (state) this.restore(id, state);
    return id;
  }

  close(id: number): void {
    this.#streams.close(id);
  }

  push(ids: ArrayLike<number>, inputs: ArrayLike<number>, out?: Float32Array): Float32Array {
    const where = `${this.#where}.push`;
    const { inputWidth, outputWidth } = this.#ends;
    const count = ids.length;
    checkLength(where, "inputs", inputs, count * inputWidth, `${count} streams x ${inputWidth}`);
    if (out) checkLength(where, "out", out, count * outputWidth, `${count} streams x ${outputWidth}`);
    this.#streams.beginPush(ids);
    if (count === 0) return out ?? new Float32Array(0);
    this.#ends.reserve(count);
    if (!out && this.#output.length !== count * outputWidth) this.#output = new Float32Array(count * outputWidth);
    const target = out ?? this.#output;
    runtime().kernelSet.readFloatsInto(target, this.#ends.run(inputs, ids, count));
    return target;
  }

  state(id: number): StreamState {
    this.#streams.check("state", id);
    const { slots } = this.#ends.step;
    return { h: slots.read(id).flat(), positions: [slots.position(id)] };
  }

  restore(id: number, state: StreamState): void {
    this.#streams.check("restore", id);
    const { step } = this.#ends;
    checkState(`${this.#where}.restore`, state, step, 1);
    const perLayer = state.h.length / step.slots.layers;
    const layers = Array.from({ length: step.slots.layers }, (_, layer) =>
      state.h.slice(layer * perLayer, (layer + 1) * perLayer),
    );
    step.slots.load(id, layers, state.positions![0]);
  }

  reset(id: number): void {
    this.#streams.check("reset", id);
    this.#ends.step.slots.clear(id);
  }
}

/**
 * How many rows each of the state's sequences sees.
 * @throws HiddenstateError `mismatch` or `invalid` for a state that is not of such a Transformer with so many rows
 */
function checkState(where: string, { h, positions }: StreamState, { slots }: TransformerStep, rows: number): number[] {
  checkLength(where, "state.positions", positions ?? [], rows, "one for each row; is the state another model's?");
  const lengths = positions!.map((position) => Math.min(position, slots.most));
  if (lengths.some((length) => !Number.isInteger(length) || length < 0 || length !== lengths[0])) {
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid state.positions: got ${shown(positions)}, expected whole numbers from 0, as many steps read in each row`,
    );
  }
  const count = slots.layers * rows * lengths[0] * slots.width;
  checkLength(where, "state.h", h, count, "layers x rows x steps seen x 2 hiddenSize; is the state another model's?");
  const wrong = h.findIndex((value) => typeof value !== "number");
  if (wrong >= 0) {
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid state.h: got ${shown(h[wrong])} at ${wrong}, expected numbers`,
    );
  }
  return lengths;
}
