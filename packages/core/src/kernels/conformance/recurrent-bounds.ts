import { gatesOf, rowCount } from "./recurrent-layer.ts";
import type { LayerGradients, LayerProblem } from "./recurrent-layer.ts";
import { largest, mapped, productMagnitudes, transposed } from "./samples.ts";

/**
 * How many roundings a layer's results may be off. Roundings have random signs, so that a chain of n products is off by
 * about sqrt(n) roundings of its partial sums (Higham & Mary 2019), and those are about as large as the root of the sum of
 * its squared products. The state carries errors on but shrinks them by what gates and tanh' take: over all steps, and
 * through four ulp of each approximation, a few times one chain's error gathers, for which the factor 8 stands.
 */
export function chainRoundings(terms: number): number {
  return 8 * Math.sqrt(terms + 16);
}

/** Roots of sums of squared products: how large the partial sums behind each of a layer's results are. */
export interface LayerSizes {
  /** In any pre-activation, at least 1. */
  seen: number;
  /** In the gradients of the states, of x, of the weights and of the biases. */
  state: number;
  x: number;
  weightInput: number;
  weightHidden: number;
  biasInput: number;
  biasHidden: number;
}

export function layerSizes(problem: LayerProblem, previousHidden: Float64Array, gradients: LayerGradients): LayerSizes {
  const { cell, lengths, inputSize, hiddenSize, x, weightInput, weightHidden } = problem;
  const width = gatesOf(cell) * hiddenSize;
  const rows = rowCount(lengths);

  const one = new Float64Array(rows).fill(1);
  const xRows = largestInRows(x, rows, inputSize);
  const hiddenRows = largestInRows(previousHidden, rows, hiddenSize);
  const gateRows = largestInRows(gradients.gates, rows, width);
  const hiddenGateRows = largestInRows(gradients.hiddenGates, rows, width);
  const steepest = Math.max(largest(gateRows), largest(hiddenGateRows));

  const seenFrom = (values: ArrayLike<number>, weight: ArrayLike<number>, inputs: number): number =>
    largestRootOfSquares(values, transposed(weight, width, inputs), [rows, width, inputs]);
  const backThrough = (weight: ArrayLike<number>, inputs: number): number =>
    steepest * largestRootOfSquares(new Float64Array(width).fill(1), weight, [1, inputs, width]);
  const overRows = (gates: Float64Array, values: Float64Array): number =>
    largestRootOfSquares(gates, values, [1, 1, rows]);

  return {
    seen: Math.max(1, seenFrom(x, weightInput, inputSize), seenFrom(previousHidden, weightHidden, hiddenSize)),
    state: Math.max(backThrough(weightHidden, hiddenSize), largest(gradients.initialHidden)),
    x: backThrough(weightInput, inputSize),
    weightInput: overRows(gateRows, xRows),
    weightHidden: overRows(hiddenGateRows, hiddenRows),
    biasInput: overRows(gateRows, one),
    biasHidden: overRows(hiddenGateRows, one),
  };
}

/** The largest root of a sum of squared products in any element of A B, A [m, k], B [k, n]. */
function largestRootOfSquares(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  [m, n, k]: [m: number, n: number, k: number],
): number {
  return Math.sqrt(largest(productMagnitudes(squares(a), squares(b), m, n, k)));
}

function squares(values: ArrayLike<number>): Float64Array {
  return mapped(values.length, (i) => values[i] * values[i]);
}

/** The largest magnitude in each row of a matrix [rows, width]. */
function largestInRows(matrix: ArrayLike<number>, rows: number, width: number): Float64Array {
  const result = new Float64Array(rows);
  for (let i = 0; i < rows * width; i++) {
    const row = Math.floor(i / width);
    result[row] = Math.max(result[row], Math.abs(matrix[i]));
  }
  return result;
}
