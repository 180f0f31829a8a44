import { HiddenstateError } from "../errors.ts";
import { Random, randomKey } from "../memory/random.ts";
import { resolveOptions } from "../options.ts";

export interface HeldOutOptions {
  /** Share of the different keys to hold out, above 0 and below 1. Default 0.1. */
  share?: number;
  /** Key of the draw. Default 0. */
  seed?: number;
}

/** The keys of a training's draws that say what it holds out. */
export interface SplitKeys {
  /** Default 0. */
  seed?: number | undefined;
  /** Default: `seed`. */
  splitSeed?: number | undefined;
}

/** The key of the draw of the held-out part: what a training splits by, and whoever needs its parts again. */
export function splitSeedOf({ seed = 0, splitSeed = seed }: SplitKeys): number {
  return splitSeed;
}

/** Examples by number, each in the order given. */
export interface HeldOut {
  training: number[];
  validation: number[];
}

/**
 * Holds a random share of the *different* examples out, so that none of them was seen in training: examples with the same key
 * (a name that stands in several classes, a sentence that occurs twice) go to the same side.
 *
 * The draw depends on the keys, their order of first occurrence and the seed only. At least one key is held out.
 *
 * @param keys of each example: the same where the examples are the same
 * @throws HiddenstateError `invalid` for fewer than two different keys, and for options out of range
 * @example
 * const { training, validation } = holdOut(names, { share: 0.1, seed: 0 });
 */
export function holdOut(keys: readonly string[], options: HeldOutOptions = {}): HeldOut {
  const { share, seed } = resolveOptions<HeldOutOptions>("holdOut", options, {
    share: { type: "number", above: 0, below: 1, default: 0.1 },
    seed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
  });
  const distinct = [...new Set(keys)];
  if (distinct.length < 2) {
    throw new HiddenstateError(
      "invalid",
      `holdOut: invalid examples: got ${distinct.length} different, expected at least 2, one to train on and one to hold out`,
    );
  }
  const count = Math.min(distinct.length - 1, Math.max(1, Math.round(distinct.length * share)));
  const chosen = new Set(new Random(randomKey(seed, "held out")).shuffled(distinct).slice(0, count));
  const result: HeldOut = { training: [], validation: [] };
  keys.forEach((key, example) => (chosen.has(key) ? result.validation : result.training).push(example));
  return result;
}
