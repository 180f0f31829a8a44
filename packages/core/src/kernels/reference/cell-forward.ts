import type { KernelArguments } from "../kernels.ts";
import { recurrenceGates, recurrenceKinds } from "../signatures.ts";
import { sigmoid } from "./elementwise.ts";
import { flush, smallestKept } from "./flush.ts";
import { addRowTimesMatrix } from "./gemm.ts";
import type { ReferenceHeap } from "./heap.ts";
import { layerNorm } from "./layer-norm.ts";
import { packedSteps, startState } from "./packed-rows.ts";

/** Where the input and forget gates, the candidate and the output gate of an LSTM lie, in units of H; -1: there is none. */
export const lstmGates: { readonly [kind: string]: { i: number; f: number; g: number; o: number } } = {
  lstm: { i: 0, f: 1, g: 2, o: 3 },
  coupledLstm: { i: -1, f: 0, g: 1, o: 2 },
};

/** A recurrence with options: the equations are in signatures.ts. */
export function cellForward(heap: ReferenceHeap, args: KernelArguments<"cellForward">): void {
  const { hiddenSize: H, outputSize: P, epsilon } = args;
  const kind = recurrenceKinds[args.kind];
  const width = recurrenceGates[args.kind] * H;
  const f = heap.floats;
  const sums = new Float64Array(width);
  const projected = new Float64Array(P);
  const bias = heap.at(args.hiddenBias);
  const hasCell = kind in lstmGates;

  startState(heap, args.finalHidden, args.initialHidden, args.batch * P);
  if (hasCell) startState(heap, args.finalCell, args.initialCell, args.batch * H);
  for (const { first, count } of packedSteps(heap, args.batchSizes, args.steps, args.reverse !== 0)) {
    for (let b = 0; b < count; b++) {
      const row = first + b;
      const hidden = heap.at(args.finalHidden) + b * P;
      const hiddenBefore = heap.at(args.previousHidden) + row * P;
      const gates = heap.at(args.gates) + row * width;
      const output = heap.at(args.output) + row * args.outputStride;
      f.copyWithin(hiddenBefore, hidden, hidden + P);

      sums.fill(0);
      if (args.hiddenPanels) addRowTimesMatrix(sums, f, hiddenBefore, heap.at(args.hiddenPanels), P, width);
      if (args.hidden) {
        const slab = heap.at(args.hidden) + row * width;
        for (let j = 0; j < width; j++) f[slab + j] = sums[j] + (args.hiddenBias && !args.gain ? f[bias + j] : 0);
        if (args.gain) {
          const place = (start: number, at: number): number => start + at * heap.bytesPerFloat;
          const x = place(args.hidden, row * width);
          const scales = place(args.scales, row);
          layerNorm(heap, { out: x, normalized: 0, scales, x, gain: 0, shift: 0, rows: 1, width, gates: 0, epsilon });
        }
        for (let j = 0; j < width; j++) {
          sums[j] = args.gain
            ? f[heap.at(args.gain) + j] * f[slab + j] + (args.hiddenBias ? f[bias + j] : 0)
            : f[slab + j];
        }
      }

      const mask = (j: number): number => (args.mask ? f[heap.at(args.mask) + row * H + j] : 1);
      const preactivation = (gate: number, j: number): number => f[gates + gate * H + j] + sums[gate * H + j];
      const set = (gate: number, j: number, value: number): number => (f[gates + gate * H + j] = value);
      const toHidden = (j: number, value: number): void => {
        f[output + j] = f[hidden + j] = flush(value);
      };

      switch (kind) {
        case "tanh":
        case "relu":
          for (let j = 0; j < H; j++) {
            const a = preactivation(0, j);
            toHidden(j, kind === "relu" ? Math.max(a, 0) : Math.tanh(a));
            set(0, j, f[hidden + j]);
          }
          break;
        case "gru":
          for (let j = 0; j < H; j++) {
            const r = set(0, j, sigmoid(preactivation(0, j)));
            const z = set(1, j, sigmoid(preactivation(1, j)));
            const n = set(2, j, Math.tanh(f[gates + 2 * H + j] + r * sums[2 * H + j]));
            toHidden(j, (1 - z) * mask(j) * n + z * f[hiddenBefore + j]);
          }
          break;
        case "mingru":
          for (let j = 0; j < H; j++) {
            const z = set(0, j, sigmoid(preactivation(0, j)));
            const n = set(1, j, preactivation(1, j));
            toHidden(j, (1 - z) * f[hiddenBefore + j] + z * mask(j) * n);
          }
          break;
        case "minlstm":
          for (let j = 0; j < H; j++) {
            const forget = set(0, j, sigmoid(preactivation(0, j)));
            const input = set(1, j, sigmoid(preactivation(1, j)));
            const n = set(2, j, preactivation(2, j));
            const share = forgetShare(forget, input);
            toHidden(j, share * f[hiddenBefore + j] + (1 - share) * mask(j) * n);
          }
          break;
        default: {
          const gate = lstmGates[kind];
          const peephole = (place: number, j: number): number =>
            args.peepholes ? f[heap.at(args.peepholes) + place * H + j] : 0;
          const cell = heap.at(args.finalCell) + b * H;
          const cellBefore = heap.at(args.previousCell) + row * H;
          f.copyWithin(cellBefore, cell, cell + H);
          for (let j = 0; j < H; j++) {
            const before = f[cellBefore + j];
            // Peepholes are in the order of the gates that have them: i, f, o, or f, o.
            const forget = set(gate.f, j, sigmoid(preactivation(gate.f, j) + peephole(gate.f, j) * before));
            const input =
              gate.i < 0 ? 1 - forget : set(gate.i, j, sigmoid(preactivation(gate.i, j) + peephole(0, j) * before));
            const content = set(gate.g, j, Math.tanh(preactivation(gate.g, j)));
            f[cell + j] = flush(forget * before + input * mask(j) * content);
            set(gate.o, j, sigmoid(preactivation(gate.o, j) + peephole(gate.o - 1, j) * f[cell + j]));
          }
          const seen = args.cellGain ? heap.at(args.normalizedCell) + row * H : cell;
          if (args.cellGain) {
            const at = (start: number, numbers: number): number => start + numbers * heap.bytesPerFloat;
            const out = at(args.normalizedCell, row * H);
            const scales = at(args.cellScales, row);
            const x = at(args.finalCell, b * H);
            layerNorm(heap, { out, normalized: 0, scales, x, gain: 0, shift: 0, rows: 1, width: H, gates: 0, epsilon });
          }
          for (let j = 0; j < H; j++) {
            const y = args.cellGain
              ? f[heap.at(args.cellGain) + j] * f[seen + j] + (args.cellShift ? f[heap.at(args.cellShift) + j] : 0)
              : f[seen + j];
            const value = f[gates + gate.o * H + j] * Math.tanh(y);
            if (args.projection) f[heap.at(args.cellOutput) + row * H + j] = flush(value);
            else toHidden(j, value);
          }
          if (args.projection) {
            projected.fill(0);
            addRowTimesMatrix(projected, f, heap.at(args.cellOutput) + row * H, heap.at(args.projection), H, P);
            for (let j = 0; j < P; j++) toHidden(j, projected[j]);
          }
        }
      }
    }
  }
}

/** A minLSTM's forget gate as a share of both gates: f / (f + i), with something so small added that 0 / 0 can't be. */
export function forgetShare(forget: number, input: number): number {
  return (forget + smallestKept) / (forget + input + 2 * smallestKept);
}
