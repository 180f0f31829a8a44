import type { Random } from "../memory/random.ts";
import { type OptionRules, resolveOptions } from "../options.ts";

/** How the next token is drawn from a model's logits. */
export interface SamplingOptions {
  /** Divides the logits: below 1 bolder in its choice, above 1 more varied; 0 always takes the likeliest. At least 0. Default 1. */
  temperature?: number;
  /** Draws only among the k likeliest. Default: all. */
  topK?: number;
  /** Draws only among the likeliest that together have at least this probability, above 0 to 1 (Holtzman et al. 2020). Default 1: all. */
  topP?: number;
}

/** The rules behind `SamplingOptions`. */
export const samplingRules: OptionRules<SamplingOptions> = {
  temperature: { type: "number", min: 0, default: 1 },
  topK: { type: "integer", min: 1, default: Number.MAX_SAFE_INTEGER },
  topP: { type: "number", above: 0, max: 1, default: 1 },
};

/**
 * Draws one token: p_i = exp(logit_i / temperature) over the kept tokens, normalised. Equal logits are ranked by index.
 *
 * @param logits [V], in nats
 * @param random where the draw comes from; untouched at temperature 0
 * @returns the token's index
 * @throws HiddenstateError `invalid` for options out of range
 */
export function sample(logits: ArrayLike<number>, options: SamplingOptions, random: Random): number {
  const { temperature, topK, topP } = resolveOptions("sample", options, samplingRules);
  return temperature === 0 ? likeliest(logits) : draw(logits, temperature, topK, topP, random);
}

function likeliest(logits: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

function draw(logits: ArrayLike<number>, temperature: number, topK: number, topP: number, random: Random): number {
  const count = logits.length;
  const highest = logits[likeliest(logits)];
  const weights = Float64Array.from({ length: count }, (_, i) => Math.exp((logits[i] - highest) / temperature));
  let candidates: Int32Array = Int32Array.from(weights.keys());
  let total = 0;
  for (const weight of weights) total += weight;
  if (topK < count || topP < 1) {
    const ranked = candidates.toSorted((a, b) => weights[b] - weights[a] || a - b);
    const kept = nucleus(ranked.subarray(0, topK), weights, topP);
    candidates = kept.candidates;
    total = kept.total;
  }
  let rest = random.uniform() * total;
  for (let i = 0; i < candidates.length; i++) {
    rest -= weights[candidates[i]];
    if (rest < 0) return candidates[i];
  }
  return candidates[candidates.length - 1];
}

/** The shortest head of a ranking that holds at least the share topP of the ranking's weight. */
function nucleus(ranked: Int32Array, weights: Float64Array, topP: number): { candidates: Int32Array; total: number } {
  let whole = 0;
  for (const i of ranked) whole += weights[i];
  let total = 0;
  let count = 0;
  while (count < ranked.length && (count === 0 || total < topP * whole)) total += weights[ranked[count++]];
  return { candidates: ranked.subarray(0, count), total };
}
