import { HiddenstateError } from "../errors.ts";
import { Tensor } from "../memory/tensor.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import { type CellOptions, cellOptionRules } from "./cell-options.ts";
import type { ModuleOptions } from "./module.ts";

/** Options that all recurrences share. */
export interface RecurrentOptions extends CellOptions, ModuleOptions {
  /** Width I of each time step's input. */
  inputSize: number;
  /** Width H of the hidden state. */
  hiddenSize: number;
  /** Layers on top of one another. Default 1. */
  layers?: number;
  /** Share of the values dropped between layers while training, 0 up to 1. Default 0. */
  dropout?: number;
  /** A second network runs from each sequence's end to its start; outputs stand side by side. Default false. */
  bidirectional?: boolean;
  /** Whether the gates have biases. Default true. */
  bias?: boolean;
  /** Inputs and outputs are [B, T, F] instead of [T, B, F]. Default false. */
  batchFirst?: boolean;
  /**
   * How parameters start. `"default"`: input weights Xavier, recurrent weights orthogonal, biases 0 (forget gates 1, Jozefowicz et al.
   * 2015; the minGRU's update gate -1); `"pytorch"`: all uniform in +-1/sqrt(H). Default `"default"`.
   */
  init?: "default" | "pytorch";
}

/** The rules behind `RecurrentOptions`. */
export const recurrentRules: OptionRules<RecurrentOptions> = {
  inputSize: { type: "integer", min: 1 },
  hiddenSize: { type: "integer", min: 1 },
  layers: { type: "integer", min: 1, default: 1 },
  dropout: { type: "number", min: 0, below: 1, default: 0 },
  bidirectional: { type: "boolean", default: false },
  bias: { type: "boolean", default: true },
  batchFirst: { type: "boolean", default: false },
  init: { type: "choice", choices: ["default", "pytorch"], default: "default" },
  ...cellOptionRules,
  name: { type: "string", optional: true },
};

/** The state as a plain named value. */
export interface RecurrentState {
  /** [L*D, B, H], with a projection [L*D, B, P]. */
  h: Tensor;
  /** LSTM only: [L*D, B, H]. */
  c?: Tensor;
  /** Transformer only, whose h are keys and values: steps read so far, int32 [B]. */
  positions?: Tensor;
}

/** What `forward` takes besides the input. */
export interface ForwardOptions<S extends RecurrentState> {
  /** The state to start from; default: zeros, or what was learned. */
  state?: S;
  /** Valid time steps of each batch row; default: all. What lies beyond is never read, and its outputs are 0. */
  lengths?: readonly number[];
  /**
   * For long sequences: keeps the state of about every sqrt(T)-th step only and computes the rest again during the backward
   * pass, so that the activations of all layers take O(sqrt(T)) memory instead of O(T), for a second forward pass. Numbers and
   * gradients are the same, but that a weight's gradient is summed in another order (Chen et al. 2016). Not for bidirectional
   * networks. Default false.
   */
  recompute?: boolean;
}

const forwardRules: OptionRules<ForwardOptions<RecurrentState>> = {
  state: { type: "any", optional: true },
  lengths: { type: "any", optional: true },
  recompute: { type: "boolean", optional: true },
};

/**
 * Checks what `forward` takes besides the input, of every network: `state`, `lengths` and `recompute`.
 *
 * @throws HiddenstateError `unknown` or `invalid` for options that are none, and for a state that is given in their place
 */
export function checkForwardOptions(where: string, options: object): void {
  const state = options instanceof Tensor || Object.values(options ?? {}).find((value) => value instanceof Tensor);
  if (state) {
    throw new HiddenstateError("invalid", `${where}: invalid options: got a state, which goes in { state }`);
  }
  resolveOptions<ForwardOptions<RecurrentState>>(where, options, forwardRules);
}
