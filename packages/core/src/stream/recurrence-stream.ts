import { noGrad } from "../autograd/tape.ts";
import { HiddenstateError } from "../errors.ts";
import { scope } from "../memory/scope.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";

/** A network that is taken step by step: its state has parts of its own naming, [B, width] each. */
export interface SteppedNetwork<S extends Record<string, Tensor>> {
  /** One time step: x [B, I] and the state before it, to the output [B, O] and the state after. */
  step(x: Tensor, state: S): { output: Tensor; state: S };
  /** A state of zeros for so many rows. */
  zeroState(rows: number): S;
  /** Runs `fn` with dropout switched off. */
  evaluating<T>(fn: () => T): T;
}

/**
 * A recurrence over a cell of your own, one time step at a time: made by its `stream`. Nothing goes on the tape, dropout
 * does nothing, and what the cell makes besides its state ends with each step.
 *
 * @example
 * const stream = network.stream();
 * const output = stream.push([0.1, 0.2, 0.3]);   // Float32Array [O]
 * const saved = JSON.stringify(stream.state());
 */
export class RecurrenceStream<S extends Record<string, Tensor>> {
  /** Sequences side by side. */
  readonly rows: number;
  readonly #network: SteppedNetwork<S>;
  #state: S;

  constructor(network: SteppedNetwork<S>, rows: number) {
    this.rows = rows;
    this.#network = network;
    this.#state = kept(network.zeroState(rows));
  }

  /**
   * Reads one time step.
   * @param x [B, I]
   * @returns the output [B, O]
   * @throws HiddenstateError `mismatch` for an input that is no whole number of rows, and whatever the cell throws; nothing advances then
   */
  push(x: ArrayLike<number>): Float32Array {
    const width = x.length / this.rows;
    if (!Number.isInteger(width) || width === 0) {
      throw new HiddenstateError(
        "mismatch",
        `recurrence.stream.push: mismatch in x: got ${x.length} numbers, expected as many for each of ${this.rows} rows`,
      );
    }
    const { output, state } = noGrad(() =>
      scope(() => {
        const row = tensor(Float64Array.from(x), [this.rows, width]);
        const result = this.#network.evaluating(() => this.#network.step(row, this.#state));
        return { output: result.output.dataSync(), state: kept(result.state) };
      }),
    );
    this.#replace(state);
    return output;
  }

  /** All that the stream remembers, to store, and to go on later or elsewhere: [B, width] numbers for each part. */
  state(): Record<keyof S & string, number[]> {
    const parts = Object.entries(this.#state).map(([part, values]) => [part, [...values.exactDataSync()]]);
    return Object.fromEntries(parts) as Record<keyof S & string, number[]>;
  }

  /**
   * Goes on where `state()` was taken.
   * @throws HiddenstateError `mismatch` if the state is another network's, or of another number of rows; nothing changes then
   */
  restore(state: Readonly<Record<keyof S & string, readonly number[]>>): void {
    const parts = Object.entries(this.#state) as [keyof S & string, Tensor][];
    for (const [part, { size }] of parts) {
      if (state[part]?.length === size) continue;
      throw new HiddenstateError(
        "mismatch",
        `recurrence.stream.restore: mismatch in state.${part}: got ${state[part]?.length ?? "nothing"}, expected ${size} numbers; is the ` +
          "state another network's?",
      );
    }
    for (const [part, values] of parts) values.assign(state[part]);
  }

  /** Forgets everything: the state is 0 again. */
  reset(): void {
    this.#replace(kept(this.#network.zeroState(this.rows)));
  }

  #replace(state: S): void {
    const before = this.#state;
    this.#state = state;
    for (const part of Object.values(before)) part.end();
  }
}

/** A state in tensors of its own that outlive the scope they were made in. */
function kept<S extends Record<string, Tensor>>(state: S): S {
  const parts = Object.entries(state).map(([part, values]) => [
    part,
    tensor(values.exactDataSync(), values.shape).persist(),
  ]);
  return Object.fromEntries(parts) as S;
}
