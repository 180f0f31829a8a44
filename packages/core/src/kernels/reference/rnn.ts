import type { KernelArguments } from "../kernels.ts";
import { relu } from "./elementwise.ts";
import { flush } from "./flush.ts";
import { addRowTimesMatrix } from "./gemm.ts";
import type { ReferenceHeap } from "./heap.ts";
import { packedSteps, startState } from "./packed-rows.ts";

/** h' = f(W x + b + U h), f = tanh or relu (Elman 1990). */
export function rnnForward(heap: ReferenceHeap, args: KernelArguments<"rnnForward">): void {
  const { inputSize: I, hiddenSize: H } = args;
  const f = heap.floats;
  const bias = heap.at(args.bias);
  const activation = args.relu ? relu : Math.tanh;
  const sums = new Float64Array(H);

  startState(heap, args.finalHidden, args.initialHidden, args.batch * H);
  for (const { first, count } of packedSteps(heap, args.batchSizes, args.steps, args.reverse !== 0)) {
    for (let b = 0; b < count; b++) {
      const row = first + b;
      const state = heap.at(args.finalHidden) + b * H;
      const before = heap.at(args.previousHidden) + row * H;
      const gates = heap.at(args.gates) + row * H;
      const output = heap.at(args.output) + row * args.outputStride;

      f.copyWithin(before, state, state + H);
      for (let j = 0; j < H; j++) sums[j] = args.bias ? f[bias + j] : 0;
      addRowTimesMatrix(sums, f, heap.at(args.x) + row * args.xStride, heap.at(args.inputPanels), I, H);
      addRowTimesMatrix(sums, f, before, heap.at(args.hiddenPanels), H, H);
      for (let j = 0; j < H; j++) {
        f[gates + j] = f[output + j] = f[state + j] = flush(activation(sums[j]));
      }
    }
  }
}

/** da = dh' * f'(h'), dh = U^T da; gradInitialHidden carries dL/dh from step to step. */
export function rnnBackward(heap: ReferenceHeap, args: KernelArguments<"rnnBackward">): void {
  const { hiddenSize: H } = args;
  const f = heap.floats;
  const sums = new Float64Array(H);

  startState(heap, args.gradInitialHidden, args.gradFinalHidden, args.batch * H);
  for (const { first, count } of packedSteps(heap, args.batchSizes, args.steps, args.reverse === 0)) {
    for (let b = 0; b < count; b++) {
      const row = first + b;
      const carried = heap.at(args.gradInitialHidden) + b * H;
      const gates = heap.at(args.gates) + row * H;
      const gateGradients = heap.at(args.gateGradients) + row * H;
      const gradOutput = heap.at(args.gradOutput) + row * args.gradOutputStride;
      const hiddenTap = heap.at(args.hiddenTap) + row * H;

      for (let j = 0; j < H; j++) {
        const gradHidden = f[carried + j] + (args.gradOutput ? f[gradOutput + j] : 0);
        if (args.hiddenTap) f[hiddenTap + j] = gradHidden;
        const h = f[gates + j];
        f[gateGradients + j] = flush(args.relu ? (h <= 0 ? 0 : gradHidden) : gradHidden * (1 - h * h));
      }
      sums.fill(0);
      addRowTimesMatrix(sums, f, gateGradients, heap.at(args.hiddenPanels), H, H);
      for (let k = 0; k < H; k++) f[carried + k] = flush(sums[k]);
    }
  }
}
