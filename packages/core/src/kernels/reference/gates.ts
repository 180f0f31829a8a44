import type { KernelArguments } from "../kernels.ts";
import { pack } from "./gemm.ts";
import type { ReferenceHeap } from "./heap.ts";

// The reference's gate slab is [N, G*H] in PyTorch's order, so gate g of unit j is column g * H + j.

export function packGates(heap: ReferenceHeap, args: KernelArguments<"packGates">): void {
  const { panels, weight, inputs } = args;
  const rows = args.gates * args.hiddenSize;
  const [k, n] = args.transpose ? [rows, inputs] : [inputs, rows];
  pack(heap, { panels, b: weight, k, n, bStride: inputs, transpose: args.transpose ? 0 : 1 });
}

export function packGateBias(heap: ReferenceHeap, args: KernelArguments<"packGateBias">): void {
  const f = heap.floats;
  const out = heap.at(args.out);
  const biasInput = heap.at(args.biasInput);
  const biasHidden = heap.at(args.biasHidden);
  for (let j = 0; j < args.gates * args.hiddenSize; j++) {
    const fromInput = args.biasInput ? f[biasInput + j] : 0;
    const fromHidden = args.biasHidden && j < args.hiddenGates * args.hiddenSize ? f[biasHidden + j] : 0;
    f[out + j] = fromInput + fromHidden;
  }
}

export function gateWeightGradient(heap: ReferenceHeap, args: KernelArguments<"gateWeightGradient">): void {
  const { rows, inputs, xStride, hiddenSize } = args;
  const f = heap.floats;
  const gradWeight = heap.at(args.gradWeight);
  const gateGradients = heap.at(args.gateGradients);
  const x = heap.at(args.x);
  const width = args.gates * hiddenSize;
  const sums = new Float64Array(inputs);
  for (let j = args.firstGate * hiddenSize; j < (args.firstGate + args.gateCount) * hiddenSize; j++) {
    for (let k = 0; k < inputs; k++) sums[k] = args.accumulate ? f[gradWeight + j * inputs + k] : 0;
    for (let r = 0; r < rows; r++) {
      const gradient = f[gateGradients + r * width + j];
      for (let k = 0; k < inputs; k++) sums[k] += gradient * f[x + r * xStride + k];
    }
    f.set(sums, gradWeight + j * inputs);
  }
}

export function gateBiasGradient(heap: ReferenceHeap, args: KernelArguments<"gateBiasGradient">): void {
  const f = heap.floats;
  const gradBias = heap.at(args.gradBias);
  const gateGradients = heap.at(args.gateGradients);
  const width = args.gates * args.hiddenSize;
  for (let j = 0; j < width; j++) {
    let sum = args.accumulate ? f[gradBias + j] : 0;
    for (let r = 0; r < args.rows; r++) sum += f[gateGradients + r * width + j];
    f[gradBias + j] = sum;
  }
}

export function unpackGates(heap: ReferenceHeap, args: KernelArguments<"unpackGates">): void {
  const slab = heap.at(args.slab);
  heap.floats.copyWithin(heap.at(args.out), slab, slab + args.rows * args.gates * args.hiddenSize);
}
