import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import type { BackwardPass, DeferredGradient } from "../backward.ts";
import { copyDense } from "../copy.ts";
import { packedOnce } from "../packed.ts";
import {
  type Cell,
  gateCount,
  type GateGradients,
  type HiddenProduct,
  hiddenProducts,
  sharedBiasGates,
  type Slabs,
} from "./cells.ts";

/** The parameters of one layer and direction, with PyTorch's shapes: [G*H, I], [G*H, H], [G*H], [G*H]. */
export interface DirectionWeights {
  weightIh: Tensor;
  weightHh: Tensor;
  biasIh: Tensor | null;
  biasHh: Tensor | null;
}

export function weightTensors(weights: DirectionWeights): Tensor[] {
  return [weights.weightIh, weights.weightHh, weights.biasIh, weights.biasHh].filter((tensor) => tensor !== null);
}

/** Offset of a recurrent weight's panels: `transpose` 0 for the forward kernels, 1 for the way back. */
export function gatePanels(weight: Tensor, gates: number, transpose: 0 | 1): number {
  const { kernelSet } = runtime();
  const [rows, inputs] = weight.shape as [number, number];
  const hiddenSize = rows / gates;
  const size = kernelSet.gatePanelSize(gates, hiddenSize, inputs, transpose);
  return packedOnce(weight, `gates ${gates} ${transpose}`, size, (panels) =>
    kernelSet.kernels.packGates({ panels, weight: weight.offset, gates, hiddenSize, inputs, transpose }),
  );
}

/**
 * Offsets (0: absent) of the biases in slab order: what every chain starts from, and what a GRU adds to the candidate's hidden
 * part.
 */
export function gateBiases(cell: Cell, weights: DirectionWeights): { bias: number; hiddenBias: number } {
  const { biasIh, biasHh } = weights;
  if (!biasIh || !biasHh) return { bias: 0, hiddenBias: 0 };
  const { kernelSet } = runtime();
  const { kernels, bytesPerFloat } = kernelSet;
  const gates = gateCount(cell);
  const hiddenSize = biasIh.size / gates;
  const hiddenGates = sharedBiasGates(cell);
  // Versions only go up, so their sum does when either changes.
  const version = biasIh.storage.version + biasHh.storage.version;
  const sum = (out: number): void =>
    kernels.packGateBias({
      out,
      biasInput: biasIh.offset,
      biasHidden: biasHh.offset,
      gates,
      hiddenSize,
      hiddenGates,
    });
  const bias = packedOnce(biasIh, "gate bias", kernelSet.gateWidth(gates, hiddenSize), sum, version);
  if (hiddenGates === gates) return { bias, hiddenBias: 0 };
  const ofCandidate = (out: number): void =>
    kernels.packGateBias({
      out,
      biasInput: biasHh.offset + hiddenGates * hiddenSize * bytesPerFloat,
      biasHidden: 0,
      gates: 1,
      hiddenSize,
      hiddenGates: 0,
    });
  return { bias, hiddenBias: packedOnce(biasHh, "candidate bias", kernelSet.gateWidth(1, hiddenSize), ofCandidate) };
}

/** Rows from which weight gradients are made: inputs, hidden values, and gradients of the pre-activations. */
interface GradientRows {
  x: Tensor;
  gateGradients: GateGradients;
  products: HiddenProduct[];
}

/**
 * Adds the gradients of one layer's and direction's weights: one matrix product each over all rows. Single steps are put
 * off and gathered, so that a hand-written loop of steps costs one product at the end too.
 */
export function addWeightGradients(
  pass: BackwardPass,
  cell: Cell,
  weights: DirectionWeights,
  x: Tensor,
  slabs: Slabs,
  gateGradients: GateGradients,
  steps: number,
): void {
  const rows = { x, gateGradients, products: hiddenProducts(cell, slabs) };
  // What computed a weight goes back over the tape before the end of the pass: its gradient can't wait for that.
  if (steps > 1 || weightTensors(weights).some((weight) => weight.node)) {
    multiplyRows(pass, cell, weights, rows);
    return;
  }
  pass.deferred(weights, () => new GatheredSteps(cell, weights)).add(rows);
}

