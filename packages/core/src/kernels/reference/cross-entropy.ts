import type { KernelArguments } from "../kernels.ts";
import type { ReferenceHeap } from "./heap.ts";
import { logSumExp } from "./softmax.ts";

export function crossEntropy(heap: ReferenceHeap, args: KernelArguments<"crossEntropy">): void {
  const { rows, classes, labelSmoothing } = args;
  const f = heap.floats;
  const logNormalizer = heap.at(args.logNormalizer);
  let sum = 0;
  let counted = 0;
  for (let r = 0; r < rows; r++) {
    const target = heap.ints[heap.intAt(args.targets) + r];
    if (target === args.ignoreIndex) {
      f[logNormalizer + r] = 0;
      continue;
    }
    const x = heap.at(args.logits) + r * classes;
    const { largest, logSum } = logSumExp(f, x, classes);
    const surprisal = (j: number): number => largest - f[x + j] + logSum;
    let loss = (1 - labelSmoothing) * surprisal(target);
    // Only with smoothing, so that an impossible class (-Infinity) other than the target costs nothing.
    if (labelSmoothing !== 0) {
      let total = 0;
      for (let j = 0; j < classes; j++) total += surprisal(j);
      loss += (labelSmoothing / classes) * total;
    }
    f[logNormalizer + r] = largest + logSum;
    sum += loss;
    counted++;
  }
  f[heap.at(args.loss)] = args.mean && counted > 0 ? sum / counted : sum;
  f[heap.at(args.counted)] = counted;
}

/** d loss / d logits = p - (1-s) * [j is the target] - s/V, over the number counted when the loss is a mean. */
export function crossEntropyBackward(heap: ReferenceHeap, args: KernelArguments<"crossEntropyBackward">): void {
  const { rows, classes, labelSmoothing } = args;
  const f = heap.floats;
  const gradLoss = f[heap.at(args.gradLoss)];
  const scale = args.mean ? gradLoss / f[heap.at(args.counted)] : gradLoss;
  for (let r = 0; r < rows; r++) {
    const target = heap.ints[heap.intAt(args.targets) + r];
    const logNormalizer = f[heap.at(args.logNormalizer) + r];
    const x = heap.at(args.logits) + r * classes;
    const gradX = heap.at(args.gradLogits) + r * classes;
    const ignored = target === args.ignoreIndex;
    for (let j = 0; j < classes; j++) {
      const start = args.accumulate ? f[gradX + j] : 0;
      if (ignored) {
        f[gradX + j] = start;
        continue;
      }
      const wanted = (j === target ? 1 - labelSmoothing : 0) + labelSmoothing / classes;
      f[gradX + j] = start + scale * (Math.exp(f[x + j] - logNormalizer) - wanted);
    }
  }
}
