import { HiddenstateError } from "../errors.ts";
import type { AnyRecurrentNetwork } from "./observe.ts";
import { gateNames } from "./observe.ts";

/** The eigenvalues of a real square matrix: real and imaginary parts, in any order. */
export interface Eigenvalues {
  real: ArrayLike<number>;
  imaginary: ArrayLike<number>;
}

/**
 * Computes the eigenvalues of a real square matrix, [size, size] row-major. Core has no such routine and takes one as an argument;
 * `hiddenstate` brings that of ml-matrix.
 */
export type EigenvalueRoutine = (matrix: Float64Array, size: number) => Eigenvalues;

/** One gate's block of a recurrent weight W_hh. */
export interface RecurrentMatrix {
  /** From 0. */
  layer: number;
  direction: "forward" | "reverse";
  gate: string;
  /** H each, in any order. */
  eigenvalues: { real: number[]; imaginary: number[] };
  /** The largest magnitude of an eigenvalue. */
  spectralRadius: number;
  /** The largest singular value. */
  norm: number;
}

/**
 * Spectral radius and spectral norm of each gate's recurrent matrix [H, H].
 *
 *     rho(W) = max |lambda_i(W)|,   ||W||_2 = max_x ||W x|| / ||x||
 *
 * For the plain RNN this is the matrix that gradients pass at every step: with a tanh, ||W||_2 < 1 is enough for them to vanish, and rho(W) > 1
 * necessary for them to explode. In an LSTM or a GRU it acts on the gates' pre-activations only; whether states shrink or explode on data, the
 * Lyapunov exponent says (`lyapunovExponents`).
 *
 * Source: Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks", section 2.1.
 *
 * @throws HiddenstateError `unsupported` for a network with a projection, where W_hh is [4H, P]
 *
 * @example
 * recurrentMatrices(rnn, eigenvalues)[0].spectralRadius;   // 1 for an orthogonal start
 */
export function recurrentMatrices(network: AnyRecurrentNetwork, eigenvalues: EigenvalueRoutine): RecurrentMatrix[] {
  const { layers, hiddenSize: H, projection } = network.options;
  if (projection > 0) {
    throw new HiddenstateError(
      "unsupported",
      "recurrentMatrices: unsupported network with a projection, whose gates have no square matrices: inspect one with projection 0",
    );
  }
  const names = gateNames(network.cell);
  const parameters = network.stateDict();
  const result: RecurrentMatrix[] = [];
  for (let layer = 0; layer < layers; layer++) {
    for (let d = 0; d < network.directions; d++) {
      const weight = parameters.get(`weight_hh_l${layer}${d === 1 ? "_reverse" : ""}`)!.exactDataSync();
      names.forEach((name, gate) => {
        const block = Float64Array.from(weight.subarray(gate * H * H, (gate + 1) * H * H));
        const found = eigenvalues(block, H);
        result.push({
          layer,
          direction: d === 1 ? "reverse" : "forward",
          gate: name,
          eigenvalues: { real: Array.from(found.real), imaginary: Array.from(found.imaginary) },
          spectralRadius: largestMagnitude(found),
          norm: spectralNorm(block, H),
        });
      });
    }
  }
  return result;
}

/** Whether a network has square matrices from the state to the gates: a minGRU, a minLSTM and one with a projection have none. */
export function hasRecurrentMatrices({ cell, options }: AnyRecurrentNetwork): boolean {
  return cell.kind !== "mingru" && cell.kind !== "minlstm" && options.projection === 0;
}

/** The largest magnitude of an eigenvalue of a matrix [size, size]. */
export function spectralRadius(matrix: Float64Array, size: number, eigenvalues: EigenvalueRoutine): number {
  return largestMagnitude(eigenvalues(matrix, size));
}

function largestMagnitude({ real, imaginary }: Eigenvalues): number {
  let largest = 0;
  for (let i = 0; i < real.length; i++) largest = Math.max(largest, Math.hypot(real[i], imaginary[i]));
  return largest;
}

/**
 * The largest singular value of a matrix [size, size], by power iteration on W^T W until a step adds less than 1e-8 of it. It comes from
 * below: where several singular values are close to the largest it may be a little short of it.
 */
export function spectralNorm(matrix: Float64Array, size: number): number {
  // A start with a share of every direction, and no symmetry that a structured matrix could be blind to.
  let x = Float64Array.from({ length: size }, (_, i) => 1 + Math.sin(12.9898 * (i + 1)));
  let before = 0;
  for (let iteration = 0; iteration < 2000; iteration++) {
    const y = new Float64Array(size);
    const next = new Float64Array(size);
    const scale = 1 / Math.hypot(...x);
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += matrix[i * size + j] * x[j];
      y[i] = sum * scale;
    }
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) next[j] += matrix[i * size + j] * y[i];
    const found = Math.hypot(...y);
    if (found === 0) return 0;
    if (iteration > 20 && found - before <= 1e-8 * found) return found;
    [before, x] = [found, next];
  }
  return before;
}
