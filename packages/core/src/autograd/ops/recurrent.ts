import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import type { BackwardPass, GradientTarget } from "../backward.ts";
import { copyDense } from "../copy.ts";
import { record, recordsFor } from "../tape.ts";
import {
  allocateSlabs,
  type ForwardCall,
  type PlainCell,
  forwardArguments,
  gateCount,
  type LayerSizes,
  runBackward,
  runForward,
  type Slabs,
} from "./cells.ts";
import type { PackedRows } from "./packed-rows.ts";
import { runInChunks } from "./recurrent-chunks.ts";
import {
  addWeightGradients,
  type DirectionWeights,
  gateBiases,
  gatePanels,
  weightTensors,
} from "./recurrent-weights.ts";

/** The state of one layer, [D, B, H] each; c for the LSTM only. */
export interface LayerState {
  h: Tensor;
  c: Tensor | null;
}

/** What every forward kernel keeps: the slab of activated gates, and the state before each step. */
export type KeptStates = Pick<Slabs, "gates" | "previousHidden" | "previousCell">;

/** Who looks at a layer while it runs: inspection. Off the tape there is no way back, so nothing of it is asked for. */
export interface LayerObserver {
  /** A direction has run forward. What the kernel kept ends with the operation: copy what is to stay. */
  ran(direction: number, kept: KeptStates, final: LayerState): void;
  /** Where the way back is to write all of dL/dh and dL/dc of each step, [N, H] each; asked for as it begins. */
  gradients(direction: number): { hidden: Tensor; cell: Tensor | null };
}

/**
 * One recurrent layer over packed rows, in one or two directions: see the kernels rnnForward, lstmForward and gruForward in
 * kernels/signatures/recurrences.ts for the equations.
 *
 * @param x [N, I]
 * @param state the initial state
 * @param directions the weights, forward first
 * @param observer looks at what the kernels keep and at the gradients of every step
 * @returns output [N, D*H] and the final state
 */
export function recurrentLayer(
  cell: PlainCell,
  x: Tensor,
  packedRows: PackedRows,
  state: LayerState,
  directions: readonly DirectionWeights[],
  observer: LayerObserver | null = null,
): { output: Tensor; state: LayerState } {
  const { kernelSet } = runtime();
  const { batchSizes, batch, rows } = packedRows;
  const gates = gateCount(cell);
  const hiddenSize = state.h.shape[2];
  const inputSize = x.shape[1];
  const outputStride = directions.length * hiddenSize;
  const output = empty([rows, outputStride]);
  const final: LayerState = { h: empty(state.h.shape), c: state.c && empty(state.c.shape) };

  const inputs = [x, state.h, ...(state.c ? [state.c] : []), ...directions.flatMap(weightTensors)];

  const calls = directions.map((weights, d): ForwardCall => {
    const { bias, hiddenBias } = gateBiases(cell, weights);
    const wide = d * hiddenSize * kernelSet.bytesPerFloat;
    const deep = batch * wide;
    return {
      x: x.offset,
      xStride: inputSize,
      inputSize,
      inputPanels: gatePanels(weights.weightIh, gates, 0),
      hiddenPanels: gatePanels(weights.weightHh, gates, 0),
      bias,
      hiddenBias,
      initialHidden: state.h.offset + deep,
      initialCell: state.c ? state.c.offset + deep : 0,
      batchSizes: batchSizes.offset,
      output: output.offset + wide,
      outputStride,
      finalHidden: final.h.offset + deep,
      finalCell: final.c ? final.c.offset + deep : 0,
    };
  });
  if (!observer && !recordsFor(inputs)) {
    calls.forEach((call, d) => runInChunks(cell, call, packedRows, hiddenSize, d));
    return { output, state: final };
  }
  const slabs = calls.map((call, d) => {
    const kept = allocateSlabs(cell, rows, hiddenSize, kernelSet.gateWidth(gates, hiddenSize));
    runForward(kernelSet.kernels, cell, forwardArguments(cell, call, kept, sizes(packedRows, hiddenSize, d)));
    observer?.ran(d, kept, final);
    return kept;
  });

  record({
    name: `${cell.kind} layer`,
    inputs,
    outputs: [output, final.h, ...(final.c ? [final.c] : [])],
    saved: slabs.flatMap((kept) => Object.values(kept).filter((tensor) => tensor !== null)),
    backward: (pass) => {
      const toHidden = pass.target(state.h);
      const toCell = state.c && pass.target(state.c);
      directions.forEach((weights, d) => {
        backThroughDirection(pass, cell, x, packedRows, weights, slabs[d], d, {
          output,
          final,
          initial: state,
          toHidden,
          toCell,
          taps: observer?.gradients(d) ?? null,
        });
      });
    },
  });
  return { output, state: final };
}

