import { runtime } from "../../memory/runtime.ts";
import type { Tensor } from "../../memory/tensor.ts";
import type { BackwardPass } from "../backward.ts";
import { packedOnce } from "../packed.ts";
import { gateCount, type PlainCell, type GateGradients, hiddenProducts, sharedBiasGates, type Slabs } from "./cells.ts";
import { addRowGradients, type RowGradient } from "./row-gradients.ts";

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
export function gateBiases(cell: PlainCell, weights: DirectionWeights): { bias: number; hiddenBias: number } {
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

/**
 * Adds the gradients of one layer's and direction's weights: one matrix product each over all rows. The rows of single steps are put off
 * and gathered.
 */
export function addWeightGradients(
  pass: BackwardPass,
  cell: PlainCell,
  weights: DirectionWeights,
  x: Tensor,
  slabs: Slabs,
  { input, hidden }: GateGradients,
  steps: number,
): void {
  const gates = gateCount(cell);
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const gradients: RowGradient[] = [
    { sum: "gates", parameter: weightIh, rows: [input, x], firstGate: 0, gateCount: gates },
  ];
  for (const { values, ...which } of hiddenProducts(cell, slabs)) {
    gradients.push({ sum: "gates", parameter: weightHh, rows: [hidden, values], ...which });
  }
  if (biasIh) gradients.push({ sum: "gateColumns", parameter: biasIh, rows: [input] });
  if (biasHh) gradients.push({ sum: "gateColumns", parameter: biasHh, rows: [hidden] });
  addRowGradients(pass, weights, { gates, hiddenSize: weightHh.shape[1] }, gradients, steps);
}
