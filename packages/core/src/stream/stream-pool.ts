import { copyDense } from "../autograd/copy.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor, zeros } from "../memory/tensor.ts";
import { type OptionRules } from "../options.ts";
import { checkState, type StreamState } from "./recurrent-stream.ts";
import type { SequencePool } from "./sequence-stream.ts";
import { checkLength, roomFor, type Step, type StreamWeights, weightsRule } from "./step.ts";

export interface PoolOptions extends StreamWeights {
  /** Streams to make room for at once; the pool grows beyond. Default 64. */
  capacity?: number;
}

/** The rules behind `PoolOptions`. */
export const poolRules: OptionRules<PoolOptions> = {
  capacity: { type: "integer", min: 1, default: 64 },
  weights: weightsRule,
};

/**
 * Many independent streams of one model; any of them advance together in one batched step, so that the weights are read once for
 * all. Each has the bits it would have alone. Made by `pool` of a recurrent network or a language model; allocates nothing
 * while neither the streams nor those advanced together become more.
 *
 * @example
 * const pool = lstm.pool();
 * const [a, b, c] = [pool.open(), pool.open(), pool.open()];
 * const outputs = pool.push([a, c], [...xOfA, ...xOfC]);   // Float32Array [2, hiddenSize]
 * const saved = pool.state(a);
 * pool.close(b);
 */
export class StreamPool implements SequencePool {
  readonly #where: string;
  readonly #step: Step;
  /** All states: for each layer's h, then for each layer's c, [capacity, hiddenSize]. */
  #states: Tensor;
  #capacity: number;
  /** For each id that was ever given out: 0 closed, else the number of the push it last took part in. */
  #lastPush: Float64Array;
  readonly #closed: number[] = [];
  #opened = 0;
  #pushes = 1;
  /** The states of the streams being advanced, [parts, n, hiddenSize], and which rows of `#states` those are. */
  #gathered: Tensor | null = null;
  #index: Tensor | null = null;
  #indexValues = new Int32Array(0);
  #output = new Float32Array(0);
  #outputOfAll = new Float32Array(0);

  /** @param where the call to name in errors, such as `"lstm.pool"` */
  constructor(where: string, step: Step, capacity: number) {
    this.#where = where;
    this.#step = step;
    this.#capacity = capacity;
    this.#states = zeros([this.#parts, capacity, step.stack.hiddenSize]).persist();
    this.#lastPush = new Float64Array(capacity);
  }

  /** How many streams are open. */
  get size(): number {
    return this.#opened - this.#closed.length;
  }

