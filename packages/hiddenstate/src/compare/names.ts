import type { CellKind } from "@hiddenstate/core";
import { significant } from "../format.ts";

const names: Partial<Record<string, string>> = {
  rnn: "RNN",
  lstm: "LSTM",
  gru: "GRU",
  mingru: "minGRU",
  minlstm: "minLSTM",
  transformer: "Transformer",
};

/** As people write it. */
export function cellName(cell: CellKind): string {
  return names[cell] ?? cell;
}

/** A short time: `45.2 us`, `1.23 ms`. */
export function describeTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-";
  if (seconds < 1e-3) return `${significant(seconds * 1e6)} us`;
  return seconds < 1 ? `${significant(seconds * 1e3)} ms` : `${significant(seconds)} s`;
}

/** A size: `512 B`, `2.05 kB`, `1.05 MB`. */
export function describeBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return "-";
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${significant(bytes / 1e3)} kB` : `${significant(bytes / 1e6)} MB`;
}
