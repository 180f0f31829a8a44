import type { KernelArguments } from "../kernels.ts";
import { recurrenceGates, recurrenceKinds } from "../signatures/cells.ts";
import { affine, type CellRow, forgetShare, lstmGates, type LstmOptions, maskAt, peepholeAt } from "./cell-row.ts";
import { flush, smallestKept } from "./flush.ts";
import { addRowTimesMatrix } from "./gemm.ts";
import type { ReferenceHeap } from "./heap.ts";
import { layerNormBackward } from "./layer-norm.ts";
import { packedSteps, startState } from "./packed-rows.ts";

/** A row, and where its gradients lie: of the gates' input part, of their hidden part, and of what the cell gave. */
interface GradientRow extends CellRow {
  gradients: number;
  ofHidden: number;
  /** dL/dh', which becomes the part of dL/dh that does not go through the gates. */
  gradHidden: number;
}

/** The way back through `cellForward`: derivatives of the equations in signatures/cells.ts. */
export function cellBackward(heap: ReferenceHeap, args: KernelArguments<"cellBackward">): void {
  const { hiddenSize: H, outputSize: P } = args;
  const kind = recurrenceKinds[args.kind];
  const width = recurrenceGates[args.kind] * H;
  const f = heap.floats;
  const hasCell = kind in lstmGates;
  const place = (start: number, numbers: number): number => start + numbers * heap.bytesPerFloat;
  const rowOf = (start: number, n: number, size: number): number => start && heap.at(start) + n * size;

  startState(heap, args.gradInitialHidden, args.gradFinalHidden, args.batch * P);
  if (hasCell) startState(heap, args.gradInitialCell, args.gradFinalCell, args.batch * H);
  for (const { first, count } of packedSteps(heap, args.batchSizes, args.steps, args.reverse === 0)) {
    for (let b = 0; b < count; b++) {
      const n = first + b;
      const carried = heap.at(args.gradInitialHidden) + b * P;
      const gradOutput = rowOf(args.gradOutput, n, args.gradOutputStride);
      for (let k = 0; args.gradOutput && k < P; k++) f[carried + k] += f[gradOutput + k];
      if (args.hiddenGradients) f.copyWithin(rowOf(args.hiddenGradients, n, P), carried, carried + P);
      const gradients = rowOf(args.gateGradients, n, width);
      const row: GradientRow = {
        f,
        size: H,
        gates: rowOf(args.gates, n, width),
        mask: rowOf(args.mask, n, H),
        before: rowOf(args.previousHidden, n, P),
        gradients,
        ofHidden: args.hidden ? rowOf(args.hiddenGateGradients, n, width) : gradients,
        gradHidden: args.projection ? rowOf(args.outputGradients, b, H) : carried,
      };
      if (args.projection) {
        const sums = new Float64Array(H);
        addRowTimesMatrix(sums, f, carried, heap.at(args.projection), P, H);
        f.set(sums, row.gradHidden);
      }
      switch (kind) {
        case "tanh":
        case "relu":
          for (let j = 0; j < H; j++) {
            const h = f[row.gates + j];
            f[gradients + j] = flush(f[row.gradHidden + j] * (kind === "relu" ? Number(h > 0) : 1 - h * h));
          }
          break;
        case "gru": {
          const slab = rowOf(args.hidden, n, width) + 2 * H;
          const [gain, shift] = [rowOf(args.gain, 2, H), args.gain && rowOf(args.hiddenBias, 2, H)];
          gruRow(row, (j) => affine(f, gain, shift, j, f[slab + j]));
          if (args.gain) f.copyWithin(row.gates, row.ofHidden, row.ofHidden + width);
          break;
        }
        case "mingru":
          minGruRow(row);
          break;
        case "minlstm":
          minLstmRow(row);
          break;
        default: {
          const lstm: LstmRow = {
            at: lstmGates[kind],
            peepholes: heap.at(args.peepholes),
            gain: heap.at(args.cellGain),
            shift: heap.at(args.cellShift),
            cellBefore: rowOf(args.previousCell, n, H),
            carriedCell: rowOf(args.gradInitialCell, b, H),
            products: rowOf(args.peepholeProducts, n, (width / H - 1) * H),
          };
          outputGate(row, lstm, rowOf(args.normalizedCell, n, H), rowOf(args.cellGradients, n, H));
          if (args.cellGain) {
            layerNormBackward(heap, {
              gradX: place(args.gradInitialCell, b * H),
              gradY: place(args.cellGradients, n * H),
              normalized: place(args.normalizedCell, n * H),
              scales: place(args.cellScales, n),
              gain: args.cellGain,
              rows: 1,
              width: H,
              gates: 0,
              accumulate: 1,
            });
          }
          if (args.cellTap) f.copyWithin(rowOf(args.cellTap, n, H), lstm.carriedCell, lstm.carriedCell + H);
          cellGates(row, lstm);
        }
      }
      if (args.gain) {
        if (kind !== "gru") f.copyWithin(row.ofHidden, gradients, gradients + width);
        const gradX = place(args.hiddenGateGradients, n * width);
        const normalized = place(args.hidden, n * width);
        const scales = place(args.scales, n);
        const shape = { rows: 1, width, gates: 0, accumulate: 0 };
        layerNormBackward(heap, { gradX, gradY: gradX, normalized, scales, gain: args.gain, ...shape });
      }
      // A GRU's and a scan's state also comes by without a gate's pre-activation.
      const through = kind === "gru" || !args.hiddenPanels;
      const sums = Float64Array.from({ length: P }, (_, k) => (through ? f[carried + k] : 0));
      if (args.hiddenPanels) addRowTimesMatrix(sums, f, row.ofHidden, heap.at(args.hiddenPanels), width, P);
      for (let k = 0; k < P; k++) f[carried + k] = flush(sums[k]);
    }
  }
}

