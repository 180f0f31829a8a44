import type { Samples } from "./samples.ts";
import type { Stage } from "./stage.ts";
import { fromSlab } from "./gate-slab.ts";

export type Cell = "rnn" | "rnn relu" | "lstm" | "gru" | "gru reset before";
export const cells: readonly Cell[] = ["rnn", "rnn relu", "lstm", "gru", "gru reset before"];

export function gatesOf(cell: Cell): number {
  return cell === "lstm" ? 4 : cell.startsWith("gru") ? 3 : 1;
}

/** One layer in one direction and everything that goes in, all in natural order; null stands for an absent argument. */
export interface LayerProblem {
  cell: Cell;
  reverse: boolean;
  /** Of each batch row, longest first. */
  lengths: number[];
  inputSize: number;
  hiddenSize: number;
  /** [N, I], packed rows */
  x: ArrayLike<number>;
  /** [G*H, I] and [G*H, H], gates in PyTorch's order */
  weightInput: ArrayLike<number>;
  weightHidden: ArrayLike<number>;
  /** [G*H] each */
  biasInput: ArrayLike<number> | null;
  biasHidden: ArrayLike<number> | null;
  /** [B, H] each; the cell only for LSTM */
  initialHidden: ArrayLike<number>;
  initialCell: ArrayLike<number>;
  /** [N, H], [B, H], [B, H] */
  gradOutput: ArrayLike<number> | null;
  gradFinalHidden: ArrayLike<number> | null;
  gradFinalCell: ArrayLike<number> | null;
}

/** How many rows run at each time step. */
export function batchSizesOf(lengths: number[]): number[] {
  return Array.from({ length: Math.max(0, ...lengths) }, (_, t) => lengths.filter((length) => length > t).length);
}

/** The packed row of every (batch row, time). */
export function packedRow(lengths: number[], batchRow: number, time: number): number {
  return (
    batchSizesOf(lengths)
      .slice(0, time)
      .reduce((sum, size) => sum + size, 0) + batchRow
  );
}

export function rowCount(lengths: number[]): number {
  return lengths.reduce((sum, length) => sum + length, 0);
}

export interface LayerShape {
  cell: Cell;
  lengths: number[];
  inputSize: number;
  hiddenSize: number;
  reverse?: boolean;
  bias?: boolean;
}

/** A layer with PyTorch's initial weights, U(-1/sqrt(H), 1/sqrt(H)), and inputs, states and gradients of size 1. */
export function layerProblem(samples: Samples, shape: LayerShape): LayerProblem {
  const { cell, lengths, inputSize, hiddenSize, reverse = false, bias = true } = shape;
  const width = gatesOf(cell) * hiddenSize;
  const [rows, batch] = [rowCount(lengths), lengths.length];
  const bound = 1 / Math.sqrt(hiddenSize);
  const weights = (count: number): Float64Array => samples.uniform(count, -bound, bound);
  return {
    cell,
    reverse,
    lengths,
    inputSize,
    hiddenSize,
    x: samples.normal(rows * inputSize),
    weightInput: weights(width * inputSize),
    weightHidden: weights(width * hiddenSize),
    biasInput: bias ? weights(width) : null,
    biasHidden: bias ? weights(width) : null,
    initialHidden: samples.normal(batch * hiddenSize),
    initialCell: samples.normal(batch * hiddenSize),
    gradOutput: samples.normal(rows * hiddenSize),
    gradFinalHidden: samples.normal(batch * hiddenSize),
    gradFinalCell: samples.normal(batch * hiddenSize),
  };
}

/** Where a layer's forward kernel left its results on the stage. */
export interface LayerRun {
  batchSizes: number;
  /** Offsets of x [N, xStride] and its stride. */
  x: number;
  xStride: number;
  output: number;
  finalHidden: number;
  finalCell: number;
  previousHidden: number;
  previousCell: number;
  candidate: number;
  gates: number;
}

export interface LayerOptions {
  /** Guards between the rows of x, output and gradOutput. */
  gap?: number;
  /** Final states replace the initial ones. */
  inPlace?: boolean;
}

