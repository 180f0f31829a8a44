import type { Tensor } from "../memory/tensor.ts";
import { resolveOptions } from "../options.ts";
import { type RecurrentOptions, recurrentRules } from "./recurrent-options.ts";
import { RecurrentNetwork } from "./recurrent.ts";

export interface RNNOptions extends RecurrentOptions {
  /** What each step ends with. Default `"tanh"`. */
  nonlinearity?: "tanh" | "relu";
}

/** The state of an RNN or GRU, [L*D, B, H]. */
export interface HiddenState {
  h: Tensor;
}

/**
 * The vanilla recurrent network (Elman 1990).
 *
 *     h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)
 *
 * Parameters of layer l: `weight_ih_l{l}` [H, I] (above the first layer [H, D*H]), `weight_hh_l{l}` [H, H], `bias_ih_l{l}` and
 * `bias_hh_l{l}` [H]; the reverse direction's end in `_reverse`.
 *
 * @example
 * const rnn = new RNN({ inputSize: 8, hiddenSize: 32 });
 * const { output, state } = rnn.forward(zeros([10, 4, 8]));   // [10, 4, 32], { h: [1, 4, 32] }
 */
export class RNN extends RecurrentNetwork<HiddenState> {
  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: RNNOptions) {
    const { nonlinearity, ...rest } = resolveOptions<RNNOptions>("new RNN", options, {
      ...recurrentRules,
      nonlinearity: { type: "choice", choices: ["tanh", "relu"], default: "tanh" },
    });
    super({ kind: "rnn", nonlinearity }, rest);
  }
}
