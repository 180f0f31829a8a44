import { runtime } from "../memory/runtime.ts";
import { type OptionRules } from "../options.ts";
import { OpenStreams } from "./open-streams.ts";
import { checkState } from "./recurrent-stream.ts";
import type { StreamState } from "./sequence-stream.ts";
import type { SequencePool } from "./sequence-stream.ts";
import { StateTable } from "./state-table.ts";
import { checkLength, type Step, type StreamWeights, weightsRule } from "./step.ts";

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
  /** All states: for each layer's h, then for each layer's c; in one table where both are as wide. */
  readonly #tables: StateTable[];
  #capacity: number;
  readonly #streams: OpenStreams;
  #output = new Float32Array(0);
  #outputOfAll = new Float32Array(0);

  /** @param where the call to name in errors, such as `"lstm.pool"` */
  constructor(where: string, step: Step, capacity: number) {
    this.#where = where;
    this.#step = step;
    this.#capacity = capacity;
    const { layers, hiddenSize, cellSize } = step.stack;
    const table = (parts: number, width: number): StateTable => new StateTable(parts, width, capacity);
    if (cellSize === 0) this.#tables = [table(layers, hiddenSize)];
    else if (cellSize === hiddenSize) this.#tables = [table(2 * layers, hiddenSize)];
    else this.#tables = [table(layers, hiddenSize), table(layers, cellSize)];
    this.#streams = new OpenStreams(where);
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Opens a stream.
   * @param state where it goes on; default: a new stream, whose state is 0 or what was learned
   * @returns its id, a whole number; ids of closed streams are given out again
   */
  open(state?: StreamState): number {
    if (state) this.#checkState("open", state);
    const id = this.#streams.open();
    if (id === this.#capacity) this.#grow();
    if (state) this.#write(id, state);
    else this.reset(id);
    return id;
  }

  /** Ends a stream; its id is no longer valid. */
  close(id: number): void {
    this.#streams.close(id);
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
    this.#streams.beginPush(ids);
    if (count === 0) return out ?? new Float32Array(0);

    const { kernelSet } = runtime();
    const { layers, cellSize } = this.#step.stack;
    this.#makeRoom(count);
    const [h, ofCell] = this.#tables.map((table) => table.gather(ids));
    const afterHidden = h + layers * count * cellSize * kernelSet.bytesPerFloat;
    const output = this.#step.run(inputs, count, h, cellSize === 0 ? 0 : (ofCell ?? afterHidden));
    for (const table of this.#tables) table.scatter();
    const target = out ?? this.#output;
    kernelSet.readFloatsInto(target, output);
    return target;
  }

  /** All that a stream remembers, to store, and to go on later or elsewhere. */
  state(id: number): StreamState {
    this.#streams.check("state", id);
    const { layers, hiddenSize, cellSize } = this.#step.stack;
    const all = this.#tables.flatMap((table) => table.read(id));
    const h = all.slice(0, layers * hiddenSize);
    return cellSize > 0 ? { h, c: all.slice(layers * hiddenSize) } : { h };
  }

  /**
   * Makes a stream go on where `state()` of any stream of the model was taken.
   * @throws HiddenstateError `mismatch` if the state is another model's; nothing changes then
   */
  restore(id: number, state: StreamState): void {
    this.#streams.check("restore", id);
    this.#checkState("restore", state);
    this.#write(id, state);
  }

  /** Makes a stream forget everything: its state is as at the start. */
  reset(id: number): void {
    this.#streams.check("reset", id);
    const start = this.#step.stack.start?.();
    if (start) this.#write(id, start);
    else for (const table of this.#tables) table.write(id, null);
  }

  #write(id: number, { h, c = [] }: { h: ArrayLike<number>; c?: ArrayLike<number> }): void {
    const values = [...Array.from(h), ...Array.from(c)];
    let first = 0;
    for (const table of this.#tables) {
      table.write(id, values.slice(first, (first += table.parts * table.width)));
    }
  }

  #grow(): void {
    this.#capacity *= 2;
    for (const table of this.#tables) table.grow(this.#capacity);
  }

  /** Room for so many streams at once; the view of the right length changes only when the number does. */
  #makeRoom(count: number): void {
    const { outputWidth } = this.#step;
    if (this.#output.length === count * outputWidth) return;
    this.#step.reserve(count);
    if (this.#outputOfAll.length < count * outputWidth) this.#outputOfAll = new Float32Array(count * outputWidth);
    this.#output = this.#outputOfAll.subarray(0, count * outputWidth);
  }

  #checkState(call: string, state: StreamState): void {
    const { layers, hiddenSize, cellSize } = this.#step.stack;
    checkState(`${this.#where}.${call}`, state, layers * hiddenSize, layers * cellSize);
  }
}
