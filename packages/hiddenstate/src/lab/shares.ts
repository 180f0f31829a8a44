/**
 * Works through items one after the other and yields the share of all that is done.
 *
 * @param work on one item, yielding its own share, 0 to 1
 * @param weight how much of the whole an item is, in any unit; default: all the same
 * @returns what became of each
 */
export function* inTurn<I, R>(
  items: readonly I[],
  work: (item: I, index: number) => Generator<number, R>,
  weight: (item: I) => number = () => 1,
): Generator<number, R[]> {
  const weights = items.map(weight);
  const whole = weights.reduce((total, one) => total + one, 0);
  const results: R[] = [];
  let before = 0;
  for (const [index, item] of items.entries()) {
    const running = work(item, index);
    let next = running.next();
    while (!next.done) {
      yield (before + next.value * weights[index]) / whole;
      next = running.next();
    }
    results.push(next.value);
    before += weights[index];
    yield before / whole;
  }
  return results;
}

/** Every pair of one of each, the second changing fastest. */
export function pairs<A, B>(first: readonly A[], second: readonly B[]): [A, B][] {
  return first.flatMap((a) => second.map((b): [A, B] => [a, b]));
}

/** Work that belongs to what is done already: it yields so that the event loop can turn, and the share stays 1. */
export function* turning<R>(work: Generator<void, R>): Generator<number, R> {
  let next = work.next();
  for (; !next.done; next = work.next()) yield 1;
  return next.value;
}
