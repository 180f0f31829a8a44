import type { CellKind } from "@hiddenstate/core";

const names: Readonly<Record<CellKind, string>> = {
  rnn: "RNN",
  lstm: "LSTM",
  gru: "GRU",
  mingru: "minGRU",
  minlstm: "minLSTM",
  transformer: "Transformer",
};

/** A cell as people write it: `minGRU`. */
export function cellName(cell: CellKind): string {
  return names[cell];
}
