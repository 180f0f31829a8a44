import { resolveOptions } from "../options.ts";
import { type RecurrentOptions, recurrentRules } from "./recurrent-options.ts";
import { RecurrentNetwork } from "./recurrent.ts";
import type { HiddenState } from "./rnn.ts";

export interface GRUOptions extends RecurrentOptions {
  /** Where the reset gate acts: on the hidden part of the candidate (true; PyTorch, cuDNN) or on h itself (false; Cho et al.). Default true. */
  resetAfter?: boolean;
}

/**
 * The gated recurrent unit (Cho et al. 2014).
 *
 *     r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)                  reset gate
 *     z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)                  update gate
 *     n = tanh(W_in x + b_in + r * (W_hn h + b_hn))               candidate, resetAfter: true
 *     n = tanh(W_in x + b_in + W_hn (r * h) + b_hn)               candidate, resetAfter: false
 *     h' = (1 - z) * n + z * h
 *
 * Cho et al. and some textbooks write z and 1 - z the other way round. Parameters of layer l, gates in the order r, z, n:
 * `weight_ih_l{l}` [3H, I] (above the first layer [3H, D*H]), `weight_hh_l{l}` [3H, H], `bias_ih_l{l}` and `bias_hh_l{l}` [3H]; the reverse
 * direction's end in `_reverse`.
 *
 * @example
 * const gru = new GRU({ inputSize: 8, hiddenSize: 32 });
 * const { output, state } = gru.forward(zeros([10, 4, 8]));   // [10, 4, 32], { h: [1, 4, 32] }
 */
export class GRU extends RecurrentNetwork<HiddenState> {
  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: GRUOptions) {
    const { resetAfter, ...rest } = resolveOptions<GRUOptions>("new GRU", options, {
      ...recurrentRules,
      resetAfter: { type: "boolean", default: true },
    });
    super({ kind: "gru", resetAfter }, rest);
  }
}
