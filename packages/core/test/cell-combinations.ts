import { type CellColumn, type CellOptions, cellOptionTable } from "../src/nn/cell-options.ts";
import { GRU } from "../src/nn/gru.ts";
import { LSTM } from "../src/nn/lstm.ts";
import { MinGRU } from "../src/nn/min-gru.ts";
import { MinLSTM } from "../src/nn/min-lstm.ts";
import type { RecurrentOptions, RecurrentState } from "../src/nn/recurrent-options.ts";
import type { RecurrentNetwork } from "../src/nn/recurrent.ts";
import { RNN } from "../src/nn/rnn.ts";

export type Network = RecurrentNetwork<RecurrentState>;

/** The columns that are recurrent networks. */
export type RecurrentColumn = Exclude<CellColumn, "transformer">;

/** How each column of the table of options is made. */
export const makeCell: Readonly<Record<RecurrentColumn, (options: RecurrentOptions) => Network>> = {
  rnn: (options) => new RNN(options),
  lstm: (options) => new LSTM(options),
  gru: (options) => new GRU(options),
  "gru, reset before": (options) => new GRU({ ...options, resetAfter: false }),
  mingru: (options) => new MinGRU(options),
  minlstm: (options) => new MinLSTM(options),
};

export const columns = Object.keys(makeCell) as RecurrentColumn[];

/** Every option, switched on. */
export const switchedOn: Required<CellOptions> = {
  layerNorm: true,
  recurrentDropout: 0.4,
  variational: true,
  projection: 2,
  peepholes: true,
  coupledGates: true,
  learnedState: true,
  residual: true,
};

/** A cell with some of its options. */
export interface Combination {
  title: string;
  column: RecurrentColumn;
  options: CellOptions;
  make: (options: RecurrentOptions) => Network;
}

function combination(column: RecurrentColumn, names: readonly (keyof CellOptions)[]): Combination {
  const options = Object.fromEntries(names.map((name) => [name, switchedOn[name]])) as CellOptions;
  const make = (rest: RecurrentOptions): Network => makeCell[column]({ ...rest, ...options });
  return { title: [column, ...names].join(" + "), column, options, make };
}

/** What the table allows a cell. */
export function allowed(column: RecurrentColumn): (keyof CellOptions)[] {
  const options = Object.keys(cellOptionTable) as (keyof CellOptions)[];
  return options.filter((option) => cellOptionTable[option][column] === true);
}

/** An option with what it does nothing without. */
export function withCompanion(option: keyof CellOptions): (keyof CellOptions)[] {
  return option === "variational" ? ["recurrentDropout", option] : [option];
}

/** Each cell plain, with each option that it may have, and with all of them. */
export function mainCombinations(): Combination[] {
  return columns.flatMap((column) => {
    const names = allowed(column);
    return [[], ...names.map(withCompanion), names].map((some) => combination(column, some));
  });
}

/** Each cell with every set of options that it may have. */
export function allCombinations(): Combination[] {
  return columns.flatMap((column) => {
    const names = allowed(column);
    const sets = Array.from({ length: 2 ** names.length }, (_, set) => names.filter((_name, i) => (set >> i) & 1));
    const whole = sets.filter((set) => set.every((name) => withCompanion(name).every((other) => set.includes(other))));
    return whole.map((set) => combination(column, set));
  });
}
