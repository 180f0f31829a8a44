import type { Tensor } from "../../memory/tensor.ts";
import type { RecurrentState } from "../../nn/recurrent-options.ts";

/** The recurrent state that outlives the scope of one window, cut from the gradient. */
export class CarriedState {
  #state: RecurrentState | undefined;

  /** Undefined before the first window, and after `end`. */
  get state(): RecurrentState | undefined {
    return this.#state;
  }

  /** Keeps a state and ends the one from before. */
  keep(state: RecurrentState): void {
    const detached: RecurrentState = { h: state.h.detach().persist() };
    if (state.c) detached.c = state.c.detach().persist();
    if (state.positions) detached.positions = state.positions.detach().persist();
    this.end();
    this.#state = detached;
  }

  end(): void {
    for (const part of Object.values((this.#state ?? {}) as Record<string, Tensor>)) part.end();
    this.#state = undefined;
  }

  /** For a checkpoint. */
  tensors(): Map<string, Tensor> {
    return new Map(Object.entries(this.#state ?? {}));
  }

  /** From a checkpoint: takes the tensors over. */
  restore(tensors: ReadonlyMap<string, Tensor>): void {
    const [h, c, positions] = ["h", "c", "positions"].map((part) => tensors.get(part));
    if (h) this.keep({ h, ...(c && { c }), ...(positions && { positions }) });
    else this.end();
  }
}
