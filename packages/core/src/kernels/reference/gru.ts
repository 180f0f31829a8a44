import type { KernelArguments } from "../kernels.ts";
import { sigmoid } from "./elementwise.ts";
import { flush } from "./flush.ts";
import { addRowTimesMatrix } from "./gemm.ts";
import type { ReferenceHeap } from "./heap.ts";
import { packedSteps, startState } from "./packed-rows.ts";

/**
 * r, z = sigmoid(W x + b + U h); n = tanh(W x + b + r*(U h + b_h)) with resetAfter (PyTorch, cuDNN), else
 * n = tanh(W x + b + U (r*h)) (Cho et al. 2014); h' = (1-z)*n + z*h.
 */
export function gruForward(heap: ReferenceHeap, args: KernelArguments<"gruForward">): void {
  const { inputSize: I, hiddenSize: H } = args;
  const f = heap.floats;
  const bias = heap.at(args.bias);
  const hiddenBias = heap.at(args.hiddenBias);
  const hiddenPanels = heap.at(args.hiddenPanels);
  const fromInput = new Float64Array(3 * H);
  const fromHidden = new Float64Array(3 * H);
  const reset = new Float64Array(3 * H);

  startState(heap, args.finalHidden, args.initialHidden, args.batch * H);
  for (const { first, count } of packedSteps(heap, args.batchSizes, args.steps, args.reverse !== 0)) {
    for (let b = 0; b < count; b++) {
      const row = first + b;
      const hidden = heap.at(args.finalHidden) + b * H;
      const hiddenBefore = heap.at(args.previousHidden) + row * H;
      const candidate = heap.at(args.candidate) + row * H;
      const gates = heap.at(args.gates) + row * 3 * H;
      const output = heap.at(args.output) + row * args.outputStride;

      f.copyWithin(hiddenBefore, hidden, hidden + H);
      for (let j = 0; j < 3 * H; j++) fromInput[j] = args.bias ? f[bias + j] : 0;
      addRowTimesMatrix(fromInput, f, heap.at(args.x) + row * args.xStride, heap.at(args.inputPanels), I, 3 * H);
      for (let j = 0; j < 3 * H; j++) {
        fromHidden[j] = j >= 2 * H && args.hiddenBias ? f[hiddenBias + j - 2 * H] : 0;
      }
      addRowTimesMatrix(fromHidden, f, hiddenBefore, hiddenPanels, H, 3 * H);
      for (let j = 0; j < 2 * H; j++) f[gates + j] = sigmoid(fromInput[j] + fromHidden[j]);

      if (args.resetAfter) {
        for (let j = 0; j < H; j++) {
          f[candidate + j] = fromHidden[2 * H + j];
          f[gates + 2 * H + j] = Math.tanh(fromInput[2 * H + j] + f[gates + j] * f[candidate + j]);
        }
      } else {
        for (let j = 0; j < H; j++) f[candidate + j] = f[gates + j] * f[hiddenBefore + j];
        reset.fill(0);
        addRowTimesMatrix(reset, f, candidate, hiddenPanels, H, 3 * H);
        for (let j = 0; j < H; j++) f[gates + 2 * H + j] = Math.tanh(fromInput[2 * H + j] + reset[2 * H + j]);
      }

      for (let j = 0; j < H; j++) {
        const z = f[gates + H + j];
        const n = f[gates + 2 * H + j];
        f[output + j] = f[hidden + j] = flush((1 - z) * n + z * f[hiddenBefore + j]);
      }
    }
  }
}

/**
 * dn = dh' (1-z); dz = dh' (h - n); da_n = dn (1 - n^2); da_z = dz z (1-z). With q = U h + b_h and resetAfter:
 * dr = da_n q, and U's gate n sees da_n r. Else, with v = U_n^T da_n the gradient of r*h: dr = v h, and h gets v r.
 * h also gets dh' z and U^T of what U's gates saw.
 */
export function gruBackward(heap: ReferenceHeap, args: KernelArguments<"gruBackward">): void {
  const { hiddenSize: H } = args;
  const f = heap.floats;
  const hiddenPanels = heap.at(args.hiddenPanels);
  const gradHidden = new Float64Array(H);
  const gradReset = new Float64Array(H);
  const sums = new Float64Array(H);

  startState(heap, args.gradInitialHidden, args.gradFinalHidden, args.batch * H);
  for (const { first, count } of packedSteps(heap, args.batchSizes, args.steps, args.reverse === 0)) {
    for (let b = 0; b < count; b++) {
      const row = first + b;
      const carried = heap.at(args.gradInitialHidden) + b * H;
      const gates = heap.at(args.gates) + row * 3 * H;
      const hiddenBefore = heap.at(args.previousHidden) + row * H;
      const candidate = heap.at(args.candidate) + row * H;
      const gateGradients = heap.at(args.gateGradients) + row * 3 * H;
      const hiddenGateGradients = heap.at(args.hiddenGateGradients) + row * 3 * H;
      const gradOutput = heap.at(args.gradOutput) + row * args.gradOutputStride;
      const hiddenTap = heap.at(args.hiddenTap) + row * H;

      for (let j = 0; j < H; j++) {
        const z = f[gates + H + j];
        const n = f[gates + 2 * H + j];
        gradHidden[j] = f[carried + j] + (args.gradOutput ? f[gradOutput + j] : 0);
        if (args.hiddenTap) f[hiddenTap + j] = gradHidden[j];
        f[gateGradients + H + j] = flush(gradHidden[j] * (f[hiddenBefore + j] - n) * z * (1 - z));
        f[gateGradients + 2 * H + j] = flush(gradHidden[j] * (1 - z) * (1 - n * n));
        sums[j] = gradHidden[j] * z;
      }

      if (args.resetAfter) {
        for (let j = 0; j < H; j++) {
          const r = f[gates + j];
          const gradN = f[gateGradients + 2 * H + j];
          f[gateGradients + j] = flush(gradN * f[candidate + j] * r * (1 - r));
          f[hiddenGateGradients + j] = f[gateGradients + j];
          f[hiddenGateGradients + H + j] = f[gateGradients + H + j];
          f[hiddenGateGradients + 2 * H + j] = flush(gradN * r);
        }
        addRowTimesMatrix(sums, f, hiddenGateGradients, hiddenPanels, 3 * H, H);
      } else {
        gradReset.fill(0);
        addRowTimesMatrix(gradReset, f, gateGradients + 2 * H, hiddenPanels + 2 * H * H, H, H);
        for (let j = 0; j < H; j++) {
          const r = f[gates + j];
          f[gateGradients + j] = flush(gradReset[j] * f[hiddenBefore + j] * r * (1 - r));
          sums[j] += gradReset[j] * r;
        }
        addRowTimesMatrix(sums, f, gateGradients, hiddenPanels, 2 * H, H);
      }
      for (let k = 0; k < H; k++) f[carried + k] = flush(sums[k]);
    }
  }
}
