import type { KernelArguments } from "../kernels.ts";
import { sigmoid } from "./elementwise.ts";
import { flush } from "./flush.ts";
import { addRowTimesMatrix } from "./gemm.ts";
import type { ReferenceHeap } from "./heap.ts";
import { packedSteps, startState } from "./packed-rows.ts";

/** i, f, o = sigmoid, g = tanh of W x + b + U h; c' = f*c + i*g; h' = o*tanh(c') (Hochreiter & Schmidhuber 1997; Gers 2000). */
export function lstmForward(heap: ReferenceHeap, args: KernelArguments<"lstmForward">): void {
  const { inputSize: I, hiddenSize: H } = args;
  const f = heap.floats;
  const bias = heap.at(args.bias);
  const sums = new Float64Array(4 * H);

  startState(heap, args.finalHidden, args.initialHidden, args.batch * H);
  startState(heap, args.finalCell, args.initialCell, args.batch * H);
  for (const { first, count } of packedSteps(heap, args.batchSizes, args.steps, args.reverse !== 0)) {
    for (let b = 0; b < count; b++) {
      const row = first + b;
      const hidden = heap.at(args.finalHidden) + b * H;
      const cell = heap.at(args.finalCell) + b * H;
      const hiddenBefore = heap.at(args.previousHidden) + row * H;
      const cellBefore = heap.at(args.previousCell) + row * H;
      const gates = heap.at(args.gates) + row * 4 * H;
      const output = heap.at(args.output) + row * args.outputStride;

      f.copyWithin(hiddenBefore, hidden, hidden + H);
      f.copyWithin(cellBefore, cell, cell + H);
      for (let j = 0; j < 4 * H; j++) sums[j] = args.bias ? f[bias + j] : 0;
      addRowTimesMatrix(sums, f, heap.at(args.x) + row * args.xStride, heap.at(args.inputPanels), I, 4 * H);
      addRowTimesMatrix(sums, f, hiddenBefore, heap.at(args.hiddenPanels), H, 4 * H);
      for (let j = 0; j < H; j++) {
        // Written first and read back, so that the backward kernel sees the very numbers that made the state.
        f[gates + j] = sigmoid(sums[j]);
        f[gates + H + j] = sigmoid(sums[H + j]);
        f[gates + 2 * H + j] = Math.tanh(sums[2 * H + j]);
        f[gates + 3 * H + j] = sigmoid(sums[3 * H + j]);
        f[cell + j] = flush(f[gates + H + j] * f[cellBefore + j] + f[gates + j] * f[gates + 2 * H + j]);
        f[output + j] = f[hidden + j] = flush(f[gates + 3 * H + j] * Math.tanh(f[cell + j]));
      }
    }
  }
}

/**
 * With dh', dc' the gradients of a step's new state: dc = dc' + dh' o (1 - tanh(c')^2); do = dh' tanh(c'); di = dc g;
 * df = dc c; dg = dc i; each times its activation's derivative; then dL/dc = dc f and dL/dh = U^T da.
 */
export function lstmBackward(heap: ReferenceHeap, args: KernelArguments<"lstmBackward">): void {
  const { hiddenSize: H } = args;
  const f = heap.floats;
  const sums = new Float64Array(H);

  startState(heap, args.gradInitialHidden, args.gradFinalHidden, args.batch * H);
  startState(heap, args.gradInitialCell, args.gradFinalCell, args.batch * H);
  for (const { first, count } of packedSteps(heap, args.batchSizes, args.steps, args.reverse === 0)) {
    for (let b = 0; b < count; b++) {
      const row = first + b;
      const carriedHidden = heap.at(args.gradInitialHidden) + b * H;
      const carriedCell = heap.at(args.gradInitialCell) + b * H;
      const gates = heap.at(args.gates) + row * 4 * H;
      const cellBefore = heap.at(args.previousCell) + row * H;
      const gateGradients = heap.at(args.gateGradients) + row * 4 * H;
      const gradOutput = heap.at(args.gradOutput) + row * args.gradOutputStride;
      const hiddenTap = heap.at(args.hiddenTap) + row * H;
      const cellTap = heap.at(args.cellTap) + row * H;

      for (let j = 0; j < H; j++) {
        const input = f[gates + j];
        const forget = f[gates + H + j];
        const content = f[gates + 2 * H + j];
        const out = f[gates + 3 * H + j];
        const before = f[cellBefore + j];
        const tanhCell = Math.tanh(flush(forget * before + input * content));

        const gradHidden = f[carriedHidden + j] + (args.gradOutput ? f[gradOutput + j] : 0);
        const gradCell = f[carriedCell + j] + gradHidden * out * (1 - tanhCell * tanhCell);
        if (args.hiddenTap) f[hiddenTap + j] = gradHidden;
        if (args.cellTap) f[cellTap + j] = gradCell;
        f[gateGradients + j] = flush(gradCell * content * input * (1 - input));
        f[gateGradients + H + j] = flush(gradCell * before * forget * (1 - forget));
        f[gateGradients + 2 * H + j] = flush(gradCell * input * (1 - content * content));
        f[gateGradients + 3 * H + j] = flush(gradHidden * tanhCell * out * (1 - out));
        f[carriedCell + j] = flush(gradCell * forget);
      }
      sums.fill(0);
      addRowTimesMatrix(sums, f, gateGradients, heap.at(args.hiddenPanels), 4 * H, H);
      for (let k = 0; k < H; k++) f[carriedHidden + k] = flush(sums[k]);
    }
  }
}
