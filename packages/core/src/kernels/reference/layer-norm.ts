import type { KernelArguments } from "../kernels.ts";
import type { ReferenceHeap } from "./heap.ts";

/** Numbers in a row: the reference's slabs have no padding. */
function rowSize({ width, gates }: { width: number; gates: number }): number {
  return width * Math.max(1, gates);
}

/** y = gain * (x - mean) / sqrt(variance + epsilon) + shift, row by row (Ba, Kiros & Hinton 2016). */
export function layerNorm(heap: ReferenceHeap, args: KernelArguments<"layerNorm">): void {
  const n = rowSize(args);
  const f = heap.floats;
  const [gain, shift] = [heap.at(args.gain), heap.at(args.shift)];
  for (let r = 0; r < args.rows; r++) {
    const x = heap.at(args.x) + r * n;
    const out = heap.at(args.out) + r * n;
    const normalized = heap.at(args.normalized) + r * n;
    let mean = 0;
    for (let j = 0; j < n; j++) mean += f[x + j] / n;
    let variance = 0;
    for (let j = 0; j < n; j++) variance += (f[x + j] - mean) ** 2 / n;
    const scale = 1 / Math.sqrt(variance + args.epsilon);
    if (args.scales) f[heap.at(args.scales) + r] = scale;
    for (let j = 0; j < n; j++) {
      const value = (f[x + j] - mean) * scale;
      // Either may take the place of x, so what was read is written last.
      if (args.normalized) f[normalized + j] = value;
      f[out + j] = (args.gain ? f[gain + j] : 1) * value + (args.shift ? f[shift + j] : 0);
    }
  }
}

/** With g = gain * dy: dx = scale * (g - mean(g) - normalized * mean(g * normalized)). */
export function layerNormBackward(heap: ReferenceHeap, args: KernelArguments<"layerNormBackward">): void {
  const n = rowSize(args);
  const f = heap.floats;
  const gain = heap.at(args.gain);
  for (let r = 0; r < args.rows; r++) {
    const gradX = heap.at(args.gradX) + r * n;
    const gradY = heap.at(args.gradY) + r * n;
    const normalized = heap.at(args.normalized) + r * n;
    const scale = f[heap.at(args.scales) + r];
    const g = (j: number): number => (args.gain ? f[gain + j] : 1) * f[gradY + j];
    let mean = 0;
    let along = 0;
    for (let j = 0; j < n; j++) {
      mean += g(j) / n;
      along += (g(j) * f[normalized + j]) / n;
    }
    for (let j = 0; j < n; j++) {
      const gradient = scale * (g(j) - mean - f[normalized + j] * along);
      f[normalized + j] *= f[gradY + j];
      f[gradX + j] = (args.accumulate ? f[gradX + j] : 0) + gradient;
    }
  }
}