/** Calls the cell's forward kernel with everything it needs packed first. */
export function runForward(
  stage: Stage,
  problem: LayerProblem,
  { gap = 0, inPlace = false }: LayerOptions = {},
): LayerRun {
  const { cell, lengths, inputSize, hiddenSize } = problem;
  const { set, kernels } = stage;
  const gates = gatesOf(cell);
  const [rows, batch] = [rowCount(lengths), lengths.length];
  const slabWidth = set.gateWidth(gates, hiddenSize);
  const resetAfter = cell === "gru" ? 1 : 0;

  const panels = (weight: ArrayLike<number>, inputs: number): number => {
    const offset = stage.room(1, set.gatePanelSize(gates, hiddenSize, inputs, 0));
    kernels.packGates({ panels: offset, weight: stage.floats(weight), gates, hiddenSize, inputs, transpose: 0 });
    return offset;
  };
  const biasInput = problem.biasInput ? stage.floats(problem.biasInput) : 0;
  const biasHidden = problem.biasHidden ? stage.floats(problem.biasHidden) : 0;
  let bias = 0;
  let hiddenBias = 0;
  if (biasInput || biasHidden) {
    bias = stage.room(1, slabWidth);
    const hiddenGates = resetAfter ? 2 : gates;
    kernels.packGateBias({ out: bias, biasInput, biasHidden, gates, hiddenSize, hiddenGates });
  }
  if (resetAfter && biasHidden) {
    hiddenBias = stage.room(1, set.gateWidth(1, hiddenSize));
    const ofCandidate = biasHidden + 2 * hiddenSize * set.bytesPerFloat;
    kernels.packGateBias({
      out: hiddenBias,
      biasInput: ofCandidate,
      biasHidden: 0,
      gates: 1,
      hiddenSize,
      hiddenGates: 0,
    });
  }

  const xStride = inputSize + gap;
  const outputStride = hiddenSize + gap;
  const initialHidden = stage.matrix(problem.initialHidden, batch, hiddenSize);
  const initialCell = cell === "lstm" ? stage.matrix(problem.initialCell, batch, hiddenSize) : 0;
  const run: LayerRun = {
    batchSizes: stage.ints(batchSizesOf(lengths)),
    x: stage.matrix(problem.x, rows, inputSize, xStride),
    xStride,
    output: stage.room(rows, hiddenSize, outputStride),
    finalHidden: inPlace ? initialHidden : stage.room(batch, hiddenSize),
    finalCell: cell !== "lstm" ? 0 : inPlace ? initialCell : stage.room(batch, hiddenSize),
    previousHidden: stage.room(rows, hiddenSize),
    previousCell: cell === "lstm" ? stage.room(rows, hiddenSize) : 0,
    candidate: cell.startsWith("gru") ? stage.room(rows, hiddenSize) : 0,
    gates: stage.room(rows, slabWidth),
  };
  const args = {
    x: run.x,
    inputPanels: panels(problem.weightInput, inputSize),
    hiddenPanels: panels(problem.weightHidden, hiddenSize),
    bias,
    initialHidden,
    batchSizes: run.batchSizes,
    output: run.output,
    finalHidden: run.finalHidden,
    previousHidden: run.previousHidden,
    gates: run.gates,
    xStride,
    outputStride,
    steps: Math.max(0, ...lengths),
    batch,
    rows,
    inputSize,
    hiddenSize,
    reverse: problem.reverse ? 1 : 0,
  };
  if (cell === "lstm") {
    const { finalCell, previousCell } = run;
    kernels.lstmForward({ ...args, initialCell, finalCell, previousCell });
  } else if (cell.startsWith("gru")) {
    kernels.gruForward({ ...args, hiddenBias, candidate: run.candidate, resetAfter });
  } else {
    kernels.rnnForward({ ...args, relu: cell === "rnn relu" ? 1 : 0 });
  }
  return run;
}

/** Every gradient of a layer, in natural order; `gates` is dL/d pre-activation [N, G*H]. */
export interface LayerGradients {
  gates: Float64Array;
  hiddenGates: Float64Array;
  x: Float64Array;
  weightInput: Float64Array;
  weightHidden: Float64Array;
  biasInput: Float64Array;
  biasHidden: Float64Array;
  initialHidden: Float64Array;
  initialCell: Float64Array;
  /** dL/dh and dL/dc of each step, [N, H]. */
  hiddenTap: Float64Array;
  cellTap: Float64Array;
}

