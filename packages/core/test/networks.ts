import { GRU } from "../src/nn/gru.ts";
import { LSTM } from "../src/nn/lstm.ts";
import type { RecurrentOptions, RecurrentState } from "../src/nn/recurrent-options.ts";
import type { RecurrentNetwork } from "../src/nn/recurrent.ts";
import { RNN } from "../src/nn/rnn.ts";

/** Every recurrence, by the name of its kind. */
export const everyCell: readonly {
  kind: string;
  make: (options: RecurrentOptions) => RecurrentNetwork<RecurrentState>;
}[] = [
  { kind: "rnn tanh", make: (options) => new RNN(options) },
  { kind: "rnn relu", make: (options) => new RNN({ ...options, nonlinearity: "relu" }) },
  { kind: "lstm", make: (options) => new LSTM(options) },
  { kind: "gru", make: (options) => new GRU(options) },
  { kind: "gru, reset before", make: (options) => new GRU({ ...options, resetAfter: false }) },
];
