import { runtime } from "../../memory/runtime.ts";
import type { Tensor } from "../../memory/tensor.ts";
import { packedOnce } from "../packed.ts";
import { type Cell, gateCount } from "./cells.ts";
import { linearPanels } from "./linear.ts";
import { gatePanels } from "./recurrent-weights.ts";

/**
 * All parameters that one layer and direction of any recurrence may have; null: it has none. Shapes, with P the width of h: [G*H, I],
 * [G*H, P], [G*H], [G*H]; gains of the normalised parts [G*H] each; peepholes [rows, H]; gain and shift of the normalised cell [H];
 * projection [P, H].
 */
export interface CellWeights {
  weightIh: Tensor;
  weightHh: Tensor | null;
  biasIh: Tensor | null;
  biasHh: Tensor | null;
  normIh: Tensor | null;
  normHh: Tensor | null;
  peepholes: Tensor | null;
  normCell: Tensor | null;
  biasCell: Tensor | null;
  weightHr: Tensor | null;
}

/** The parameters that are there. */
export function cellTensors(weights: CellWeights): Tensor[] {
  return Object.values(weights).filter((tensor) => tensor !== null) as Tensor[];
}

/** Gates G and units H. */
export function cellSizes(cell: Cell, { weightIh }: CellWeights): { gates: number; hiddenSize: number } {
  const gates = gateCount(cell);
  return { gates, hiddenSize: weightIh.shape[0] / gates };
}

/** Offsets (0: absent) of a layer's parameters as the kernels want them, packed once per version. */
export interface PackedWeights {
  inputPanels: number;
  /** What the input's part starts from, or is shifted by where it is normalised. */
  inputBias: number;
  inputGain: number;
  hiddenPanels: number;
  hiddenBias: number;
  gain: number;
  peepholes: number;
  cellGain: number;
  cellShift: number;
  projection: number;
}

/** Whether the hidden part of the pre-activations is kept apart from the input's: it is normalised, or a gate acts on it. */
export function hiddenApart(cell: Cell): boolean {
  return (
    cell.kind === "gru" || (cell.features?.layerNorm === true && cell.kind !== "mingru" && cell.kind !== "minlstm")
  );
}

export function packedWeights(cell: Cell, weights: CellWeights): PackedWeights {
  const { gates } = cellSizes(cell, weights);
  const row = (parameter: Tensor | null): number => (parameter ? gateRow(parameter, gates) : 0);
  const apart = hiddenApart(cell);
  const { weightIh, weightHh, biasIh, biasHh, normIh, normHh, peepholes, normCell, biasCell, weightHr } = weights;
  return {
    inputPanels: gatePanels(weightIh, gates, 0),
    inputBias: biasIh && biasHh && !apart ? gateRow(biasIh, gates, biasHh) : row(biasIh),
    inputGain: row(normIh),
    hiddenPanels: weightHh ? gatePanels(weightHh, gates, 0) : 0,
    hiddenBias: apart ? row(biasHh) : 0,
    gain: row(normHh),
    peepholes: peepholes?.offset ?? 0,
    cellGain: normCell?.offset ?? 0,
    cellShift: biasCell?.offset ?? 0,
    projection: weightHr ? linearPanels(weightHr, 1) : 0,
  };
}

/** A row of G*H numbers, or the sum of two, in the order of gate slabs. */
function gateRow(parameter: Tensor, gates: number, other: Tensor | null = null): number {
  const { kernelSet } = runtime();
  const hiddenSize = parameter.size / gates;
  // Versions only go up, so their sum does when either changes.
  const version = parameter.storage.version + (other?.storage.version ?? 0);
  const pack = (out: number): void =>
    kernelSet.kernels.packGateBias({
      out,
      biasInput: parameter.offset,
      biasHidden: other?.offset ?? 0,
      gates,
      hiddenSize,
      hiddenGates: gates,
    });
  return packedOnce(parameter, `gate row ${gates}`, kernelSet.gateWidth(gates, hiddenSize), pack, version);
}