/** @param u the candidate's hidden part */
function gruRow(row: GradientRow, u: (j: number) => number): void {
  const { f, size, gates, gradients, ofHidden, gradHidden, before } = row;
  for (let j = 0; j < size; j++) {
    const [r, z, n] = [f[gates + j], f[gates + size + j], f[gates + 2 * size + j]];
    const dh = f[gradHidden + j];
    const m = maskAt(row, j);
    const dz = flush(dh * (f[before + j] - m * n) * z * (1 - z));
    const dn = flush(dh * (1 - z) * m * (1 - n * n));
    const dr = flush(dn * u(j) * r * (1 - r));
    for (const [g, value] of [dr, dz, dn].entries()) f[gradients + g * size + j] = value;
    for (const [g, value] of [dr, dz, flush(dn * r)].entries()) f[ofHidden + g * size + j] = value;
    f[gradHidden + j] = dh * z;
  }
}

function minGruRow(row: GradientRow): void {
  const { f, size, gates, gradients, gradHidden, before } = row;
  for (let j = 0; j < size; j++) {
    const [z, n, dh, m] = [f[gates + j], f[gates + size + j], f[gradHidden + j], maskAt(row, j)];
    f[gradients + j] = flush(dh * (m * n - f[before + j]) * z * (1 - z));
    f[gradients + size + j] = flush(dh * z * m);
    f[gradHidden + j] = dh * (1 - z);
  }
}

function minLstmRow(row: GradientRow): void {
  const { f, size, gates, gradients, gradHidden, before } = row;
  for (let j = 0; j < size; j++) {
    const [forget, input, n] = [f[gates + j], f[gates + size + j], f[gates + 2 * size + j]];
    const [dh, m, share] = [f[gradHidden + j], maskAt(row, j), forgetShare(forget, input)];
    const dShare = (dh * (f[before + j] - m * n)) / (forget + input + 2 * smallestKept);
    f[gradients + j] = flush(dShare * (1 - share) * forget * (1 - forget));
    f[gradients + size + j] = flush(-dShare * share * input * (1 - input));
    f[gradients + 2 * size + j] = flush(dh * (1 - share) * m);
    f[gradHidden + j] = dh * share;
  }
}

/** An LSTM's options and places on the way back: c before the step, dL/dc that is carried, and the peepholes' products. */
interface LstmRow extends LstmOptions {
  cellBefore: number;
  carriedCell: number;
  products: number;
}

/** From dL/dh' to the output gate's gradient, and what goes to c' by h' is added to what is carried (or kept, to go through the normalisation). */
function outputGate(row: GradientRow, lstm: LstmRow, normalized: number, cellGradients: number): void {
  const { f, size, gates, gradients, gradHidden } = row;
  const { at, cellBefore, carriedCell, products } = lstm;
  for (let j = 0; j < size; j++) {
    const gate = (g: number): number => f[gates + g * size + j];
    const input = at.i < 0 ? 1 - gate(at.f) : gate(at.i);
    const after = flush(gate(at.f) * f[cellBefore + j] + input * maskAt(row, j) * gate(at.g));
    const y = lstm.gain ? affine(f, lstm.gain, lstm.shift, j, f[normalized + j]) : after;
    const [o, t, dh] = [gate(at.o), Math.tanh(y), f[gradHidden + j]];
    const da = (f[gradients + at.o * size + j] = flush(dh * t * o * (1 - o)));
    const dy = dh * o * (1 - t * t);
    if (lstm.gain) f[cellGradients + j] = dy;
    else f[carriedCell + j] += dy;
    if (!lstm.peepholes) continue;
    f[carriedCell + j] += da * peepholeAt(row, lstm, at.o, j);
    f[products + (at.o - 1) * size + j] = da * after;
  }
}

/** From dL/dc' to the other gates' gradients and dL/dc. */
function cellGates(row: GradientRow, lstm: LstmRow): void {
  const { f, size, gates, gradients } = row;
  const { at, cellBefore, carriedCell, products } = lstm;
  for (let j = 0; j < size; j++) {
    const [dc, before, m] = [f[carriedCell + j], f[cellBefore + j], maskAt(row, j)];
    const [forget, content] = [f[gates + at.f * size + j], f[gates + at.g * size + j]];
    const input = at.i < 0 ? 1 - forget : f[gates + at.i * size + j];
    let back = dc * forget;
    /** Sets a gate's gradient; one with a peephole has its share in dL/dc. */
    const set = (gate: number, value: number): void => {
      const da = (f[gradients + gate * size + j] = flush(value));
      if (!lstm.peepholes || gate === at.g) return;
      f[products + gate * size + j] = da * before;
      back += da * peepholeAt(row, lstm, gate, j);
    };
    const kept = m * content;
    set(at.f, dc * (at.i < 0 ? before - kept : before) * forget * (1 - forget));
    set(at.g, dc * input * m * (1 - content * content));
    if (at.i >= 0) set(at.i, dc * kept * input * (1 - input));
    f[carriedCell + j] = flush(back);
  }
}
