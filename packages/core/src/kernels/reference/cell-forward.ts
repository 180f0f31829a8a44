import type { KernelArguments } from "../kernels.ts";
import { recurrenceGates, recurrenceKinds } from "../signatures/cells.ts";
import { affine, type CellRow, forgetShare, lstmGates, type LstmOptions, maskAt, peepholeAt } from "./cell-row.ts";
import { sigmoid } from "./elementwise.ts";
import { flush } from "./flush.ts";
import { addRowTimesMatrix } from "./gemm.ts";
import type { ReferenceHeap } from "./heap.ts";
import { layerNorm } from "./layer-norm.ts";
import { packedSteps, startState } from "./packed-rows.ts";

type Arguments = KernelArguments<"cellForward">;

/** A recurrence with options: the equations are in signatures/cells.ts. */
export function cellForward(heap: ReferenceHeap, args: Arguments): void {
  const { hiddenSize: H, outputSize: P } = args;
  const kind = recurrenceKinds[args.kind];
  const width = recurrenceGates[args.kind] * H;
  const f = heap.floats;
  const hasCell = kind in lstmGates;
  const options: LstmOptions = {
    at: lstmGates[kind],
    peepholes: heap.at(args.peepholes),
    gain: heap.at(args.cellGain),
    shift: heap.at(args.cellShift),
  };

  startState(heap, args.finalHidden, args.initialHidden, args.batch * P);
  if (hasCell) startState(heap, args.finalCell, args.initialCell, args.batch * H);
  for (const { first, count } of packedSteps(heap, args.batchSizes, args.steps, args.reverse !== 0)) {
    for (let b = 0; b < count; b++) {
      const n = first + b;
      const hidden = heap.at(args.finalHidden) + b * P;
      const row: CellRow = {
        f,
        size: H,
        gates: heap.at(args.gates) + n * width,
        mask: args.mask && heap.at(args.mask) + n * H,
        before: heap.at(args.previousHidden) + n * P,
      };
      f.copyWithin(row.before, hidden, hidden + P);
      const u = hiddenPart(heap, args, n, row.before, width);
      // What the cell gives: h', or what is projected to it.
      const output = args.projection ? heap.at(args.cellOutput) + n * H : heap.at(args.output) + n * args.outputStride;
      switch (kind) {
        case "tanh":
        case "relu":
          for (let j = 0; j < H; j++) {
            const a = f[row.gates + j] + u[j];
            f[output + j] = f[row.gates + j] = flush(kind === "relu" ? Math.max(a, 0) : Math.tanh(a));
          }
          break;
        case "gru":
          gruRow(row, u, output);
          break;
        case "mingru":
          minGruRow(row, output);
          break;
        case "minlstm":
          minLstmRow(row, output);
          break;
        default: {
          const cell = heap.at(args.finalCell) + b * H;
          const cellBefore = heap.at(args.previousCell) + n * H;
          f.copyWithin(cellBefore, cell, cell + H);
          lstmCell(row, options, u, cellBefore, cell);
          if (args.cellGain) normalizeCell(heap, args, n, b);
          const seen = args.cellGain ? heap.at(args.normalizedCell) + n * H : cell;
          for (let j = 0; j < H; j++) {
            const y = affine(f, options.gain, options.shift, j, f[seen + j]);
            f[output + j] = flush(f[row.gates + options.at.o * H + j] * Math.tanh(y));
          }
        }
      }
      const h = heap.at(args.output) + n * args.outputStride;
      if (args.projection) {
        const projected = new Float64Array(P);
        addRowTimesMatrix(projected, f, output, heap.at(args.projection), H, P);
        for (let k = 0; k < P; k++) f[h + k] = flush(projected[k]);
      }
      f.copyWithin(hidden, h, h + P);
    }
  }
}

