import type { KernelArguments, KernelName } from "../../kernels/kernels.ts";
import { recurrenceKinds } from "../../kernels/signatures/cells.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import { type CellWeights, cellSizes, hiddenApart, packedWeights } from "./cell-weights.ts";
import type { Cell } from "./cells.ts";

/** Added to the variance where gates or cells are normalised. */
const epsilon = 1e-5;

/** What a forward pass of one layer and direction keeps for the way back: N rows each. */
export interface CellSlabs {
  gates: Tensor;
  /** h [N, P] and (LSTM) c [N, H] before each step. */
  previousHidden: Tensor;
  previousCell: Tensor | null;
  /** The hidden part of the pre-activations, normalised where it is; and its scales. */
  hidden: Tensor | null;
  scales: Tensor | null;
  inputNormalized: Tensor | null;
  inputScales: Tensor | null;
  normalizedCell: Tensor | null;
  cellScales: Tensor | null;
  /** What is projected. */
  cellOutput: Tensor | null;
}

/** @param keepsInputs whether the normalised input's part is kept: only a way back needs it */
export function allocateCellSlabs(cell: Cell, weights: CellWeights, rows: number, keepsInputs: boolean): CellSlabs {
  const { gates, hiddenSize } = cellSizes(cell, weights);
  const outputSize = outputSizeOf(cell, weights);
  const width = runtime().kernelSet.gateWidth(gates, hiddenSize);
  const when = (wanted: unknown, ...shape: number[]): Tensor | null => (wanted ? empty(shape) : null);
  const ofCell = cell.kind === "lstm" && weights.normCell;
  return {
    gates: empty([rows, width]),
    previousHidden: empty([rows, outputSize]),
    previousCell: when(cell.kind === "lstm", rows, hiddenSize),
    hidden: when(hiddenApart(cell), rows, width),
    scales: when(weights.normHh, rows),
    inputNormalized: when(weights.normIh && keepsInputs, rows, width),
    inputScales: when(weights.normIh && keepsInputs, rows),
    normalizedCell: when(ofCell, rows, hiddenSize),
    cellScales: when(ofCell, rows),
    cellOutput: when(weights.weightHr, rows, hiddenSize),
  };
}

/** P: the width of h. */
export function outputSizeOf(cell: Cell, weights: CellWeights): number {
  return weights.weightHr?.shape[0] ?? cellSizes(cell, weights).hiddenSize;
}

/** Heap offsets and sizes of one forward call; 0 stands for absent. */
export interface CellCall {
  /** [rows, inputSize] */
  x: number;
  mask: number;
  initialHidden: number;
  initialCell: number;
  finalHidden: number;
  finalCell: number;
  output: number;
  outputStride: number;
  batchSizes: number;
  steps: number;
  batch: number;
  rows: number;
  reverse: number;
}

type Changeable<K extends KernelName> = { -readonly [A in keyof KernelArguments<K>]: number };

/** The kernel calls of one forward pass. Streams make them once and change the places. */
export interface CellCalls {
  project: Changeable<"gemmPacked">;
  normalize: Changeable<"layerNorm"> | null;
  walk: Changeable<"cellForward">;
}

/**
 * One layer and direction over all time steps: the input's part of the pre-activations as one product over all rows, normalised where it
 * is, and then the recurrence.
 */
export function cellCalls(cell: Cell, weights: CellWeights, slabs: CellSlabs, { x, ...call }: CellCall): CellCalls {
  const { gates, hiddenSize } = cellSizes(cell, weights);
  const { inputPanels, inputBias, inputGain, ...packed } = packedWeights(cell, weights);
  const width = runtime().kernelSet.gateWidth(gates, hiddenSize);
  const inputSize = weights.weightIh.shape[1];
  const { rows } = call;
  const at = (tensor: Tensor | null): number => tensor?.offset ?? 0;
  const slab = slabs.gates.offset;
  return {
    project: {
      c: slab,
      a: x,
      panels: inputPanels,
      bias: inputGain ? 0 : inputBias,
      m: rows,
      n: width,
      k: inputSize,
      cStride: width,
      aStride: inputSize,
      accumulate: 0,
    },
    normalize: inputGain
      ? {
          out: slab,
          normalized: at(slabs.inputNormalized),
          scales: at(slabs.inputScales),
          x: slab,
          gain: inputGain,
          shift: inputBias,
          rows,
          width: hiddenSize,
          gates,
          epsilon,
        }
      : null,
    walk: {
      ...call,
      ...packed,
      gates: slab,
      hidden: at(slabs.hidden),
      scales: at(slabs.scales),
      normalizedCell: at(slabs.normalizedCell),
      cellScales: at(slabs.cellScales),
      cellOutput: at(slabs.cellOutput),
      previousHidden: slabs.previousHidden.offset,
      previousCell: at(slabs.previousCell),
      kind: kernelKind(cell),
      hiddenSize,
      outputSize: outputSizeOf(cell, weights),
      epsilon,
    },
  };
}

export function runCell({ project, normalize, walk }: CellCalls): void {
  const { kernels } = runtime().kernelSet;
  kernels.gemmPacked(project);
  if (normalize) kernels.layerNorm(normalize);
  kernels.cellForward(walk);
}

/** The recurrence's index in the kernels. */
export function kernelKind(cell: Cell): number {
  const name =
    cell.kind === "rnn" ? cell.nonlinearity : cell.features?.coupledGates ? ("coupledLstm" as const) : cell.kind;
  return recurrenceKinds.indexOf(name);
}
