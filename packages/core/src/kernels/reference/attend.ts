import type { KernelArguments } from "../kernels.ts";
import type { ReferenceHeap } from "./heap.ts";
import { logSumExp } from "./softmax.ts";

export function attendForward(heap: ReferenceHeap, args: KernelArguments<"attendForward">): void {
  const { rows, steps, batch, keySize, valueSize } = args;
  const f = heap.floats;
  for (let r = 0; r < rows; r++) {
    const { b, length } = memoryOf(heap, args, r);
    const weights = heap.at(args.weights) + r * steps;
    const context = heap.at(args.context) + r * valueSize;
    const scores = new Float64Array(length);
    for (let s = 0; s < length; s++) {
      for (let j = 0; j < keySize; j++) {
        const x = f[heap.at(args.query) + r * keySize + j];
        const key = f[heap.at(args.keys) + (s * batch + b) * keySize + j];
        scores[s] += args.vector === 0 ? x * key : f[heap.at(args.vector) + j] * Math.tanh(x + key);
      }
    }
    const { largest, logSum } = logSumExp(scores, 0, length);
    for (let s = 0; s < steps; s++) f[weights + s] = s < length ? Math.exp(scores[s] - largest - logSum) : 0;
    for (let j = 0; j < valueSize; j++) {
      let sum = 0;
      for (let s = 0; s < length; s++)
        sum += f[weights + s] * f[heap.at(args.values) + (s * batch + b) * valueSize + j];
      f[context + j] = sum;
    }
  }
}

export function attendBackward(heap: ReferenceHeap, args: KernelArguments<"attendBackward">): void {
  const { rows, steps, batch, keySize, valueSize } = args;
  const f = heap.floats;
  for (let r = 0; r < rows; r++) {
    const { b, length } = memoryOf(heap, args, r);
    const weights = heap.at(args.weights) + r * steps;
    const gradContext = heap.at(args.gradContext) + r * valueSize;
    const gradWeights = new Float64Array(length);
    let total = 0;
    for (let s = 0; s < length; s++) {
      const row = (s * batch + b) * valueSize;
      for (let j = 0; j < valueSize; j++) {
        gradWeights[s] += f[gradContext + j] * f[heap.at(args.values) + row + j];
        f[heap.at(args.gradValues) + row + j] += f[weights + s] * f[gradContext + j];
      }
      total += f[weights + s] * gradWeights[s];
    }
    for (let s = 0; s < length; s++) {
      const gradient = f[weights + s] * (gradWeights[s] - total);
      f[heap.at(args.scores) + r * steps + s] = gradient;
      for (let j = 0; j < keySize; j++) {
        const [atQuery, atKey] = [r * keySize + j, (s * batch + b) * keySize + j];
        const x = f[heap.at(args.query) + atQuery];
        const key = f[heap.at(args.keys) + atKey];
        if (args.vector === 0) {
          f[heap.at(args.gradQuery) + atQuery] += gradient * key;
          f[heap.at(args.gradKeys) + atKey] += gradient * x;
          continue;
        }
        const y = Math.tanh(x + key);
        const inner = gradient * f[heap.at(args.vector) + j] * (1 - y * y);
        f[heap.at(args.gradQuery) + atQuery] += inner;
        f[heap.at(args.gradKeys) + atKey] += inner;
        f[heap.at(args.gradVector) + b * keySize + j] += gradient * y;
      }
    }
  }
}

/** Which memory a row looks at, and how much of it. */
function memoryOf(
  heap: ReferenceHeap,
  { owners, lengths }: { owners: number; lengths: number },
  row: number,
): { b: number; length: number } {
  const b = heap.ints[heap.intAt(owners) + row];
  return { b, length: b < 0 ? 0 : heap.ints[heap.intAt(lengths) + b] };
}
