import type { KernelArguments } from "../kernels.ts";
import { recurrenceGates, recurrenceKinds } from "../signatures.ts";
import { forgetShare, lstmGates } from "./cell-forward.ts";
import { flush, smallestKept } from "./flush.ts";
import { addRowTimesMatrix } from "./gemm.ts";
import type { ReferenceHeap } from "./heap.ts";
import { layerNormBackward } from "./layer-norm.ts";
import { packedSteps, startState } from "./packed-rows.ts";

/** The way back through `cellForward`: derivatives of the equations in signatures.ts, gate by gate. */
export function cellBackward(heap: ReferenceHeap, args: KernelArguments<"cellBackward">): void {
  const { hiddenSize: H, outputSize: P } = args;
  const kind = recurrenceKinds[args.kind];
  const width = recurrenceGates[args.kind] * H;
  const f = heap.floats;
  const sums = new Float64Array(Math.max(P, H));
  const hasCell = kind in lstmGates;
  const place = (start: number, numbers: number): number => start + numbers * heap.bytesPerFloat;

  startState(heap, args.gradInitialHidden, args.gradFinalHidden, args.batch * P);
  if (hasCell) startState(heap, args.gradInitialCell, args.gradFinalCell, args.batch * H);
  for (const { first, count } of packedSteps(heap, args.batchSizes, args.steps, args.reverse === 0)) {
    for (let b = 0; b < count; b++) {
      const row = first + b;
      const carried = heap.at(args.gradInitialHidden) + b * P;
      const gates = heap.at(args.gates) + row * width;
      const gradients = heap.at(args.gateGradients) + row * width;
      const ofHidden = args.hidden ? heap.at(args.hiddenGateGradients) + row * width : gradients;
      const hiddenBefore = heap.at(args.previousHidden) + row * P;
      if (args.gradOutput) {
        const gradOutput = heap.at(args.gradOutput) + row * args.gradOutputStride;
        for (let k = 0; k < P; k++) f[carried + k] += f[gradOutput + k];
      }
      if (args.hiddenGradients) f.copyWithin(heap.at(args.hiddenGradients) + row * P, carried, carried + P);
      // dL/dh', or with a projection dL/d(what is projected).
      let gradHidden = carried;
      if (args.projection) {
        sums.fill(0);
        addRowTimesMatrix(sums, f, carried, heap.at(args.projection), P, H);
        gradHidden = heap.at(args.outputGradients) + b * H;
        for (let j = 0; j < H; j++) f[gradHidden + j] = sums[j];
      }

      const gate = (place_: number, j: number): number => f[gates + place_ * H + j];
      const mask = (j: number): number => (args.mask ? f[heap.at(args.mask) + row * H + j] : 1);
      const set = (place_: number, j: number, value: number): number => (f[gradients + place_ * H + j] = flush(value));

      switch (kind) {
        case "tanh":
        case "relu":
          for (let j = 0; j < H; j++) {
            const h = gate(0, j);
            set(0, j, f[gradHidden + j] * (kind === "relu" ? Number(h > 0) : 1 - h * h));
          }
          break;
        case "gru":
          for (let j = 0; j < H; j++) {
            const [r, z, n] = [gate(0, j), gate(1, j), gate(2, j)];
            const slab = heap.at(args.hidden) + row * width + 2 * H + j;
            const u = args.gain
              ? f[heap.at(args.gain) + 2 * H + j] * f[slab] +
                (args.hiddenBias ? f[heap.at(args.hiddenBias) + 2 * H + j] : 0)
              : f[slab];
            const dh = f[gradHidden + j];
            set(1, j, dh * (f[hiddenBefore + j] - mask(j) * n) * z * (1 - z));
            const dn = set(2, j, dh * (1 - z) * mask(j) * (1 - n * n));
            set(0, j, dn * u * r * (1 - r));
            f[ofHidden + j] = f[gradients + j];
            f[ofHidden + H + j] = f[gradients + H + j];
            f[ofHidden + 2 * H + j] = flush(dn * r);
            f[carried + j] = dh * z;
          }
          if (args.gain) f.copyWithin(gates, ofHidden, ofHidden + width);
          break;
        case "mingru":
          for (let j = 0; j < H; j++) {
            const [z, n, dh] = [gate(0, j), gate(1, j), f[gradHidden + j]];
            set(0, j, dh * (mask(j) * n - f[hiddenBefore + j]) * z * (1 - z));
            set(1, j, dh * z * mask(j));
            f[carried + j] = dh * (1 - z);
          }
          break;
        case "minlstm":
          for (let j = 0; j < H; j++) {
            const [forget, input, n, dh] = [gate(0, j), gate(1, j), gate(2, j), f[gradHidden + j]];
            const share = forgetShare(forget, input);
            const dShare = dh * (f[hiddenBefore + j] - mask(j) * n);
            const sum = forget + input + 2 * smallestKept;
            set(0, j, ((dShare * (1 - share)) / sum) * forget * (1 - forget));
            set(1, j, ((-dShare * share) / sum) * input * (1 - input));
            set(2, j, dh * (1 - share) * mask(j));
            f[carried + j] = dh * share;
          }
          break;
        default: {
          const at = lstmGates[kind];
          const carriedCell = heap.at(args.gradInitialCell) + b * H;
          const cellBefore = heap.at(args.previousCell) + row * H;
          const peephole = (rowOf: number, j: number): number =>
            args.peepholes ? f[heap.at(args.peepholes) + rowOf * H + j] : 0;
          const products = heap.at(args.peepholeProducts) + row * (at.i < 0 ? 2 : 3) * H;
          const normalized = heap.at(args.normalizedCell) + row * H;
          const cellGradients = heap.at(args.cellGradients) + row * H;
          const cellAfter = (j: number): number => {
            const forget = gate(at.f, j);
            const input = at.i < 0 ? 1 - forget : gate(at.i, j);
            return flush(forget * f[cellBefore + j] + input * mask(j) * gate(at.g, j));
          };
          for (let j = 0; j < H; j++) {
            const y = args.cellGain
              ? f[heap.at(args.cellGain) + j] * f[normalized + j] +
                (args.cellShift ? f[heap.at(args.cellShift) + j] : 0)
              : cellAfter(j);
            const [o, t, dh] = [gate(at.o, j), Math.tanh(y), f[gradHidden + j]];
            const da = set(at.o, j, dh * t * o * (1 - o));
            const dy = dh * o * (1 - t * t);
            if (args.cellGain) f[cellGradients + j] = dy;
            else f[carriedCell + j] += dy;
            if (args.peepholes) {
              f[carriedCell + j] += da * peephole(at.o - 1, j);
              f[products + (at.o - 1) * H + j] = da * cellAfter(j);
            }
          }
          if (args.cellGain) {
            layerNormBackward(heap, {
              gradX: place(args.gradInitialCell, b * H),
              gradY: place(args.cellGradients, row * H),
              normalized: place(args.normalizedCell, row * H),
              scales: place(args.cellScales, row),
              gain: args.cellGain,
              rows: 1,
              width: H,
              gates: 0,
              accumulate: 1,
            });
          }
          if (args.cellTap) f.copyWithin(heap.at(args.cellTap) + row * H, carriedCell, carriedCell + H);
          for (let j = 0; j < H; j++) {
            const dc = f[carriedCell + j];
            const before = f[cellBefore + j];
            const forget = gate(at.f, j);
            const content = gate(at.g, j);
            const input = at.i < 0 ? 1 - forget : gate(at.i, j);
            const kept = mask(j) * content;
            let back = dc * forget;
            const df = set(at.f, j, dc * (at.i < 0 ? before - kept : before) * forget * (1 - forget));
            set(at.g, j, dc * input * mask(j) * (1 - content * content));
            if (args.peepholes) {
              f[products + at.f * H + j] = df * before;
              back += df * peephole(at.f, j);
            }
            if (at.i >= 0) {
              const di = set(at.i, j, dc * kept * input * (1 - input));
              if (args.peepholes) {
                f[products + j] = di * before;
                back += di * peephole(0, j);
              }
            }
            f[carriedCell + j] = flush(back);
          }
        }
      }

      if (args.gain) {
        if (kind !== "gru") f.copyWithin(ofHidden, gradients, gradients + width);
        layerNormBackward(heap, {
          gradX: place(args.hiddenGateGradients, row * width),
          gradY: place(args.hiddenGateGradients, row * width),
          normalized: place(args.hidden, row * width),
          scales: place(args.scales, row),
          gain: args.gain,
          rows: 1,
          width,
          gates: 0,
          accumulate: 0,
        });
      }
      const through = kind === "gru" || !args.hiddenPanels;
      for (let k = 0; k < P; k++) sums[k] = through ? f[carried + k] : 0;
      if (args.hiddenPanels) addRowTimesMatrix(sums, f, ofHidden, heap.at(args.hiddenPanels), width, P);
      for (let k = 0; k < P; k++) f[carried + k] = flush(sums[k]);
    }
  }
}
