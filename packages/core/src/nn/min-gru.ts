import { resolveOptions } from "../options.ts";
import { type RecurrentOptions, recurrentRules } from "./recurrent-options.ts";
import { RecurrentNetwork } from "./recurrent.ts";
import type { HiddenState } from "./rnn.ts";

/**
 * The minimal gated recurrent unit: a GRU whose gate and candidate do not see the state, so that all matrix products run over all time
 * steps at once, and what is left of the recurrence is a scan (Feng et al. 2024, "Were RNNs all we needed?", arXiv 2410.01201, section
 * 3.1).
 *
 *     z = sigmoid(W_iz x + b_iz)        update gate
 *     n = W_in x + b_in                 candidate
 *     h' = (1 - z) * h + z * n
 *
 * Parameters of layer l, gates in the order z, n: `weight_ih_l{l}` [2H, I] (above the first layer [2H, D*H]) and `bias_ih_l{l}` [2H]; the
 * reverse direction's end in `_reverse`.
 *
 * @example
 * const network = new MinGRU({ inputSize: 8, hiddenSize: 32, layers: 2 });
 * const { output, state } = network.forward(zeros([10, 4, 8]));   // [10, 4, 32], { h: [2, 4, 32] }
 */
export class MinGRU extends RecurrentNetwork<HiddenState> {
  /** @throws HiddenstateError `unknown`, `missing`, `invalid` or `unsupported` for options that are none */
  constructor(options: RecurrentOptions) {
    super({ kind: "mingru" }, resolveOptions("new MinGRU", options, recurrentRules));
  }
}
