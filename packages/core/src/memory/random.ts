import { threefry2x32, type WordPair } from "../kernels/threefry.ts";

/**
 * The key for one use of randomness.
 *
 * @param seed a whole number, 0 to 2^53 - 1
 * @param purpose such as `"init"` or `"dropout"`: uses never share numbers
 * @param path the module or parameter, such as `"model.rnn.weight_hh_l0"`
 * @param step how often this use has drawn before
 */
export function randomKey(seed: number, purpose: string, path = "", step = 0): WordPair {
  const seeded = threefry2x32([seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0], 0, 0);
  const name = `${purpose}\0${path}`;
  const named = threefry2x32(seeded, fnv1a(name, 0x811c9dc5), fnv1a(name, 0x5bd1e995));
  return threefry2x32(named, step >>> 0, Math.floor(step / 2 ** 32) >>> 0);
}

/** FNV-1a over a string's UTF-16 units. */
function fnv1a(text: string, basis: number): number {
  let hash = basis;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A sequence of draws under one key, for work outside the kernels: initialisation, sampling, shuffling. */
export class Random {
  readonly #key: WordPair;
  /** How many numbers were drawn: together with the key, all of the generator's state. */
  position: number;

  constructor(key: WordPair, position = 0) {
    this.#key = key;
    this.position = position;
  }

  /** The next number, uniform in (0, 1). */
  uniform(): number {
    const word = threefry2x32(this.#key, this.position >>> 0, Math.floor(this.position / 2 ** 32))[0];
    this.position++;
    return (word + 0.5) * 2 ** -32;
  }

  /** The next number from the standard normal distribution (Box & Muller 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** The next whole number, uniform in 0 .. count - 1. */
  integer(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** A new array with the same items in random order (Fisher & Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
  }
}
