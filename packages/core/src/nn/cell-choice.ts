import type { OptionRules } from "../options.ts";

/** Every recurrence that is chosen by name, in models and on the command line: the one list of them. */
export const cellKinds = ["rnn", "lstm", "gru"] as const;

export type CellKind = (typeof cellKinds)[number];

/** Which recurrence a model is made of: part of every architecture. */
export interface CellChoice {
  /** The recurrence. */
  cell?: CellKind;
  /** RNN only. Default `"tanh"`. */
  nonlinearity?: "tanh" | "relu";
  /** GRU only: where the reset gate acts. Default true. */
  resetAfter?: boolean;
}

/** The rules behind `CellChoice`, for a model with this default. */
export function cellRules(cell: CellKind): OptionRules<CellChoice> {
  return {
    cell: { type: "choice", choices: cellKinds, default: cell },
    nonlinearity: { type: "choice", choices: ["tanh", "relu"], default: "tanh" },
    resetAfter: { type: "boolean", default: true },
  };
}

/** The choice alone, out of an architecture. */
export function cellChoice({ cell, nonlinearity, resetAfter }: Required<CellChoice>): Required<CellChoice> {
  return { cell, nonlinearity, resetAfter };
}
