import type { Tensor } from "../memory/tensor.ts";
import { resolveOptions } from "../options.ts";
import { type RecurrentOptions, recurrentRules } from "./recurrent-options.ts";
import { RecurrentNetwork } from "./recurrent.ts";

/** The state of an LSTM, [L*D, B, H] each. */
export interface LSTMState {
  h: Tensor;
  c: Tensor;
}

/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997), with a forget gate (Gers et al. 2000).
 *
 *     i = sigmoid(W_ii x + b_ii + W_hi h + b_hi)      input gate
 *     f = sigmoid(W_if x + b_if + W_hf h + b_hf)      forget gate
 *     g = tanh   (W_ig x + b_ig + W_hg h + b_hg)      candidate
 *     o = sigmoid(W_io x + b_io + W_ho h + b_ho)      output gate
 *     c' = f * c + i * g
 *     h' = o * tanh(c')
 *
 * Parameters of layer l, gates in the order i, f, g, o: `weight_ih_l{l}` [4H, I] (above the first layer [4H, D*H]),
 * `weight_hh_l{l}` [4H, H], `bias_ih_l{l}` and `bias_hh_l{l}` [4H]; the reverse direction's end in `_reverse`.
 *
 * @example
 * const lstm = new LSTM({ inputSize: 8, hiddenSize: 32, layers: 2, dropout: 0.3 });
 * const { output, state } = lstm.forward(zeros([10, 4, 8]));   // [10, 4, 32], { h, c: [2, 4, 32] }
 */
export class LSTM extends RecurrentNetwork<LSTMState> {
  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: RecurrentOptions) {
    super({ kind: "lstm" }, resolveOptions("new LSTM", options, recurrentRules));
  }
}
