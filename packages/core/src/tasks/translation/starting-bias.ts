import type { EncodedPair } from "./pair-batch.ts";

/**
 * Where the output layer's bias starts: ln of how often each token, and the boundary, occurs in the targets. Else the first steps of training teach
 * nothing but that, by pushing everything before the output layer to its limits, from where a small network with many tokens that never
 * occur does not come back.
 *
 * bias_v = ln((n_v + 0.1) / Σ_w (n_w + 0.1))
 */
export function startingBias(pairs: readonly EncodedPair[], boundary: number): Float32Array {
  const counts = new Float64Array(boundary + 1).fill(0.1);
  for (const { target } of pairs) {
    for (const token of target) if (token >= 0) counts[token]++;
    counts[boundary]++;
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Float32Array.from(counts, (count) => Math.log(count / total));
}
