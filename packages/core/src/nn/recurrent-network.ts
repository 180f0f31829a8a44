import { HiddenstateError } from "../errors.ts";
import type { Tensor } from "../memory/tensor.ts";
import { type CellChoice, type CellKind, refuseOptionsOfOtherCells } from "./cell-choice.ts";
import { refuseOptionsOf } from "./cell-options.ts";
import { GRU } from "./gru.ts";
import { LSTM } from "./lstm.ts";
import { MinGRU } from "./min-gru.ts";
import { MinLSTM } from "./min-lstm.ts";
import type { Module } from "./module.ts";
import type { ForwardOptions, RecurrentOptions, RecurrentState } from "./recurrent-options.ts";
import { classNames, type RecurrentNetwork } from "./recurrent.ts";
import { RNN } from "./rnn.ts";
import { Transformer } from "./transformer.ts";

/** Options of a network whose cell is chosen by name. */
export type RecurrentNetworkOptions = RecurrentOptions & CellChoice & { cell: CellKind };

/**
 * Makes a recurrent network of the chosen cell.
 * @throws HiddenstateError `unsupported` for a Transformer, which is none of them; `mismatch` for what belongs to another cell
 */
export function recurrentNetwork(options: RecurrentNetworkOptions): RecurrentNetwork<RecurrentState> {
  if (options.cell !== "transformer") refuseOptionsOfOtherCells(`new ${classNames[options.cell]}`, options);
  const { cell, nonlinearity, resetAfter, heads: _, positions: __, ...common } = options;
  switch (cell) {
    case "rnn":
      return new RNN({ ...common, nonlinearity });
    case "lstm":
      return new LSTM(common);
    case "gru":
      return new GRU({ ...common, resetAfter });
    case "mingru":
      return new MinGRU(common);
    case "minlstm":
      return new MinLSTM(common);
    case "transformer":
      throw new HiddenstateError("unsupported", "unsupported cell transformer: this model needs a recurrent one");
  }
}

/** What a recurrent network and a Transformer have in common: for models that take either. */
export interface SequenceNetwork extends Module {
  /** 2 where two networks read in both directions, and outputs stand side by side. */
  readonly directions: 1 | 2;
  /** Width of the output. */
  readonly outputSize: number;
  forward(x: Tensor, options?: ForwardOptions<RecurrentState>): { output: Tensor; state: RecurrentState };
  step(x: Tensor, state?: RecurrentState): { output: Tensor; state: RecurrentState };
}

/** Makes a recurrent network or a Transformer, which looks both ways where others are bidirectional. */
export function sequenceNetwork(options: RecurrentNetworkOptions): SequenceNetwork {
  if (options.cell !== "transformer") return recurrentNetwork(options);
  refuseOptionsOfOtherCells("new Transformer", options);
  refuseOptionsOf("new Transformer", "transformer", options);
  const { inputSize, hiddenSize, layers, dropout, heads, positions, batchFirst, bidirectional = false, name } = options;
  const sizes = { inputSize, hiddenSize, layers, dropout, heads, positions, batchFirst, name };
  return new Transformer({ ...sizes, causal: !bidirectional });
}

/** The name of the part of a model that is such a network, in the names of its parameters. */
export function networkPart(cell: CellKind): "rnn" | "transformer" {
  return cell === "transformer" ? "transformer" : "rnn";
}
