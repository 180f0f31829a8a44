import type { KernelArguments } from "../kernels.ts";
import { flush } from "./flush.ts";
import type { ReferenceHeap } from "./heap.ts";

/** Adam (Kingma & Ba 2015); decoupled: AdamW (Loshchilov & Hutter 2019). The gradient itself is not changed. */
export function adam(heap: ReferenceHeap, args: KernelArguments<"adam">): void {
  const { beta1, beta2, epsilon } = args;
  const f = heap.floats;
  for (let s = 0; s < args.segmentCount; s++) {
    const at = heap.intAt(args.segments) + 5 * s;
    const [parameter, gradient, first, second] = heap.ints.slice(at, at + 4);
    const count = heap.ints[at + 4];
    const p = heap.at(parameter >>> 0);
    const g = heap.at(gradient >>> 0);
    const m = heap.at(first >>> 0);
    const v = heap.at(second >>> 0);
    const rates = heap.at(args.rates) + 4 * s;
    const [learningRate, decay, correction1, correction2] = f.slice(rates, rates + 4);

    for (let i = 0; i < count; i++) {
      const decayed = args.decoupled ? f[p + i] * (1 - learningRate * decay) : f[p + i];
      const slope = args.decoupled ? f[g + i] : f[g + i] + decay * f[p + i];
      f[m + i] = flush(beta1 * f[m + i] + (1 - beta1) * slope);
      f[v + i] = flush(beta2 * f[v + i] + (1 - beta2) * slope * slope);
      const spread = Math.sqrt(f[v + i]) / Math.sqrt(correction2) + epsilon;
      f[p + i] = decayed - ((learningRate / correction1) * f[m + i]) / spread;
    }
  }
}

/** Stochastic gradient descent, with momentum as PyTorch writes it; Nesterov's variant looks one step ahead. */
export function sgd(heap: ReferenceHeap, args: KernelArguments<"sgd">): void {
  const { momentum } = args;
  const f = heap.floats;
  for (let s = 0; s < args.segmentCount; s++) {
    const at = heap.intAt(args.segments) + 4 * s;
    const [parameter, gradient, buffer, count] = heap.ints.slice(at, at + 4);
    const p = heap.at(parameter >>> 0);
    const g = heap.at(gradient >>> 0);
    const velocity = heap.at(buffer >>> 0);
    const rates = heap.at(args.rates) + 2 * s;
    const [learningRate, decay] = f.slice(rates, rates + 2);

    for (let i = 0; i < count; i++) {
      let slope = f[g + i] + decay * f[p + i];
      if (buffer !== 0) {
        f[velocity + i] = flush(momentum * f[velocity + i] + slope);
        slope = args.nesterov ? slope + momentum * f[velocity + i] : f[velocity + i];
      }
      f[p + i] -= learningRate * slope;
    }
  }
}