/** Calls the cell's backward kernel, and from the slab it gives takes the gradients of input and parameters. */
export function runBackward(
  stage: Stage,
  problem: LayerProblem,
  run: LayerRun,
  { gap = 0 }: LayerOptions = {},
): LayerGradients {
  const { cell, lengths, inputSize, hiddenSize } = problem;
  const { set, kernels } = stage;
  const gates = gatesOf(cell);
  const [rows, batch] = [rowCount(lengths), lengths.length];
  const slabWidth = set.gateWidth(gates, hiddenSize);
  const resetAfter = cell === "gru" ? 1 : 0;

  const panels = (weight: ArrayLike<number>, inputs: number): number => {
    const offset = stage.room(1, set.gatePanelSize(gates, hiddenSize, inputs, 1));
    kernels.packGates({ panels: offset, weight: stage.floats(weight), gates, hiddenSize, inputs, transpose: 1 });
    return offset;
  };
  const state = (gradient: ArrayLike<number> | null): number => {
    return gradient ? stage.matrix(gradient, batch, hiddenSize) : 0;
  };
  const gradOutputStride = hiddenSize + gap;
  const gateGradients = stage.room(rows, slabWidth);
  const hiddenGateGradients = resetAfter ? stage.room(rows, slabWidth) : 0;
  const gradInitialHidden = stage.room(batch, hiddenSize);
  const gradInitialCell = cell === "lstm" ? stage.room(batch, hiddenSize) : 0;
  const hiddenTap = stage.room(rows, hiddenSize);
  const cellTap = cell === "lstm" ? stage.room(rows, hiddenSize) : 0;
  const args = {
    gradOutput: problem.gradOutput ? stage.matrix(problem.gradOutput, rows, hiddenSize, gradOutputStride) : 0,
    gradFinalHidden: state(problem.gradFinalHidden),
    hiddenPanels: panels(problem.weightHidden, hiddenSize),
    batchSizes: run.batchSizes,
    gates: run.gates,
    gateGradients,
    gradInitialHidden,
    hiddenTap,
    gradOutputStride,
    steps: Math.max(0, ...lengths),
    batch,
    rows,
    hiddenSize,
    reverse: problem.reverse ? 1 : 0,
  };
  if (cell === "lstm") {
    const gradFinalCell = state(problem.gradFinalCell);
    kernels.lstmBackward({ ...args, gradFinalCell, previousCell: run.previousCell, gradInitialCell, cellTap });
  } else if (cell.startsWith("gru")) {
    const { previousHidden, candidate } = run;
    kernels.gruBackward({ ...args, previousHidden, candidate, hiddenGateGradients, resetAfter });
  } else {
    kernels.rnnBackward({ ...args, relu: cell === "rnn relu" ? 1 : 0 });
  }

  const gradX = stage.room(rows, inputSize);
  kernels.gemmPacked({
    c: gradX,
    a: gateGradients,
    panels: panels(problem.weightInput, inputSize),
    bias: 0,
    m: rows,
    n: inputSize,
    k: slabWidth,
    cStride: inputSize,
    aStride: slabWidth,
    accumulate: 0,
  });

  const weightGradient = (
    gradWeight: number,
    slab: number,
    [x, xStride, inputs]: [x: number, xStride: number, inputs: number],
    [firstGate, gateCount]: [firstGate: number, gateCount: number],
  ): void => {
    kernels.gateWeightGradient({
      gradWeight,
      gateGradients: slab,
      x,
      xStride,
      rows,
      gates,
      hiddenSize,
      inputs,
      firstGate,
      gateCount,
      accumulate: 0,
    });
  };
  const biasGradient = (slab: number): number => {
    const gradBias = stage.room(gates * hiddenSize);
    kernels.gateBiasGradient({ gradBias, gateGradients: slab, rows, gates, hiddenSize, accumulate: 0 });
    return gradBias;
  };
  const seenByHidden = hiddenGateGradients || gateGradients;
  const weightInput = stage.room(gates * hiddenSize, inputSize);
  const weightHidden = stage.room(gates * hiddenSize, hiddenSize);
  const fromHidden: [number, number, number] = [run.previousHidden, hiddenSize, hiddenSize];
  weightGradient(weightInput, gateGradients, [run.x, run.xStride, inputSize], [0, gates]);
  if (cell === "gru reset before") {
    weightGradient(weightHidden, gateGradients, fromHidden, [0, 2]);
    weightGradient(weightHidden, gateGradients, [run.candidate, hiddenSize, hiddenSize], [2, 1]);
  } else {
    weightGradient(weightHidden, seenByHidden, fromHidden, [0, gates]);
  }

  const shape = { rows, gates, hiddenSize };
  return {
    gates: fromSlab(stage, shape, gateGradients),
    hiddenGates: fromSlab(stage, shape, seenByHidden),
    x: stage.read(gradX),
    weightInput: stage.read(weightInput),
    weightHidden: stage.read(weightHidden),
    biasInput: stage.read(biasGradient(gateGradients)),
    biasHidden: stage.read(biasGradient(seenByHidden)),
    initialHidden: stage.read(gradInitialHidden),
    initialCell: gradInitialCell ? stage.read(gradInitialCell) : new Float64Array(0),
    hiddenTap: stage.read(hiddenTap),
    cellTap: cellTap ? stage.read(cellTap) : new Float64Array(0),
  };
}
