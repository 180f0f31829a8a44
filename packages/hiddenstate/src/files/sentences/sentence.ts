/** A sentence of a file, cut into words. */
export interface Sentence {
  words: readonly string[];
  /** A tag for each word; absent where the file has none. */
  tags?: readonly string[];
  /** The line that it begins in: `train.conllu:17`. */
  place: string;
  /** What else stood beside it, in lines of JSON. */
  kept?: Readonly<Record<string, unknown>>;
}

/** Where words and tags stand in a file: a column's name (CoNLL-U, JSON), or its number from 1, counted from the end if below 0. */
export interface SentenceColumns {
  words?: string | undefined;
  tags?: string | undefined;
}
