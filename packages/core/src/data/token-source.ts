/**
 * Token ids that need not all be in memory: a text larger than that is read where it lies.
 *
 * @example
 * const source: TokenSource = { length: file.size, read: (start, count) => Int32Array.from(readBytes(start, count)) };
 */
export interface TokenSource {
  /** How many there are. */
  readonly length: number;
  /**
   * The ids `start` to `start + count - 1`, all of which there are. It answers at once: training reads a window when it comes to it.
   */
  read(start: number, count: number): Int32Array;
}

/** Ids in memory, as a source like any other. */
export function tokenSource(ids: Int32Array | TokenSource): TokenSource {
  if (!(ids instanceof Int32Array)) return ids;
  return { length: ids.length, read: (start, count) => ids.subarray(start, start + count) };
}

/** The ids from `start` up to, not including, `end`. */
export function partOfTokens(source: TokenSource, start: number, end: number): TokenSource {
  return { length: end - start, read: (first, count) => source.read(start + first, count) };
}
