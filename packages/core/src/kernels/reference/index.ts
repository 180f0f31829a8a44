import type { KernelArguments, KernelName, Kernels, KernelSet, Precision } from "../kernels.ts";
import { attendBackward, attendForward } from "./attend.ts";

import { attentionBackward, attentionForward, rotatePositions } from "./attention.ts";
import { cellBackward } from "./cell-backward.ts";
import { cellForward } from "./cell-forward.ts";
import { crfBackward, crfForward, crfTransitionGradient } from "./crf.ts";
import { crossEntropy, crossEntropyBackward } from "./cross-entropy.ts";
import { dropout } from "./dropout.ts";
import { binary, fill, reduceSum, stridedCopy, unary, unaryBackward } from "./elementwise.ts";
import { gateBiasGradient, gateWeightGradient, packGateBias, packGates, unpackGates } from "./gates.ts";
import { gemm, gemmPacked, pack } from "./gemm.ts";
import { gruBackward, gruForward } from "./gru.ts";
import { ReferenceHeap } from "./heap.ts";
import { gatherRowsInt8, gemmInt8, gruStepInt8, lstmStepInt8, packInt8, packRowsInt8, rnnStepInt8 } from "./int8.ts";
import { layerNorm, layerNormBackward } from "./layer-norm.ts";
import { lstmBackward, lstmForward } from "./lstm.ts";
import { clipByNorm, clipByValue, globalNorm } from "./norms.ts";
import { adam, sgd } from "./optimizers.ts";
import { rnnBackward, rnnForward } from "./rnn.ts";
import { gatherRows, scatterAddRows, scatterRows } from "./rows.ts";
import { segmentMax, segmentMaxBackward } from "./segment-max.ts";
import { softmax, softmaxBackward } from "./softmax.ts";

const referenceKernels: { [K in KernelName]: (heap: ReferenceHeap, args: KernelArguments<K>) => void } = {
  fill,
  unary,
  unaryBackward,
  binary,
  stridedCopy,
  reduceSum,
  gemm,
  pack,
  gemmPacked,
  packGates,
  packGateBias,
  gateWeightGradient,
  gateBiasGradient,
  unpackGates,
  rnnForward,
  rnnBackward,
  lstmForward,
  lstmBackward,
  gruForward,
  gruBackward,
  cellForward,
  cellBackward,
  gatherRows,
  scatterRows,
  scatterAddRows,
  segmentMax,
  segmentMaxBackward,
  packInt8,
  gemmInt8,
  rnnStepInt8,
  lstmStepInt8,
  gruStepInt8,
  packRowsInt8,
  gatherRowsInt8,
  softmax,
  softmaxBackward,
  layerNorm,
  layerNormBackward,
  crossEntropy,
  crossEntropyBackward,
  rotatePositions,
  attentionForward,
  attentionBackward,
  crfForward,
  crfBackward,
  crfTransitionGradient,
  dropout,
  attendForward,
  attendBackward,
  globalNorm,
  clipByNorm,
  clipByValue,
  adam,
  sgd,
};

/**
 * The kernels in plain TypeScript, to be read beside the formulas: the oracle that every other kernel set is compared
 * with, and the fallback where nothing faster runs. Sums are carried in double and rounded when stored.
 *
 * Panels are the plain matrix [K, N]; a gate slab is [N, G*H] in PyTorch's gate order.
 *
 * @param precision of the heap; `"f64"` makes gradient checks meaningful
 *
 * @example
 * const set = createReferenceKernels();
 * set.writeFloats(set.heapStart, [1, 2, 3]);
 * set.kernels.unary({ out: set.heapStart, x: set.heapStart, count: 3, operation: 0 }); // tanh, in place
 */
export function createReferenceKernels(precision: Precision = "f32"): KernelSet {
  const heap = new ReferenceHeap(precision);
  const kernels = Object.fromEntries(
    Object.entries(referenceKernels).map(([name, kernel]) => [name, (args: never) => kernel(heap, args)]),
  ) as unknown as Kernels;
  return {
    backend: "reference",
    instructionSet: precision,
    precision,
    bytesPerFloat: heap.bytesPerFloat,
    heapStart: 64,
    kernels,
    panelSize: (k, n) => k * n,
    gatePanelSize: (gates, hiddenSize, inputs) => gates * hiddenSize * inputs,
    gateWidth: (gates, hiddenSize) => gates * hiddenSize,
    reserve: (bytes) => heap.reserve(bytes),
    writeFloats: (offset, values) => heap.floats.set(values, heap.at(offset)),
    writeInts: (offset, values) => heap.ints.set(values, heap.intAt(offset)),
    readFloats: (offset, count) => heap.floats.slice(heap.at(offset), heap.at(offset) + count),
    readInts: (offset, count) => heap.ints.slice(heap.intAt(offset), heap.intAt(offset) + count),
    readFloatsInto: (target, offset) =>
      target.set(heap.floats.subarray(heap.at(offset), heap.at(offset) + target.length)),
    threads: 1,
    team: null,
    close: () => {},
  };
}
