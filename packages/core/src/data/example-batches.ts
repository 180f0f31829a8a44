import { HiddenstateError, shown } from "../errors.ts";
import { Random, randomKey } from "../memory/random.ts";
import { resolveOptions } from "../options.ts";

export interface ExampleBatchOptions {
  /** Examples side by side, at least 1. With fewer examples than that, all of them are one batch. */
  batch: number;
  /** Key of the order. Default 0. */
  seed?: number;
  /**
   * How many batches' worth of examples, drawn at random, are sorted by length together: 1 leaves the order random, more means
   * less padding. Default 50.
   */
  bucket?: number;
}

/** Some of the examples, to be read side by side. */
export interface ExampleBatch {
  /** Which examples, by number. */
  examples: readonly number[];
  /** Times that all examples were gone through before. */
  epoch: number;
  /** The batch's number in its epoch, from 0. */
  index: number;
}

/**
 * Examples of any length in batches of similar lengths, in an order that is random and yet depends on nothing but the lengths, the
 * options and the epoch.
 *
 * Every epoch all examples are shuffled, dealt into buckets of `bucket * batch`, each bucket is sorted by length and cut into
 * batches, and the batches are shuffled. So every epoch has each example exactly once, and other batches than the one before.
 *
 * Batch number `cursor` (from 0, over all epochs) needs nothing from the batches before it, so a cursor is all that a resumed
 * training needs.
 *
 * @throws HiddenstateError `invalid` or `unknown` for options that are wrong, `invalid` where there are no examples
 *
 * @example
 * const batches = new ExampleBatches(names.map((name) => name.length), { batch: 32, seed: 0 });
 * for (let cursor = 0; cursor < steps; cursor++) {
 *   const chosen = batches.at(cursor).examples.map((i) => ids[i]);
 *   const { values, lengths, steps: longest } = padTokens(chosen);
 * }
 */
export class ExampleBatches {
  /** Examples in a batch; the last one made of an epoch's examples may have fewer. */
  readonly batch: number;
  /** Batches in one epoch. */
  readonly count: number;
  readonly #lengths: ArrayLike<number>;
  readonly #seed: number;
  readonly #bucket: number;
  /** The epoch whose batches were asked for last: making them costs a shuffle. */
  #made: { epoch: number; batches: number[][] } = { epoch: -1, batches: [] };

  /** @param lengths the length of each example */
  constructor(lengths: ArrayLike<number>, options: ExampleBatchOptions) {
    const { batch, seed, bucket } = resolveOptions<ExampleBatchOptions>("new ExampleBatches", options, {
      batch: { type: "integer", min: 1 },
      seed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
      bucket: { type: "integer", min: 1, default: 50 },
    });
    if (lengths.length === 0) {
      throw new HiddenstateError(
        "invalid",
        "new ExampleBatches: invalid lengths: got none, expected at least 1 example",
      );
    }
    this.#lengths = lengths;
    this.#seed = seed;
    this.#bucket = bucket;
    this.batch = batch;
    this.count = Math.ceil(lengths.length / batch);
  }

  /** The batch at a cursor: a whole number from 0, counting batches over all epochs. */
  at(cursor: number): ExampleBatch {
    if (!Number.isSafeInteger(cursor) || cursor < 0) {
      throw new HiddenstateError(
        "invalid",
        `batches.at: invalid cursor: got ${shown(cursor)}, expected a whole number from 0`,
      );
    }
    const epoch = Math.floor(cursor / this.count);
    const index = cursor - epoch * this.count;
    return { examples: this.#batchesOf(epoch)[index], epoch, index };
  }

  /** The batches of one epoch, in order. */
  *epoch(number = 0): Generator<ExampleBatch, void, undefined> {
    for (let index = 0; index < this.count; index++) yield this.at(number * this.count + index);
  }

  /** Share of one epoch's time steps that are padding, 0 to below 1. */
  paddedShare(epoch = 0): number {
    return paddedShare(this.#lengths, this.#batchesOf(epoch));
  }

  #batchesOf(epoch: number): number[][] {
    if (this.#made.epoch === epoch) return this.#made.batches;
    const random = new Random(randomKey(this.#seed, "batches", "", epoch));
    const lengths = this.#lengths;
    const order = random.shuffled(Array.from(lengths, (_, example) => example));
    const batches: number[][] = [];
    for (let start = 0; start < order.length; start += this.#bucket * this.batch) {
      const bucket = order.slice(start, start + this.#bucket * this.batch);
      batches.push(...cut(sortedByLength(bucket, lengths), this.batch));
    }
    this.#made = { epoch, batches: random.shuffled(batches) };
    return this.#made.batches;
  }
}

export interface EvaluationBatchOptions {
  /** Examples side by side, at most. */
  batch: number;
  /** Time steps with padding (longest length x examples) in one batch, at most; an example longer than that is alone. Default: no limit. */
  steps?: number;
}

/**
 * All examples once, sorted by length, in batches: the least padding there can be, for when the order does not matter. Which
 * examples stand together changes no result.
 *
 * @throws HiddenstateError `invalid` or `unknown` for options that are wrong
 * @example
 * for (const examples of evaluationBatches(lengths, { batch: 256, steps: 16384 })) predict(examples);
 */
export function evaluationBatches(lengths: ArrayLike<number>, options: EvaluationBatchOptions): number[][] {
  const { batch, steps } = resolveOptions<EvaluationBatchOptions>("evaluationBatches", options, {
    batch: { type: "integer", min: 1 },
    steps: { type: "integer", min: 1, default: Number.MAX_SAFE_INTEGER },
  });
  const batches: number[][] = [];
  const order = sortedByLength(
    Array.from(lengths, (_, example) => example),
    lengths,
  );
  for (const example of order) {
    const current = batches.at(-1);
    const fits = current && current.length < batch && lengths[example] * (current.length + 1) <= steps;
    if (fits) current.push(example);
    else batches.push([example]);
  }
  return batches;
}

/** Share of the time steps of padded batches that are padding, 0 to below 1. */
export function paddedShare(lengths: ArrayLike<number>, batches: Iterable<readonly number[]>): number {
  let valid = 0;
  let all = 0;
  for (const examples of batches) {
    let longest = 0;
    for (const example of examples) {
      valid += lengths[example];
      longest = Math.max(longest, lengths[example]);
    }
    all += longest * examples.length;
  }
  return all === 0 ? 0 : 1 - valid / all;
}

/** Shortest first; examples of one length keep their order. */
function sortedByLength(examples: readonly number[], lengths: ArrayLike<number>): number[] {
  return examples.toSorted((a, b) => lengths[a] - lengths[b]);
}

function cut(examples: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(examples.length / size) }, (_, i) => examples.slice(i * size, (i + 1) * size));
}
