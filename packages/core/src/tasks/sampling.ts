import { HiddenstateError } from "../errors.ts";
import type { Random } from "../memory/random.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import { likeliest } from "./likeliest.ts";

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
 * @throws HiddenstateError `invalid` for options out of range, `not-finite` for NaN among the logits and where none is finite
 */
export function sample(logits: ArrayLike<number>, options: SamplingOptions, random: Random): number {
  const { temperature, topK, topP } = resolveOptions("sample", options, samplingRules);
  if (temperature > 0) return draw(logits, temperature, topK, topP, random);
  for (let i = 0; i < logits.length; i++) if (Number.isNaN(logits[i])) throw noProbabilities();
  return likeliest(logits);
}

function noProbabilities(): HiddenstateError {
  return new HiddenstateError(
    "not-finite",
    "sample: logits that are not finite: got NaN, or no finite number among them; has the model diverged in training?",
  );
}

// Drawing follows every token of a text, so its arrays are made once for all draws.
let weights = new Float64Array(0);
let ranking = new Int32Array(0);

function draw(logits: ArrayLike<number>, temperature: number, topK: number, topP: number, random: Random): number {
  const count = logits.length;
  if (weights.length < count) {
    weights = new Float64Array(count);
    ranking = new Int32Array(count);
  }
  const highest = logits[likeliest(logits)];
  let whole = 0;
  for (let i = 0; i < count; i++) {
    weights[i] = Math.exp((logits[i] - highest) / temperature);
    ranking[i] = i;
    whole += weights[i];
  }
  if (!(whole > 0)) throw noProbabilities();
  if (topK >= count && topP === 1) return pick(random.uniform() * whole, 0, 1, count);
  const head = rankHead(count, topK, topP, whole);
  // The likeliest stands last.
  return pick(random.uniform() * head.total, count - 1, -1, head.size);
}

/**
 * Ranks the shortest head that holds at least the share topP of the weight of the topK likeliest (Holtzman et al. 2020), from the end
 * of `ranking` backwards, and nothing below it: a heap gives one after the other.
 */
function rankHead(count: number, topK: number, topP: number, whole: number): { size: number; total: number } {
  for (let i = (count >> 1) - 1; i >= 0; i--) sink(i, count);
  const most = Math.min(topK, count);
  let size = 0;
  let total = 0;
  // How much the topK weigh together is known only when all of them are ranked.
  const enough = most < count ? Infinity : topP * whole;
  while (size < most && (size === 0 || total < enough)) {
    const last = count - 1 - size++;
    const likeliestLeft = ranking[0];
    ranking[0] = ranking[last];
    ranking[last] = likeliestLeft;
    sink(0, last);
    total += weights[likeliestLeft];
  }
  if (topP === 1 || most === count) return { size, total };
  const share = topP * total;
  size = 0;
  total = 0;
  while (size < most && (size === 0 || total < share)) total += weights[ranking[count - 1 - size++]];
  return { size, total };
}

/** The candidate within whose weight so much of all their weights lies; candidate i is ranking[first + i * direction]. */
function pick(share: number, first: number, direction: 1 | -1, count: number): number {
  let rest = share;
  let place = first;
  for (let i = 0; i < count; i++, place += direction) {
    rest -= weights[ranking[place]];
    if (rest < 0) return ranking[place];
  }
  return ranking[place - direction];
}

/** Restores the heap over the first `count` of the ranking, likeliest on top, where only entry i may be out of place. */
function sink(i: number, count: number): void {
  const moved = ranking[i];
  let place = i;
  for (;;) {
    let child = 2 * place + 1;
    if (child >= count) break;
    if (child + 1 < count && before(ranking[child + 1], ranking[child])) child++;
    if (!before(ranking[child], moved)) break;
    ranking[place] = ranking[child];
    place = child;
  }
  ranking[place] = moved;
}

/** Whether token a is likelier than b; equal ones are ranked by index. */
function before(a: number, b: number): boolean {
  return weights[a] > weights[b] || (weights[a] === weights[b] && a < b);
}
