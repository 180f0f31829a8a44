import type { Tensor } from "../memory/tensor.ts";
import type { RecurrentState } from "../nn/recurrent.ts";

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
    this.end();
    this.#state = detached;
  }

  end(): void {
    this.#state?.h.end();
    this.#state?.c?.end();
    this.#state = undefined;
  }

  /** For a checkpoint. */
  tensors(): Map<string, Tensor> {
    return new Map(Object.entries(this.#state ?? {}));
  }

  /** From a checkpoint: takes the tensors over. */
  restore(tensors: ReadonlyMap<string, Tensor>): void {
    const h = tensors.get("h");
    const c = tensors.get("c");
    if (h) this.keep(c ? { h, c } : { h });
    else this.end();
  }
}
