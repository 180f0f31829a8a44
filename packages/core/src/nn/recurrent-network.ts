import type { CellChoice, CellKind } from "./cell-choice.ts";
import { GRU } from "./gru.ts";
import { LSTM } from "./lstm.ts";
import type { RecurrentNetwork, RecurrentOptions, RecurrentState } from "./recurrent.ts";
import { RNN } from "./rnn.ts";

/** Options of a network whose cell is chosen by name. */
export type RecurrentNetworkOptions = RecurrentOptions & CellChoice & { cell: CellKind };

/** Makes an RNN, LSTM or GRU; what belongs to another cell is left out. */
export function recurrentNetwork(options: RecurrentNetworkOptions): RecurrentNetwork<RecurrentState> {
  const { cell, nonlinearity, resetAfter, ...common } = options;
  switch (cell) {
    case "rnn":
      return new RNN({ ...common, nonlinearity });
    case "lstm":
      return new LSTM(common);
    case "gru":
      return new GRU({ ...common, resetAfter });
  }
}
