import { GRU, LSTM, type RecurrentOptions, RNN } from "@hiddenstate/core";

/** A recurrent network of any cell. */
export type Network = RNN | LSTM | GRU;

export type CellName = "rnn" | "lstm" | "gru";

/** Cells as people write them. */
export const cellLabels: Readonly<Record<CellName, string>> = { rnn: "RNN", lstm: "LSTM", gru: "GRU" };

/** Makes a network of one cell; its name keys its random start, whatever was made before. */
export function makeNetwork(cell: CellName, options: RecurrentOptions & { name: string }): Network {
  switch (cell) {
    case "rnn":
      return new RNN(options);
    case "lstm":
      return new LSTM(options);
    case "gru":
      return new GRU(options);
  }
}
