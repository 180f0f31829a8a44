/** The loss with the past cut to some steps. */
export interface CutContext {
  /** k: only the last k steps are read. */
  context: number;
  /** Mean over the examples. */
  loss: number;
  /** Mean of what it is above the loss with all of the past, and its standard error, example by example. */
  excess: number;
  error: number;
}

/** How much of the past predictions use. */
export interface UseOfThePast {
  /** Mean loss with all of the past. */
  full: number;
  /** Examples predicted, the same for each context. */
  examples: number;
  contexts: CutContext[];
  /**
   * The smallest context from which on no larger one is worse than all of the past by more than `tolerance`; null where even the largest
   * is.
   */
  effective: number | null;
  /** What an excess may be, in the loss's unit, and still count as none. */
  tolerance: number;
}

/** ln 1.01: a perplexity that is one per cent higher. */
export const perplexityTolerance: number = Math.log(1.01);

export interface UseOfThePastOptions {
  /** k = ... Default: see `doublings`. */
  contexts: readonly number[];
  /**
   * The loss of each example, always of the same ones in the same order, with only the last `context` steps read, from a state of zeros;
   * null: with all of the past. Yields now and then.
   */
  losses: (context: number | null) => Generator<void, ArrayLike<number>>;
  /** Default: that of perplexities, for losses in nats; of the full loss otherwise. */
  tolerance?: (full: number) => number;
}

/**
 * How far back predictions really use the past: the loss when the context is cut to the last k steps, beside the loss with all of it.
 *
 *     excess(k) = mean over t of  L(y_t | x_{t-k+1}, ..., x_t) - L(y_t | x_1, ..., x_t)
 *
 * The effective context is the smallest k from which on the perplexity is less than 1 % above that with the whole past. A cut context starts
 * from a state of zeros, which a model that was trained with a carried state knows from the beginnings of its text only.
 *
 * Source: Khandelwal, He, Qi & Jurafsky 2018, "Sharp nearby, fuzzy far away: how neural language models use context", section 3.
 *
 * @example
 * const subject = new TextSubject(model, text);
 * const work = useOfThePast({ contexts: doublings(256), losses: subject.losses });
 * let next = work.next();
 * while (!next.done) next = work.next();
 * console.log(next.value.effective);   // such as 64; null where even 256 tokens are too few
 */
export function* useOfThePast(options: UseOfThePastOptions): Generator<void, UseOfThePast> {
  const { contexts, losses, tolerance: toleranceOf = () => perplexityTolerance } = options;
  const full = yield* losses(null);
  const examples = full.length;
  const cut: CutContext[] = [];
  for (const context of contexts) {
    const found = yield* losses(context);
    const excess = Array.from(found, (loss, i) => loss - full[i]);
    const mean = average(excess);
    const variance = average(excess.map((value) => (value - mean) ** 2)) * (examples / Math.max(1, examples - 1));
    cut.push({ context, loss: average(found), excess: mean, error: Math.sqrt(variance / examples) });
    yield;
  }
  const tolerance = toleranceOf(average(full));
  // From the largest down, as long as nothing is lost.
  let effective: number | null = null;
  for (const { context, excess } of cut.toReversed()) {
    if (!(excess <= tolerance)) break;
    effective = context;
  }
  return { full: average(full), examples, contexts: cut, effective, tolerance };
}

/** 1, 2, 4, ... up to `most`. */
export function doublings(most: number): number[] {
  const result: number[] = [];
  for (let k = 1; k <= most; k *= 2) result.push(k);
  return result;
}

function average(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total / values.length;
}