/** The rows of many single steps that used the same weights. */
class GatheredSteps implements DeferredGradient {
  readonly #cell: Cell;
  readonly #weights: DirectionWeights;
  readonly #steps: GradientRows[] = [];

  constructor(cell: Cell, weights: DirectionWeights) {
    this.#cell = cell;
    this.#weights = weights;
  }

  /** Holds on to the memory of the step's tensors, which end with their tape node. */
  add({ x, gateGradients, products }: GradientRows): void {
    const held = (tensor: Tensor): Tensor => tensor.view(tensor.shape);
    const input = held(gateGradients.input);
    const hidden = gateGradients.hidden === gateGradients.input ? input : held(gateGradients.hidden);
    this.#steps.push({
      x: held(x),
      gateGradients: { input, hidden },
      products: products.map((product) => ({ ...product, values: held(product.values) })),
    });
  }

  finish(pass: BackwardPass): void {
    const steps = this.#steps;
    const gathered = (pick: (step: GradientRows) => Tensor): Tensor => stackRows(steps.map(pick));
    const input = gathered((step) => step.gateGradients.input);
    const shared = steps[0].gateGradients.hidden === steps[0].gateGradients.input;
    const rows: GradientRows = {
      x: gathered((step) => step.x),
      gateGradients: { input, hidden: shared ? input : gathered((step) => step.gateGradients.hidden) },
      products: steps[0].products.map((product, i) => ({
        ...product,
        values: gathered((step) => step.products[i].values),
      })),
    };
    multiplyRows(pass, this.#cell, this.#weights, rows);
  }
}

/** One tensor with the rows of all parts, which end. */
function stackRows(parts: readonly Tensor[]): Tensor {
  const { kernelSet } = runtime();
  const width = parts[0].shape[1];
  const stacked = empty([parts.reduce((rows, part) => rows + part.shape[0], 0), width]);
  let out = stacked.offset;
  for (const part of parts) {
    copyDense(out, part.offset, part.size);
    out += part.size * kernelSet.bytesPerFloat;
    part.end();
  }
  return stacked;
}

function multiplyRows(pass: BackwardPass, cell: Cell, weights: DirectionWeights, rows: GradientRows): void {
  const { kernels } = runtime().kernelSet;
  const gates = gateCount(cell);
  const hiddenSize = weights.weightHh.shape[1];
  const count = rows.x.shape[0];
  const { input, hidden } = rows.gateGradients;

  const toWeightIh = pass.target(weights.weightIh);
  if (toWeightIh) {
    kernels.gateWeightGradient({
      gradWeight: toWeightIh.offset,
      accumulate: toWeightIh.accumulate,
      gateGradients: input.offset,
      x: rows.x.offset,
      xStride: rows.x.shape[1],
      inputs: rows.x.shape[1],
      rows: count,
      gates,
      hiddenSize,
      firstGate: 0,
      gateCount: gates,
    });
  }
  const toWeightHh = pass.target(weights.weightHh);
  if (toWeightHh) {
    for (const { values, firstGate, gateCount: gatesHere } of rows.products) {
      kernels.gateWeightGradient({
        gradWeight: toWeightHh.offset,
        accumulate: toWeightHh.accumulate,
        gateGradients: hidden.offset,
        x: values.offset,
        xStride: hiddenSize,
        inputs: hiddenSize,
        rows: count,
        gates,
        hiddenSize,
        firstGate,
        gateCount: gatesHere,
      });
    }
  }
  const toBiasIh = weights.biasIh && pass.target(weights.biasIh);
  const toBiasHh = weights.biasHh && pass.target(weights.biasHh);
  // Most recurrences add both biases to the same sum.
  const same = input === hidden && toBiasIh?.accumulate === 0 && toBiasHh?.accumulate === 0;
  for (const [target, gateGradients] of [
    [toBiasIh, input],
    [same ? null : toBiasHh, hidden],
  ] as const) {
    if (!target) continue;
    kernels.gateBiasGradient({
      gradBias: target.offset,
      accumulate: target.accumulate,
      gateGradients: gateGradients.offset,
      rows: count,
      gates,
      hiddenSize,
    });
  }
  if (same) copyDense(toBiasHh.offset, toBiasIh.offset, gates * hiddenSize);
}
