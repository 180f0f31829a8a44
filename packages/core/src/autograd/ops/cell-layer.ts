import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import type { BackwardPass, GradientTarget } from "../backward.ts";
import { copyDense } from "../copy.ts";
import { record, recordsFor } from "../tape.ts";
import { runCellInChunks } from "./cell-chunks.ts";
import {
  allocateCellSlabs,
  type CellCall,
  cellCalls,
  type CellSlabs,
  kernelKind,
  outputSizeOf,
  runCell,
} from "./cell-forward.ts";
import { type CellWeights, cellSizes, cellTensors, packedWeights } from "./cell-weights.ts";
import type { Cell } from "./cells.ts";
import { linearPanels } from "./linear.ts";
import type { PackedRows } from "./packed-rows.ts";
import { gatePanels } from "./recurrent-weights.ts";
import type { LayerObserver, LayerState } from "./recurrent.ts";
import { addRowGradients, type RowGradient } from "./row-gradients.ts";

/**
 * One layer of a recurrence with options, or whose gates do not see the state, over packed rows, in one or two directions: products over
 * all rows at once and the kernel cellForward, whose equations are in kernels/signatures/cells.ts.
 *
 * @param x [N, I]
 * @param state the initial state
 * @param directions the weights, forward first
 * @param masks for each direction what each written value is multiplied with, [N, H]; they end with the operation; null: nothing
 * @param observer looks at what the kernels keep and at the gradients of every step
 * @returns output [N, D*P] and the final state
 */
export function cellLayer(
  cell: Cell,
  x: Tensor,
  packedRows: PackedRows,
  state: LayerState,
  directions: readonly CellWeights[],
  masks: readonly Tensor[] | null = null,
  observer: LayerObserver | null = null,
): { output: Tensor; state: LayerState } {
  const { bytesPerFloat } = runtime().kernelSet;
  const { batchSizes, steps, batch, rows } = packedRows;
  const outputSize = outputSizeOf(cell, directions[0]);
  const outputStride = directions.length * outputSize;
  const output = empty([rows, outputStride]);
  const final: LayerState = { h: empty(state.h.shape), c: state.c && empty(state.c.shape) };
  const inputs = [x, state.h, ...(state.c ? [state.c] : []), ...directions.flatMap(cellTensors)];
  const taped = recordsFor(inputs);

  const calls = directions.map((_, d): CellCall => {
    const deep = (part: Tensor | null): number => (part ? part.offset + directionOffset(part, d) : 0);
    return {
      x: x.offset,
      mask: masks?.[d].offset ?? 0,
      initialHidden: deep(state.h),
      initialCell: deep(state.c),
      finalHidden: deep(final.h),
      finalCell: deep(final.c),
      output: output.offset + d * outputSize * bytesPerFloat,
      outputStride,
      batchSizes: batchSizes.offset,
      steps,
      batch,
      rows,
      reverse: d,
    };
  });
  if (!observer && !taped) {
    directions.forEach((weights, d) => runCellInChunks(cell, weights, calls[d], packedRows));
    for (const mask of masks ?? []) mask.end();
    return { output, state: final };
  }
  const slabs = directions.map((weights, d) => {
    const kept = allocateCellSlabs(cell, weights, rows, taped);
    runCell(cellCalls(cell, weights, kept, calls[d]));
    observer?.ran(d, kept, final);
    return kept;
  });

  record({
    name: `${cell.kind} layer`,
    inputs,
    outputs: [output, final.h, ...(final.c ? [final.c] : [])],
    saved: [...slabs.flatMap((kept) => Object.values(kept) as (Tensor | null)[]), ...(masks ?? [])].filter(
      (tensor) => tensor !== null,
    ),
    backward: (pass) => {
      const targets = { h: pass.target(state.h), c: state.c && pass.target(state.c) };
      directions.forEach((weights, d) => {
        goBack(pass, { cell, x, packedRows, state, output, final, targets }, weights, slabs[d], d, {
          mask: masks?.[d] ?? null,
          taps: observer?.gradients(d) ?? null,
        });
      });
    },
  });
  return { output, state: final };
}

/** Where direction d begins in a state [D, B, F], from its start. */
function directionOffset({ shape }: Tensor, d: number): number {
  return d * shape[1] * shape[2] * runtime().kernelSet.bytesPerFloat;
}

interface Layer {
  cell: Cell;
  x: Tensor;
  packedRows: PackedRows;
  state: LayerState;
  output: Tensor;
  final: LayerState;
  targets: { h: GradientTarget | null; c: GradientTarget | null };
}