interface StateGradients {
  output: Tensor;
  final: LayerState;
  initial: LayerState;
  toHidden: GradientTarget | null;
  toCell: GradientTarget | null;
  taps: { hidden: Tensor; cell: Tensor | null } | null;
}

function backThroughDirection(
  pass: BackwardPass,
  cell: PlainCell,
  x: Tensor,
  packedRows: PackedRows,
  weights: DirectionWeights,
  slabs: Slabs,
  d: number,
  { output, final, initial, toHidden, toCell, taps }: StateGradients,
): void {
  const { kernelSet } = runtime();
  const { kernels, bytesPerFloat } = kernelSet;
  const gates = gateCount(cell);
  const [, batch, hiddenSize] = initial.h.shape as [number, number, number];
  const wide = d * hiddenSize * bytesPerFloat;
  const deep = batch * wide;
  const gradOutput = pass.gradient(output);
  const gradFinalHidden = pass.gradient(final.h);
  const gradFinalCell = final.c ? pass.gradient(final.c) : 0;
  const gradHidden = empty([batch, hiddenSize]);
  const gradCell = initial.c && empty([batch, hiddenSize]);

  const gateGradients = runBackward(
    kernels,
    cell,
    {
      gradOutput: gradOutput && gradOutput + wide,
      gradOutputStride: output.shape[1],
      gradFinalHidden: gradFinalHidden && gradFinalHidden + deep,
      gradFinalCell: gradFinalCell && gradFinalCell + deep,
      hiddenPanels: gatePanels(weights.weightHh, gates, 1),
      batchSizes: packedRows.batchSizes.offset,
      gradInitialHidden: gradHidden.offset,
      gradInitialCell: gradCell?.offset ?? 0,
      hiddenTap: taps?.hidden.offset ?? 0,
      cellTap: taps?.cell?.offset ?? 0,
    },
    slabs,
    sizes(packedRows, hiddenSize, d),
  );

  for (const [gradient, target] of [
    [gradHidden, toHidden],
    [gradCell, toCell],
  ] as const) {
    if (gradient && target) copyDense(target.offset + deep, gradient.offset, gradient.size, target.accumulate);
    gradient?.end();
  }
  const toX = pass.target(x);
  if (toX) {
    const k = kernelSet.gateWidth(gates, hiddenSize);
    kernels.gemmPacked({
      c: toX.offset,
      accumulate: toX.accumulate,
      a: gateGradients.input.offset,
      panels: gatePanels(weights.weightIh, gates, 1),
      bias: 0,
      m: packedRows.rows,
      n: x.shape[1],
      k,
      cStride: x.shape[1],
      aStride: k,
    });
  }
  addWeightGradients(pass, cell, weights, x, slabs, gateGradients, packedRows.steps);
  gateGradients.input.end();
  gateGradients.hidden.end();
}

function sizes({ steps, batch, rows }: PackedRows, hiddenSize: number, direction: number): LayerSizes {
  return { steps, batch, rows, hiddenSize, reverse: direction };
}
