import type { KernelArguments, Kernels } from "../../kernels/kernels.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";

/** Recurrences with kernels of their own. */
type Fused = { kind: "rnn"; nonlinearity: "tanh" | "relu" } | { kind: "lstm" } | { kind: "gru"; resetAfter: boolean };

/** Options inside a cell; a cell that has any runs as products and a pointwise function (kernel cellForward). */
export interface CellFeatures {
  layerNorm: boolean;
  recurrentDropout: number;
  /** Width P of h; 0: that of the cell. */
  projection: number;
  peepholes: boolean;
  coupledGates: boolean;
}

/** A recurrence without options, in one fused kernel. */
export type PlainCell = Fused & { features?: undefined };

/** Which recurrence: its gates and options. */
export type Cell = (Fused | { kind: "mingru" } | { kind: "minlstm" }) & { features?: CellFeatures };

export function isPlain(cell: Cell): cell is PlainCell {
  return cell.features === undefined && cell.kind !== "mingru" && cell.kind !== "minlstm";
}

/** Number of gates G: an input weight has G*H rows. */
export function gateCount(cell: Cell): number {
  if (cell.features?.coupledGates) return 3;
  return { rnn: 1, lstm: 4, gru: 3, mingru: 2, minlstm: 3 }[cell.kind];
}

/** How many leading gates have both biases added to one another before the recurrence. */
export function sharedBiasGates(cell: PlainCell): number {
  return cell.kind === "gru" && cell.resetAfter ? 2 : gateCount(cell);
}

/** Sizes that all kernel calls of one layer and direction share. */
export interface LayerSizes {
  steps: number;
  batch: number;
  rows: number;
  hiddenSize: number;
  reverse: number;
}

/** What the forward kernel of one layer and direction keeps for the way back. */
export interface Slabs {
  gates: Tensor;
  /** h before each step, [N, H]. */
  previousHidden: Tensor;
  /** LSTM: c before each step, [N, H]. */
  previousCell: Tensor | null;
  /** GRU: the hidden part of the candidate gate, or r*h, [N, H]. */
  candidate: Tensor | null;
}

export function allocateSlabs(cell: PlainCell, rows: number, hiddenSize: number, gateWidth: number): Slabs {
  return {
    gates: empty([rows, gateWidth]),
    previousHidden: empty([rows, hiddenSize]),
    previousCell: cell.kind === "lstm" ? empty([rows, hiddenSize]) : null,
    candidate: cell.kind === "gru" ? empty([rows, hiddenSize]) : null,
  };
}

/** Heap offsets of one forward call; 0 stands for absent. */
export interface ForwardCall {
  x: number;
  xStride: number;
  inputSize: number;
  inputPanels: number;
  hiddenPanels: number;
  bias: number;
  hiddenBias: number;
  initialHidden: number;
  initialCell: number;
  batchSizes: number;
  output: number;
  outputStride: number;
  finalHidden: number;
  finalCell: number;
}

type AnyForward = KernelArguments<"rnnForward"> & KernelArguments<"lstmForward"> & KernelArguments<"gruForward">;
/** What the forward kernel of any cell takes; each reads its own. */
export type ForwardArguments = { -readonly [A in keyof AnyForward]: number };

/**
 * The arguments of one forward call. Written out, not spread: a call of one step is so short that even this shows.
 */
export function forwardArguments(
  cell: PlainCell,
  call: ForwardCall,
  slabs: Slabs,
  sizes: LayerSizes,
): ForwardArguments {
  return {
    x: call.x,
    inputPanels: call.inputPanels,
    hiddenPanels: call.hiddenPanels,
    bias: call.bias,
    hiddenBias: call.hiddenBias,
    initialHidden: call.initialHidden,
    initialCell: call.initialCell,
    batchSizes: call.batchSizes,
    output: call.output,
    finalHidden: call.finalHidden,
    finalCell: call.finalCell,
    previousHidden: slabs.previousHidden.offset,
    previousCell: slabs.previousCell ? slabs.previousCell.offset : 0,
    candidate: slabs.candidate ? slabs.candidate.offset : 0,
    gates: slabs.gates.offset,
    xStride: call.xStride,
    outputStride: call.outputStride,
    steps: sizes.steps,
    batch: sizes.batch,
    rows: sizes.rows,
    inputSize: call.inputSize,
    hiddenSize: sizes.hiddenSize,
    reverse: sizes.reverse,
    relu: Number(cell.kind === "rnn" && cell.nonlinearity === "relu"),
    resetAfter: Number(cell.kind === "gru" && cell.resetAfter),
  };
}

/** Runs one layer and direction over all time steps. */
export function runForward(kernels: Kernels, cell: PlainCell, args: ForwardArguments): void {
  switch (cell.kind) {
    case "rnn":
      return kernels.rnnForward(args);
    case "lstm":
      return kernels.lstmForward(args);
    case "gru":
      return kernels.gruForward(args);
  }
}

/** Heap offsets of one backward call; 0 stands for absent. */
export interface BackwardCall {
  gradOutput: number;
  gradOutputStride: number;
  gradFinalHidden: number;
  gradFinalCell: number;
  hiddenPanels: number;
  batchSizes: number;
  gradInitialHidden: number;
  gradInitialCell: number;
  /** Where inspection wants all of dL/dh and dL/dc of each step, [N, H]. */
  hiddenTap: number;
  cellTap: number;
}

/** Gradients of the pre-activations: of the input's side, and of the hidden side where that differs. */
export interface GateGradients {
  input: Tensor;
  hidden: Tensor;
}

/** Goes back through all time steps of one layer and direction. */
export function runBackward(
  kernels: Kernels,
  cell: PlainCell,
  call: BackwardCall,
  slabs: Slabs,
  sizes: LayerSizes,
): GateGradients {
  const { gradFinalCell, gradInitialCell, cellTap, ...common } = call;
  const input = empty(slabs.gates.shape);
  const all = { ...common, ...sizes, gates: slabs.gates.offset, gateGradients: input.offset };
  switch (cell.kind) {
    case "rnn":
      kernels.rnnBackward({ ...all, relu: Number(cell.nonlinearity === "relu") });
      return { input, hidden: input };
    case "lstm":
      kernels.lstmBackward({
        ...all,
        gradFinalCell,
        gradInitialCell,
        cellTap,
        previousCell: slabs.previousCell!.offset,
      });
      return { input, hidden: input };
    case "gru": {
      const hidden = cell.resetAfter ? empty(slabs.gates.shape) : null;
      kernels.gruBackward({
        ...all,
        previousHidden: slabs.previousHidden.offset,
        candidate: slabs.candidate!.offset,
        hiddenGateGradients: hidden?.offset ?? 0,
        resetAfter: Number(cell.resetAfter),
      });
      return { input, hidden: hidden ?? input };
    }
  }
}

/** One product of the hidden weight's gradient: which gates' rows, from which rows of hidden values. */
export interface HiddenProduct {
  values: Tensor;
  firstGate: number;
  gateCount: number;
}

/** What the hidden weight's rows were multiplied with: h before the step, or r*h for the candidate of Cho's GRU. */
export function hiddenProducts(cell: PlainCell, slabs: Slabs): HiddenProduct[] {
  if (cell.kind !== "gru" || cell.resetAfter) {
    return [{ values: slabs.previousHidden, firstGate: 0, gateCount: gateCount(cell) }];
  }
  return [
    { values: slabs.previousHidden, firstGate: 0, gateCount: 2 },
    { values: slabs.candidate!, firstGate: 2, gateCount: 1 },
  ];
}
