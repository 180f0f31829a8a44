import type { KernelArguments } from "../kernels.ts";
import type { ReferenceHeap } from "./heap.ts";
import { logSumExp } from "./softmax.ts";

export function crossEntropy(heap: ReferenceHeap, args: KernelArguments<"crossEntropy">): void {
  const { rows, classes, labelSmoothing } = args;
  const f = heap.floats;
  const logNormalizer = heap.at(args.logNormalizer);
  const weight = classWeights(heap, args.weights);
  let sum = 0;
  let counted = 0;
  for (let r = 0; r < rows; r++) {
    const target = heap.ints[heap.intAt(args.targets) + r];
    if (target === args.ignoreIndex) {
      f.fill(0, logNormalizer + 2 * r, logNormalizer + 2 * r + 2);
      continue;
    }
    const x = heap.at(args.logits) + r * classes;
    const { largest, logSum } = logSumExp(f, x, classes);
    // A class of weight 0 costs nothing, not even where it is impossible (-Infinity).
    const cost = (j: number): number => (weight(j) === 0 ? 0 : weight(j) * (largest - f[x + j] + logSum));
    let loss = (1 - labelSmoothing) * cost(target);
    // Only with smoothing, so that an impossible class other than the target costs nothing.
    if (labelSmoothing !== 0) {
      let total = 0;
      for (let j = 0; j < classes; j++) total += cost(j);
      loss += (labelSmoothing / classes) * total;
    }
    f.set([largest, logSum], logNormalizer + 2 * r);
    sum += loss;
    counted += weight(target);
  }
  f[heap.at(args.loss)] = args.mean && counted > 0 ? sum / counted : sum;
  f[heap.at(args.counted)] = counted;
}

/**
 * d loss / d logits = p ((1-s) w_target + s/V Σ w) - (1-s) w_target [j is the target] - s/V w_j, over what was counted when the loss is
 * a mean; all weights w are 1 without class weights.
 */
export function crossEntropyBackward(heap: ReferenceHeap, args: KernelArguments<"crossEntropyBackward">): void {
  const { rows, classes, labelSmoothing } = args;
  const f = heap.floats;
  const gradLoss = f[heap.at(args.gradLoss)];
  const counted = f[heap.at(args.counted)];
  const scale = args.mean && counted > 0 ? gradLoss / counted : gradLoss;
  const weight = classWeights(heap, args.weights);
  let total = 0;
  for (let j = 0; j < classes; j++) total += weight(j);
  for (let r = 0; r < rows; r++) {
    const target = heap.ints[heap.intAt(args.targets) + r];
    const [largest, logSum] = f.subarray(heap.at(args.logNormalizer) + 2 * r);
    const x = heap.at(args.logits) + r * classes;
    const gradX = heap.at(args.gradLogits) + r * classes;
    const ignored = target === args.ignoreIndex;
    const whole = ignored ? 0 : (1 - labelSmoothing) * weight(target) + (labelSmoothing / classes) * total;
    for (let j = 0; j < classes; j++) {
      const start = args.accumulate ? f[gradX + j] : 0;
      if (whole === 0) {
        f[gradX + j] = start;
        continue;
      }
      const wanted = ((j === target ? 1 - labelSmoothing : 0) + labelSmoothing / classes) * weight(j);
      f[gradX + j] = start + scale * (Math.exp(f[x + j] - largest - logSum) * whole - wanted);
    }
  }
}

/** The weight of each class, 1 where there are none. */
function classWeights(heap: ReferenceHeap, weights: number): (j: number) => number {
  const first = heap.at(weights);
  return weights === 0 ? () => 1 : (j) => heap.floats[first + j];
}
