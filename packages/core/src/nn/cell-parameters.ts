import type { CellWeights } from "../autograd/ops/cell-weights.ts";
import { type Cell, gateCount } from "../autograd/ops/cells.ts";
import { full, type Tensor, zeros } from "../memory/tensor.ts";
import { type InitKey, orthogonal, uniform, xavierUniform } from "./init.ts";

/** Sizes and start of one layer and direction. */
export interface ParameterPlan {
  /** What the names end in, such as `l0_reverse`. */
  suffix: string;
  inputSize: number;
  hiddenSize: number;
  bias: boolean;
  init: "default" | "pytorch";
}

/** Makes and registers a parameter; `start` gives its first numbers. */
export type MakeParameter = (name: string, start: (key: InitKey) => Tensor) => Tensor;

/**
 * The parameters of one layer and direction, with PyTorch's names where PyTorch has them: `weight_ih` [G*H, I], `weight_hh` [G*H, P], `bias_ih` and
 * `bias_hh` [G*H], `weight_hr` [P, H]; and `norm_ih`, `norm_hh` [G*H] and `norm_cell`, `bias_cell` [H] (gains and shift of what is normalised; the
 * shifts of the gates are the biases), `peepholes` [gates that have them, H]. All but matrices and forget gates start at 0, gains at 1.
 */
export function cellParameters(cell: Cell, plan: ParameterPlan, make: MakeParameter): CellWeights {
  const { suffix, inputSize, hiddenSize, bias, init } = plan;
  const gates = gateCount(cell);
  const rows = gates * hiddenSize;
  const { layerNorm = false, peepholes = false, projection = 0 } = cell.features ?? {};
  const outputSize = projection || hiddenSize;
  const recurs = cell.kind !== "mingru" && cell.kind !== "minlstm";
  const bound = 1 / Math.sqrt(hiddenSize);
  const parameter = (name: string, start: (key: InitKey) => Tensor): Tensor =>
    make(`${name}_${suffix}`, (key) => (init === "pytorch" ? uniform(start(key).shape, bound, key) : start(key)));
  const gain = (name: string, size: number): Tensor => make(`${name}_${suffix}`, () => full([size], 1));
  const normsCell = layerNorm && cell.kind === "lstm";
  return {
    weightIh: parameter("weight_ih", (key) => xavierUniform([rows, inputSize], gates, key)),
    weightHh: recurs
      ? parameter("weight_hh", (key) =>
          projection ? xavierUniform([rows, outputSize], gates, key) : orthogonal([rows, hiddenSize], gates, key),
        )
      : null,
    biasIh: bias ? parameter("bias_ih", () => startingBias(cell, hiddenSize)) : null,
    biasHh: bias && recurs ? parameter("bias_hh", () => zeros([rows])) : null,
    normIh: layerNorm ? gain("norm_ih", rows) : null,
    normHh: layerNorm && recurs ? gain("norm_hh", rows) : null,
    peepholes: peepholes ? parameter("peepholes", () => zeros([gates - 1, hiddenSize])) : null,
    normCell: normsCell ? gain("norm_cell", hiddenSize) : null,
    biasCell: normsCell && bias ? make(`bias_cell_${suffix}`, () => zeros([hiddenSize])) : null,
    weightHr: projection ? parameter("weight_hr", (key) => xavierUniform([outputSize, hiddenSize], 1, key)) : null,
  };
}

/** Zeros, and 1 for a forget gate (-1 for the minGRU's update gate, which lets go): who remembers nothing at first learns slowly to. */
function startingBias(cell: Cell, hiddenSize: number): Tensor {
  const start = zeros([gateCount(cell) * hiddenSize]);
  const forget = { rnn: null, gru: null, lstm: cell.features?.coupledGates ? 0 : 1, mingru: 0, minlstm: 0 }[cell.kind];
  if (forget === null) return start;
  const value = cell.kind === "mingru" ? -1 : 1;
  start.assign(
    Float32Array.from({ length: start.size }, (_, i) => (Math.floor(i / hiddenSize) === forget ? value : 0)),
  );
  return start;
}
