import { HiddenstateError } from "../errors.ts";
import type { OptionRule, OptionRules } from "../options.ts";
import { type CellOptions, cellOptionRules } from "./cell-options.ts";

/** Every recurrence that is chosen by name. */
export const recurrentKinds: readonly CellKind[] = ["rnn", "lstm", "gru", "mingru", "minlstm"];

/** Everything that reads sequences and is chosen by name, in models and on the command line: the one list of them. */
export const cellKinds = ["rnn", "lstm", "gru", "mingru", "minlstm", "transformer"] as const;

export type CellKind = (typeof cellKinds)[number];

/** How many positions a Transformer has where nobody says. */
export const usualPositions = 256;

/** What a model reads sequences with: part of every architecture. */
export interface CellChoice extends CellOptions {
  /** The recurrence, or a Transformer. */
  cell?: CellKind;
  /** RNN only. Default `"tanh"`. */
  nonlinearity?: "tanh" | "relu";
  /** GRU only: where the reset gate acts. Default true. */
  resetAfter?: boolean;
  /** Transformer only: heads of its attention; `hidden` must be a multiple of twice as many. Default 4. */
  heads?: number;
  /** Transformer only: steps that a step sees at most, itself included. Default 256. */
  positions?: number;
}

/** How far a step of a Transformer sees: no further than an int32 position counts. */
export const positionsRule: OptionRule = { type: "integer", min: 1, max: 2 ** 31 - 1, default: usualPositions };

/** The rules behind `CellChoice`, for a model with this default and these kinds to choose from. */
export function cellRules(cell: CellKind, kinds: readonly CellKind[] = cellKinds): OptionRules<CellChoice> {
  return {
    cell: { type: "choice", choices: kinds, default: cell },
    nonlinearity: { type: "choice", choices: ["tanh", "relu"], default: "tanh" },
    resetAfter: { type: "boolean", default: true },
    heads: { type: "integer", min: 1, default: 4 },
    positions: positionsRule,
    ...cellOptionRules,
  };
}

/** Options that belong to one cell, and to which. */
export const cellOfOption = {
  nonlinearity: "rnn",
  resetAfter: "gru",
  heads: "transformer",
  positions: "transformer",
} as const;

/**
 * Refuses what belongs to another cell, where it is not what it would be anyway.
 * @throws HiddenstateError `mismatch`, naming the option and the cell it needs
 */
export function refuseOptionsOfOtherCells(where: string, choice: CellChoice & { cell: CellKind }): void {
  const rules: OptionRules<CellChoice> = cellRules(choice.cell);
  for (const [option, cell] of Object.entries(cellOfOption) as [keyof typeof cellOfOption, CellKind][]) {
    const value = choice[option];
    const rule = rules[option];
    if (choice.cell === cell || value === undefined || ("default" in rule && value === rule.default)) continue;
    throw new HiddenstateError(
      "mismatch",
      `${where}: mismatch in ${option}: it does nothing with cell ${choice.cell}; leave it out, or use cell ${cell}`,
    );
  }
}

/** The choice alone, out of an architecture. */
export function cellChoice(architecture: Required<CellChoice>): Required<CellChoice> {
  const { cell, nonlinearity, resetAfter, heads, positions } = architecture;
  const { layerNorm, recurrentDropout, variational, projection, peepholes, coupledGates } = architecture;
  const { learnedState, residual } = architecture;
  const inside = { layerNorm, recurrentDropout, variational, projection, peepholes, coupledGates };
  const options = { ...inside, learnedState, residual };
  return { cell, nonlinearity, resetAfter, heads, positions, ...options };
}