/** u: the hidden part of a row's pre-activations, normalised where that is asked for. `hidden` keeps what the way back needs of it. */
function hiddenPart(heap: ReferenceHeap, args: Arguments, n: number, before: number, width: number): Float64Array {
  const f = heap.floats;
  const sums = new Float64Array(width);
  if (args.hiddenPanels) addRowTimesMatrix(sums, f, before, heap.at(args.hiddenPanels), args.outputSize, width);
  if (!args.hidden) return sums;
  const slab = heap.at(args.hidden) + n * width;
  const bias = heap.at(args.hiddenBias);
  if (!args.gain) return sums.map((sum, j) => (f[slab + j] = sum + (args.hiddenBias ? f[bias + j] : 0)));
  f.set(sums, slab);
  const x = args.hidden + n * width * heap.bytesPerFloat;
  const scales = args.scales + n * heap.bytesPerFloat;
  const { epsilon } = args;
  layerNorm(heap, { out: x, normalized: 0, scales, x, gain: 0, shift: 0, rows: 1, width, gates: 0, epsilon });
  return sums.map((_, j) => affine(f, heap.at(args.gain), args.hiddenBias && bias, j, f[slab + j]));
}

/** r, z = sigmoid(a + u); n = tanh(a + r*u); h' = (1-z)*m*n + z*h. */
function gruRow(row: CellRow, u: Float64Array, output: number): void {
  const { f, size, gates, before } = row;
  for (let j = 0; j < size; j++) {
    const r = (f[gates + j] = sigmoid(f[gates + j] + u[j]));
    const z = (f[gates + size + j] = sigmoid(f[gates + size + j] + u[size + j]));
    const n = (f[gates + 2 * size + j] = Math.tanh(f[gates + 2 * size + j] + r * u[2 * size + j]));
    f[output + j] = flush((1 - z) * maskAt(row, j) * n + z * f[before + j]);
  }
}

/** z = sigmoid(a), n = a; h' = (1-z)*h + z*m*n. */
function minGruRow(row: CellRow, output: number): void {
  const { f, size, gates, before } = row;
  for (let j = 0; j < size; j++) {
    const z = (f[gates + j] = sigmoid(f[gates + j]));
    const n = f[gates + size + j];
    f[output + j] = flush((1 - z) * f[before + j] + z * maskAt(row, j) * n);
  }
}

/** f, i = sigmoid(a), n = a; h' = F*h + (1-F)*m*n with F = f / (f + i). */
function minLstmRow(row: CellRow, output: number): void {
  const { f, size, gates, before } = row;
  for (let j = 0; j < size; j++) {
    const forget = (f[gates + j] = sigmoid(f[gates + j]));
    const input = (f[gates + size + j] = sigmoid(f[gates + size + j]));
    const share = forgetShare(forget, input);
    f[output + j] = flush(share * f[before + j] + (1 - share) * maskAt(row, j) * f[gates + 2 * size + j]);
  }
}

/** i, f = sigmoid(a + u + p*c), g = tanh(a + u); c' = f*c + i*m*g; o = sigmoid(a + u + p*c'). */
function lstmCell(row: CellRow, options: LstmOptions, u: Float64Array, before: number, cell: number): void {
  const { f, size, gates } = row;
  const { at } = options;
  for (let j = 0; j < size; j++) {
    const sum = (gate: number): number => f[gates + gate * size + j] + u[gate * size + j];
    const looking = (gate: number, c: number): number => sigmoid(sum(gate) + peepholeAt(row, options, gate, j) * c);
    const set = (gate: number, value: number): number => (f[gates + gate * size + j] = value);
    const forget = set(at.f, looking(at.f, f[before + j]));
    const input = at.i < 0 ? 1 - forget : set(at.i, looking(at.i, f[before + j]));
    const content = set(at.g, Math.tanh(sum(at.g)));
    f[cell + j] = flush(forget * f[before + j] + input * maskAt(row, j) * content);
    set(at.o, looking(at.o, f[cell + j]));
  }
}

function normalizeCell(heap: ReferenceHeap, args: Arguments, n: number, b: number): void {
  const { hiddenSize: width, epsilon } = args;
  const place = (start: number, numbers: number): number => start + numbers * heap.bytesPerFloat;
  const out = place(args.normalizedCell, n * width);
  const scales = place(args.cellScales, n);
  const x = place(args.finalCell, b * width);
  layerNorm(heap, { out, normalized: 0, scales, x, gain: 0, shift: 0, rows: 1, width, gates: 0, epsilon });
}
