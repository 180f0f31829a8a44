import type { KernelArguments } from "../kernels.ts";
import type { ReferenceHeap } from "./heap.ts";
import { logSumExp } from "./softmax.ts";

export function crfForward(heap: ReferenceHeap, args: KernelArguments<"crfForward">): void {
  const { batch, tagCount: K } = args;
  const f = heap.floats;
  const [transitions, start, end] = [heap.at(args.transitions), heap.at(args.start), heap.at(args.end)];
  const before = new Float64Array(K);
  for (let b = 0; b < batch; b++) {
    const length = heap.ints[heap.intAt(args.lengths) + b];
    let [logPartition, score, previous] = [0, 0, -1];
    for (let t = 0; t < length; t++) {
      const row = t * batch + b;
      const x = heap.at(args.logits) + row * K;
      const reach = heap.at(args.reach) + row * K;
      for (let j = 0; j < K; j++) {
        f[reach + j] = t === 0 ? f[start + j] : logSum(K, (i) => before[i] + f[transitions + i * K + j]);
      }
      const normalizer = logSum(K, (j) => f[x + j] + f[reach + j]);
      f[heap.at(args.normalizers) + row] = normalizer;
      for (let j = 0; j < K; j++) before[j] = f[x + j] + f[reach + j] - normalizer;
      logPartition += normalizer;
      if (args.tags === 0) continue;
      const tag = heap.ints[heap.intAt(args.tags) + row];
      score += f[x + tag] + (t === 0 ? f[start + tag] : f[transitions + previous * K + tag]);
      previous = tag;
    }
    if (length > 0) logPartition += logSum(K, (j) => before[j] + f[end + j]);
    if (previous >= 0) score += f[end + previous];
    f[heap.at(args.losses) + b] = logPartition - score;
  }
}

/**
 * Goes back from the last step, p(y_last = j) = exp(filtered[last, j] + end[j]) / Σ, by p(y_{t-1} = i) = Σ_j p(y_t = j) p(y_{t-1} = i |
 * y_t = j): what comes after t tells no more of y_{t-1} than y_t does.
 */
export function crfBackward(heap: ReferenceHeap, args: KernelArguments<"crfBackward">): void {
  const { batch, steps, tagCount: K, accumulate } = args;
  const f = heap.floats;
  const end = heap.at(args.end);
  for (let b = 0; b < batch; b++) {
    const length = heap.ints[heap.intAt(args.lengths) + b];
    for (let t = steps - 1; t >= 0; t--) {
      const row = t * batch + b;
      const marginals = heap.at(args.marginals) + row * K;
      if (t >= length) f.fill(0, marginals, marginals + K);
      else if (t === length - 1) {
        const scores = Float64Array.from({ length: K }, (_, j) => filtered(heap, args, row, j) + f[end + j]);
        const total = logSum(K, (j) => scores[j]);
        for (let j = 0; j < K; j++) f[marginals + j] = Math.exp(scores[j] - total);
      } else {
        const after = row + batch;
        const sums = Float64Array.from({ length: K }, (_, i) => {
          let sum = 0;
          for (let j = 0; j < K; j++) sum += pairMarginal(heap, args, after, i, j);
          return sum;
        });
        // They add up to 1 but for rounding, which would pile up over a long sequence.
        const total = sums.reduce((sum, value) => sum + value, 0);
        for (let i = 0; i < K; i++) f[marginals + i] = sums[i] / total;
      }
      if (args.gradLogits === 0) continue;
      const gradLoss = t < length ? f[heap.at(args.gradLosses) + b] : 0;
      const tag = heap.ints[heap.intAt(args.tags) + row];
      const gradX = heap.at(args.gradLogits) + row * K;
      for (let j = 0; j < K; j++) {
        const gradient = t < length ? gradLoss * (f[marginals + j] - (j === tag ? 1 : 0)) : 0;
        f[gradX + j] = (accumulate ? f[gradX + j] : 0) + gradient;
      }
    }
  }
}

export function crfTransitionGradient(heap: ReferenceHeap, args: KernelArguments<"crfTransitionGradient">): void {
  const { batch, tagCount: K } = args;
  const f = heap.floats;
  const ofTransitions = new Float64Array(K * K);
  const ofStart = new Float64Array(K);
  const ofEnd = new Float64Array(K);
  for (let b = 0; b < batch; b++) {
    const length = heap.ints[heap.intAt(args.lengths) + b];
    const gradLoss = f[heap.at(args.gradLosses) + b];
    const tagAt = (t: number): number => heap.ints[heap.intAt(args.tags) + t * batch + b];
    const marginal = (t: number, j: number): number => f[heap.at(args.marginals) + (t * batch + b) * K + j];
    for (let t = 1; t < length; t++) {
      for (let i = 0; i < K; i++) {
        for (let j = 0; j < K; j++)
          ofTransitions[i * K + j] += gradLoss * pairMarginal(heap, args, t * batch + b, i, j);
      }
      ofTransitions[tagAt(t - 1) * K + tagAt(t)] -= gradLoss;
    }
    if (length === 0) continue;
    for (let j = 0; j < K; j++) {
      ofStart[j] += gradLoss * (marginal(0, j) - (j === tagAt(0) ? 1 : 0));
      ofEnd[j] += gradLoss * (marginal(length - 1, j) - (j === tagAt(length - 1) ? 1 : 0));
    }
  }
  for (const [target, sums] of [
    [args.gradTransitions, ofTransitions],
    [args.gradStart, ofStart],
    [args.gradEnd, ofEnd],
  ] as const) {
    if (target) sums.forEach((sum, i) => (f[heap.at(target) + i] += sum));
  }
}

type Kept = Pick<KernelArguments<"crfBackward">, "logits" | "reach" | "normalizers" | "batch" | "tagCount"> &
  Pick<KernelArguments<"crfBackward">, "marginals" | "transitions">;

/** ln p(y_t = j) given the steps up to t, for row t*B + b. */
function filtered(heap: ReferenceHeap, args: Kept, row: number, j: number): number {
  const f = heap.floats;
  const place = row * args.tagCount + j;
  return f[heap.at(args.logits) + place] + f[heap.at(args.reach) + place] - f[heap.at(args.normalizers) + row];
}

/** p(y_{t-1} = i, y_t = j) for row t*B + b. Where y_t can't be j there is nothing to divide by, and it is 0. */
function pairMarginal(heap: ReferenceHeap, args: Kept, row: number, i: number, j: number): number {
  const { batch, tagCount: K } = args;
  const f = heap.floats;
  const marginal = f[heap.at(args.marginals) + row * K + j];
  if (marginal === 0) return 0;
  const step = f[heap.at(args.transitions) + i * K + j] - f[heap.at(args.reach) + row * K + j];
  return marginal * Math.exp(filtered(heap, args, row - batch, i) + step);
}

/** ln Σ exp(value(k)): -Infinity where all are. */
function logSum(count: number, value: (k: number) => number): number {
  const values = Float64Array.from({ length: count }, (_, k) => value(k));
  const { largest, logSum: rest } = logSumExp(values, 0, count);
  return largest === -Infinity && !values.some(Number.isNaN) ? -Infinity : largest + rest;
}