function goBack(
  pass: BackwardPass,
  { cell, x, packedRows, state, output, final, targets }: Layer,
  weights: CellWeights,
  slabs: CellSlabs,
  d: number,
  { mask, taps }: { mask: Tensor | null; taps: { hidden: Tensor; cell: Tensor | null } | null },
): void {
  const { kernels, bytesPerFloat } = runtime().kernelSet;
  const { gates, hiddenSize } = cellSizes(cell, weights);
  const outputSize = outputSizeOf(cell, weights);
  const { steps, batch, rows, batchSizes } = packedRows;
  const { weightHh, weightHr, peepholes, normCell } = weights;
  const packed = packedWeights(cell, weights);
  const at = (tensor: Tensor | null): number => tensor?.offset ?? 0;
  const gradient = (of: Tensor | null, offset: number): number => {
    const start = of ? pass.gradient(of) : 0;
    return start && start + offset;
  };
  const room = (wanted: unknown, shape: readonly number[]): Tensor | null => (wanted ? empty(shape) : null);

  const ofInput = empty(slabs.gates.shape);
  const ofHidden = room(slabs.hidden, slabs.gates.shape);
  const peepholeProducts = peepholes && empty([rows, peepholes.size]);
  const cellGradients = room(normCell, [rows, hiddenSize]);
  const hiddenGradients = taps?.hidden ?? room(weightHr, [rows, outputSize]);
  const outputGradients = room(weightHr, [batch, hiddenSize]);
  const before = { h: empty([batch, outputSize]), c: state.c && empty([batch, hiddenSize]) };
  kernels.cellBackward({
    gates: slabs.gates.offset,
    hidden: at(slabs.hidden),
    scales: at(slabs.scales),
    hiddenPanels: weightHh ? gatePanels(weightHh, gates, 1) : 0,
    hiddenBias: packed.hiddenBias,
    gain: packed.gain,
    mask: at(mask),
    peepholes: packed.peepholes,
    cellGain: packed.cellGain,
    cellShift: packed.cellShift,
    normalizedCell: at(slabs.normalizedCell),
    cellScales: at(slabs.cellScales),
    projection: weightHr ? linearPanels(weightHr, 0) : 0,
    previousHidden: slabs.previousHidden.offset,
    previousCell: at(slabs.previousCell),
    gateGradients: ofInput.offset,
    hiddenGateGradients: at(ofHidden),
    peepholeProducts: at(peepholeProducts),
    cellGradients: at(cellGradients),
    hiddenGradients: at(hiddenGradients),
    outputGradients: at(outputGradients),
    cellTap: at(taps?.cell ?? null),
    gradOutput: gradient(output, d * outputSize * bytesPerFloat),
    gradFinalHidden: gradient(final.h, directionOffset(final.h, d)),
    gradFinalCell: gradient(final.c, final.c ? directionOffset(final.c, d) : 0),
    batchSizes: batchSizes.offset,
    gradInitialHidden: before.h.offset,
    gradInitialCell: at(before.c),
    gradOutputStride: output.shape[1],
    kind: kernelKind(cell),
    steps,
    batch,
    rows,
    hiddenSize,
    outputSize,
    reverse: d,
  });
  outputGradients?.end();
  for (const part of ["h", "c"] as const) {
    const [found, target] = [before[part], targets[part]];
    if (found && target)
      copyDense(target.offset + directionOffset(state[part]!, d), found.offset, found.size, target.accumulate);
    found?.end();
  }

  // What the input's product was told: where its result was normalised, the gradient goes back through that first.
  const projected = slabs.inputNormalized ? empty(slabs.gates.shape) : ofInput;
  if (slabs.inputNormalized) {
    kernels.layerNormBackward({
      gradX: projected.offset,
      gradY: ofInput.offset,
      normalized: slabs.inputNormalized.offset,
      scales: slabs.inputScales!.offset,
      gain: packed.inputGain,
      rows,
      width: hiddenSize,
      gates,
      accumulate: 0,
    });
  }
  const toX = pass.target(x);
  if (toX) {
    kernels.gemmPacked({
      c: toX.offset,
      accumulate: toX.accumulate,
      a: projected.offset,
      panels: gatePanels(weights.weightIh, gates, 1),
      bias: 0,
      m: rows,
      n: x.shape[1],
      k: slabs.gates.shape[1],
      cStride: x.shape[1],
      aStride: slabs.gates.shape[1],
    });
  }
  const shares = { ofInput, projected, ofHidden, peepholeProducts, cellGradients, hiddenGradients };
  addRowGradients(pass, weights, { gates, hiddenSize }, rowGradients(cell, x, weights, slabs, shares), steps);
  const own = new Set([ofInput, projected, ofHidden, peepholeProducts, cellGradients, taps ? null : hiddenGradients]);
  for (const tensor of own) tensor?.end();
}

/** What the kernels of the way back left, from which the parameters' gradients are summed. */
interface Shares {
  ofInput: Tensor;
  projected: Tensor;
  ofHidden: Tensor | null;
  peepholeProducts: Tensor | null;
  cellGradients: Tensor | null;
  hiddenGradients: Tensor | null;
}

function rowGradients(cell: Cell, x: Tensor, weights: CellWeights, slabs: CellSlabs, shares: Shares): RowGradient[] {
  const { ofInput, ofHidden } = shares;
  const all: RowGradient[] = [];
  const whole = { firstGate: 0, gateCount: cellSizes(cell, weights).gates };
  const product = (parameter: Tensor | null, slab: Tensor, values: Tensor): void => {
    if (parameter) all.push({ sum: "gates", parameter, rows: [slab, values], ...whole });
  };
  const gateColumns = (parameter: Tensor | null, slab: Tensor | null): void => {
    if (parameter && slab) all.push({ sum: "gateColumns", parameter, rows: [slab] });
  };
  const columns = (parameter: Tensor | null, rows: Tensor | null): void => {
    if (parameter && rows) all.push({ sum: "columns", parameter, rows: [rows] });
  };
  // Before a normalisation goes back: a GRU's kernel leaves that in the gates' place, all others have it in common with the input.
  const shift = cell.kind !== "gru" ? ofInput : weights.normHh ? slabs.gates : ofHidden;
  product(weights.weightIh, shares.projected, x);
  product(weights.weightHh, ofHidden ?? ofInput, slabs.previousHidden);
  gateColumns(weights.biasIh, ofInput);
  gateColumns(weights.biasHh, shift);
  gateColumns(weights.normIh, slabs.inputNormalized);
  gateColumns(weights.normHh, slabs.hidden);
  columns(weights.peepholes, shares.peepholeProducts);
  columns(weights.normCell, slabs.normalizedCell);
  columns(weights.biasCell, shares.cellGradients);
  if (weights.weightHr) {
    all.push({ sum: "product", parameter: weights.weightHr, rows: [shares.hiddenGradients!, slabs.cellOutput!] });
  }
  return all;
}