  /**
   * Opens a stream.
   * @param state where it goes on; default: a new stream, whose state is 0
   * @returns its id, a whole number; ids of closed streams are given out again
   */
  open(state?: StreamState): number {
    if (state) this.#checkState("open", state);
    if (this.#closed.length === 0 && this.#opened === this.#capacity) this.#grow();
    const id = this.#closed.pop() ?? this.#opened++;
    this.#lastPush[id] = this.#pushes;
    if (state) this.#write(id, state);
    else this.reset(id);
    return id;
  }

  /** Ends a stream; its id is no longer valid. */
  close(id: number): void {
    this.#check("close", id);
    this.#lastPush[id] = 0;
    this.#closed.push(id);
  }

  /**
   * Advances some streams by one time step each.
   *
   * @param ids n different open streams, in any order
   * @param inputs [n, I], in the order of `ids`; for a language model, the n tokens' ids
   * @param out where to write the outputs; default: an array of the pool's own, good until the next push: copy what is to stay
   * @returns the outputs [n, hiddenSize]; for a language model, the next token's logits [n, V]
   * @throws HiddenstateError `invalid` for an id that is not open or comes twice, or a token that is none, `mismatch` for inputs or
   *   outputs of another length; nothing advances then
   */
  push(ids: ArrayLike<number>, inputs: ArrayLike<number>, out?: Float32Array): Float32Array {
    const where = `${this.#where}.push`;
    const count = ids.length;
    const { inputWidth, outputWidth } = this.#step;
    if (inputs?.length !== count * inputWidth)
      checkLength(where, "inputs", inputs, count * inputWidth, `${count} streams x ${inputWidth}`);
    if (out && out.length !== count * outputWidth)
      checkLength(where, "out", out, count * outputWidth, `${count} streams x ${outputWidth}`);
    this.#checkDistinct(ids);
    if (count === 0) return out ?? new Float32Array(0);

    const { kernelSet } = runtime();
    const { layers, hiddenSize: width, hasCell } = this.#step.stack;
    const rows = this.#parts * count;
    this.#makeRoom(count);
    for (let part = 0; part < this.#parts; part++) {
      for (let i = 0; i < count; i++) this.#indexValues[part * count + i] = part * this.#capacity + ids[i];
    }
    const index = this.#index!.offset;
    const gathered = this.#gathered!.offset;
    const states = this.#states.offset;
    kernelSet.writeInts(index, this.#indexValues);
    kernelSet.kernels.gatherRows({ out: gathered, x: states, index, rows, width, accumulate: 0 });
    const cell = hasCell ? gathered + layers * count * width * kernelSet.bytesPerFloat : 0;
    const output = this.#step.run(inputs, count, gathered, cell);
    kernelSet.kernels.scatterRows({ out: states, x: gathered, index, rows, width });
    const target = out ?? this.#output;
    kernelSet.readFloatsInto(target, output);
    return target;
  }

  /** All that a stream remembers, to store, and to go on later or elsewhere. */
  state(id: number): StreamState {
    this.#check("state", id);
    const { kernelSet } = runtime();
    const { layers, hiddenSize, hasCell } = this.#step.stack;
    const partsFrom = (first: number): number[] =>
      Array.from({ length: layers }, (_, layer) => [
        ...kernelSet.readFloats(this.#partOf(id, first + layer), hiddenSize),
      ]).flat();
    return hasCell ? { h: partsFrom(0), c: partsFrom(layers) } : { h: partsFrom(0) };
  }

  /**
   * Makes a stream go on where `state()` of any stream of the model was taken.
   * @throws HiddenstateError `mismatch` if the state is another model's; nothing changes then
   */
  restore(id: number, state: StreamState): void {
    this.#check("restore", id);
    this.#checkState("restore", state);
    this.#write(id, state);
  }

  /** Makes a stream forget everything. */
  reset(id: number): void {
    this.#check("reset", id);
    const { kernels } = runtime().kernelSet;
    const count = this.#step.stack.hiddenSize;
    for (let part = 0; part < this.#parts; part++) {
      kernels.fill({ out: this.#partOf(id, part), count, value: 0 });
    }
  }

  /** Rows of H numbers in each stream's state. */
  get #parts(): number {
    const { layers, hasCell } = this.#step.stack;
    return layers * (hasCell ? 2 : 1);
  }

  #partOf(id: number, part: number): number {
    const { hiddenSize } = this.#step.stack;
    return this.#states.offset + (part * this.#capacity + id) * hiddenSize * runtime().kernelSet.bytesPerFloat;
  }

  #write(id: number, { h, c = [] }: StreamState): void {
    const { kernelSet } = runtime();
    const { hiddenSize } = this.#step.stack;
    const values = [...h, ...c];
    for (let part = 0; part < this.#parts; part++) {
      const own = values.slice(part * hiddenSize, (part + 1) * hiddenSize);
      kernelSet.writeFloats(this.#partOf(id, part), own);
    }
  }

  #grow(): void {
    const { kernelSet } = runtime();
    const before = this.#states;
    const [parts, capacity, width] = before.shape as [number, number, number];
    const after = zeros([parts, 2 * capacity, width]).persist();
    const bytes = capacity * width * kernelSet.bytesPerFloat;
    for (let part = 0; part < parts; part++) {
      copyDense(after.offset + 2 * part * bytes, before.offset + part * bytes, capacity * width);
    }
    before.end();
    this.#states = after;
    this.#capacity = 2 * capacity;
    const lastPush = new Float64Array(this.#capacity);
    lastPush.set(this.#lastPush);
    this.#lastPush = lastPush;
  }

  /** Buffers for so many streams at once; the views of the right length change only when the number does. */
  #makeRoom(count: number): void {
    const { stack, outputWidth } = this.#step;
    if (this.#indexValues.length !== this.#parts * count) {
      this.#step.reserve(count);
      const rows = this.#parts * count;
      this.#gathered = roomFor(this.#gathered, rows, stack.hiddenSize);
      if (!this.#index || this.#index.size < rows) {
        this.#index?.end();
        this.#index = empty([rows], "int32").persist();
      }
      this.#indexValues = new Int32Array(rows);
      if (this.#outputOfAll.length < count * outputWidth) this.#outputOfAll = new Float32Array(count * outputWidth);
      this.#output = this.#outputOfAll.subarray(0, count * outputWidth);
    }
  }

  #check(call: string, id: number): void {
    if (this.#lastPush[id] > 0) return;
    throw new HiddenstateError(
      "invalid",
      `${this.#where}.${call}: invalid id: got ${shown(id)}, expected the id of an open stream, from open()`,
    );
  }

  #checkDistinct(ids: ArrayLike<number>): void {
    for (let i = 0; i < ids.length; i++) this.#check("push", ids[i]);
    const push = ++this.#pushes;
    for (let i = 0; i < ids.length; i++) {
      if (this.#lastPush[ids[i]] === push) {
        throw new HiddenstateError(
          "invalid",
          `${this.#where}.push: invalid ids: got ${ids[i]} twice, expected each stream once in a push: a second step needs a second push`,
        );
      }
      this.#lastPush[ids[i]] = push;
    }
  }

  #checkState(call: string, state: StreamState): void {
    const { layers, hiddenSize, hasCell } = this.#step.stack;
    checkState(`${this.#where}.${call}`, state, layers * hiddenSize, hasCell);
  }
}
