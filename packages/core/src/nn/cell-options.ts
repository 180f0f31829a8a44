import type { Cell, CellFeatures } from "../autograd/ops/cells.ts";
import { HiddenstateError, shown } from "../errors.ts";
import type { OptionRules } from "../options.ts";

/** What a recurrence may have beyond its plain form. Which cells may have which stands in `cellOptionTable`. */
export interface CellOptions {
  /** Normalises the gates' input and hidden parts, and an LSTM's cell state (Ba, Kiros & Hinton 2016). Default false. */
  layerNorm?: boolean;
  /**
   * Share of what is written to the state that is dropped while training, anew at each step, so that nothing remembered is lost (Semeniuta,
   * Severyn & Barth 2016). Default 0.
   */
  recurrentDropout?: number;
  /**
   * Recurrent dropout with one mask for the whole of a sequence, the same at every step, as in Gal & Ghahramani 2016; a sequence is what one
   * `forward` reads. Not for a `step` while training. Default false.
   */
  variational?: boolean;
  /** Width P of h, below `hiddenSize`, which is then that of the cell alone (LSTMP: Sak, Senior & Beaufays 2014); 0: none. Default 0. */
  projection?: number;
  /** The gates see the cell state, each unit its own (Gers & Schmidhuber 2000). Default false. */
  peepholes?: boolean;
  /** What is written is what was forgotten: i = 1 - f (Greff et al. 2017). Default false. */
  coupledGates?: boolean;
  /** The state to start from is learned, instead of 0. Default false. */
  learnedState?: boolean;
  /** Each layer above the first adds what it reads to what it gives (He et al. 2016; Wu et al. 2016). Default false. */
  residual?: boolean;
}

/** The rules behind `CellOptions`. */
export const cellOptionRules: OptionRules<CellOptions> = {
  layerNorm: { type: "boolean", default: false },
  recurrentDropout: { type: "number", min: 0, below: 1, default: 0 },
  variational: { type: "boolean", default: false },
  projection: { type: "integer", min: 0, default: 0 },
  peepholes: { type: "boolean", default: false },
  coupledGates: { type: "boolean", default: false },
  learnedState: { type: "boolean", default: false },
  residual: { type: "boolean", default: false },
};

/** A recurrence as the table of options tells them apart. */
export type CellColumn = "rnn" | "lstm" | "gru" | "gru, reset before" | "mingru" | "minlstm" | "transformer";

const noCell = "it has no cell state beside h for its gates to look at";
const noWiderCell = "h is all of its state, so a narrower h is a smaller hiddenSize";
const noGates = "it has no gates";
const noRecurrence = "it has no recurrence";
const coupledAlready = "what it writes is what it lets go of already";
const twoProducts =
  "its candidate multiplies U with r * h: there is no U h as a whole to keep apart; use resetAfter: true";

const recurrentDropoutOf: Readonly<Record<CellColumn, true | string>> = {
  rnn: "what it writes is all of its state, so dropping that is dropping its memory",
  lstm: true,
  gru: true,
  "gru, reset before": twoProducts,
  mingru: true,
  minlstm: true,
  transformer: noRecurrence,
};

/**
 * Which cell may have which option: true, or the reason why not. Options that are allowed are allowed together, with any number of
 * layers (residual: two or more; variational: beside recurrentDropout), in one or two directions, with lengths, recomputing and streams. Weights of 8 bits need a plain
 * cell: of these options they go with learnedState and residual only.
 */
export const cellOptionTable: {
  readonly [O in keyof Required<CellOptions>]: Readonly<Record<CellColumn, true | string>>;
} = {
  layerNorm: {
    rnn: true,
    lstm: true,
    gru: true,
    "gru, reset before": twoProducts,
    mingru: true,
    minlstm: true,
    transformer: "its layers are normalised as they are",
  },
  recurrentDropout: recurrentDropoutOf,
  variational: recurrentDropoutOf,
  projection: {
    rnn: noWiderCell,
    lstm: true,
    gru: noWiderCell,
    "gru, reset before": noWiderCell,
    mingru: noWiderCell,
    minlstm: noWiderCell,
    transformer: noRecurrence,
  },
  peepholes: {
    rnn: noCell,
    lstm: true,
    gru: noCell,
    "gru, reset before": noCell,
    mingru: noCell,
    minlstm: noCell,
    transformer: noGates,
  },
  coupledGates: {
    rnn: noGates,
    lstm: true,
    gru: coupledAlready,
    "gru, reset before": coupledAlready,
    mingru: coupledAlready,
    minlstm: coupledAlready,
    transformer: noGates,
  },
  learnedState: {
    rnn: true,
    lstm: true,
    gru: true,
    "gru, reset before": true,
    mingru: true,
    minlstm: true,
    transformer: "it starts from no steps read: there is nothing to learn",
  },
  residual: {
    rnn: true,
    lstm: true,
    gru: true,
    "gru, reset before": true,
    mingru: true,
    minlstm: true,
    transformer: "its layers are connected so as they are",
  },
};

/** The column of a cell in the table. */
function cellColumn(cell: Cell): CellColumn {
  return cell.kind === "gru" && !cell.resetAfter ? "gru, reset before" : cell.kind;
}

/**
 * @throws HiddenstateError `unsupported` for an option that the cell does not have, with the reason, and for one that would do nothing;
 *   `invalid` for a projection that is none
 */
export function checkCellOptions(
  where: string,
  cell: Cell,
  options: Required<CellOptions> & { hiddenSize: number; layers: number },
): void {
  refuseOptionsOf(where, cellColumn(cell), options);
  if (options.residual && options.layers === 1) {
    throw new HiddenstateError(
      "unsupported",
      `${where}: unsupported residual with one layer: it connects layers; leave it out, or use layers 2 or more`,
    );
  }
  if (options.variational && options.recurrentDropout === 0) {
    throw new HiddenstateError(
      "unsupported",
      `${where}: unsupported variational without recurrentDropout: it says how long a mask lasts, and there is none; leave it out, or give ` +
        "recurrentDropout a share above 0",
    );
  }
  if (options.projection >= options.hiddenSize) {
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid projection: got ${shown(options.projection)}, expected a width below hiddenSize ${options.hiddenSize}`,
    );
  }
}

/** @throws HiddenstateError `unsupported` for an option that the table does not allow, with the reason */
export function refuseOptionsOf(where: string, column: CellColumn, options: CellOptions): void {
  for (const option of Object.keys(cellOptionTable) as (keyof CellOptions)[]) {
    const verdict = cellOptionTable[option][column];
    if (!options[option] || verdict === true) continue;
    throw new HiddenstateError(
      "unsupported",
      `${where}: unsupported ${option} with cell ${column}: ${verdict}; leave ${option} out`,
    );
  }
}

/** The options that act inside the cell, or undefined where there are none and the plain cell's kernels do. */
export function cellFeatures(options: Required<CellOptions>): CellFeatures | undefined {
  const { layerNorm, recurrentDropout, projection, peepholes, coupledGates } = options;
  if (!layerNorm && !recurrentDropout && !projection && !peepholes && !coupledGates) return undefined;
  return { layerNorm, recurrentDropout, projection, peepholes, coupledGates };
}
