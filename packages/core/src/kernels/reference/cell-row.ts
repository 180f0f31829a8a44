import { smallestKept } from "./flush.ts";

/** One batch row at one time step, for either direction: places are indices into `f`, 0 where something is absent. */
export interface CellRow {
  f: Float32Array | Float64Array;
  /** H */
  size: number;
  /** The gates [G, H], in PyTorch's order. */
  gates: number;
  /** What each written value is multiplied with, [H]. */
  mask: number;
  /** h before the step. */
  before: number;
}

export function maskAt({ f, mask }: CellRow, j: number): number {
  return mask ? f[mask + j] : 1;
}

/** Where the input and forget gates, the candidate and the output gate of an LSTM lie, in units of H; -1: there is none. */
export const lstmGates: { readonly [kind: string]: LstmGates } = {
  lstm: { i: 0, f: 1, g: 2, o: 3 },
  coupledLstm: { i: -1, f: 0, g: 1, o: 2 },
};

export interface LstmGates {
  i: number;
  f: number;
  g: number;
  o: number;
}

/** An LSTM's options, as places: peepholes [rows, H] in the order of the gates that have them, gain and shift of its cell [H]. */
export interface LstmOptions {
  at: LstmGates;
  peepholes: number;
  gain: number;
  shift: number;
}

/** The peephole of a gate, 0 where there is none. The candidate has none, so the output gate's row is one less than its place. */
export function peepholeAt({ f, size }: CellRow, { at, peepholes }: LstmOptions, gate: number, j: number): number {
  return peepholes ? f[peepholes + (gate === at.o ? gate - 1 : gate) * size + j] : 0;
}

/** gain * value + shift, of numbers that may be absent. */
export function affine(f: Float32Array | Float64Array, gain: number, shift: number, j: number, value: number): number {
  return (gain ? f[gain + j] : 1) * value + (shift ? f[shift + j] : 0);
}

/** A minLSTM's forget gate as a share of both gates: f / (f + i), with something so small added that 0 / 0 can't be. */
export function forgetShare(forget: number, input: number): number {
  return (forget + smallestKept) / (forget + input + 2 * smallestKept);
}
