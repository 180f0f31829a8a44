import { type Padded, padTokens } from "../../data/padding.ts";
import { affixCount } from "./affixes.ts";
import type { Spelling } from "./tag-vocabulary.ts";

/** Sentences side by side, as a tagger reads them. */
export interface WordBatch {
  /** T, the most words of a sentence, and B. */
  steps: number;
  batch: number;
  lengths: number[];
  /** [T, B], the word's id; -1 in the padding. */
  words: Int32Array;
  /** [T, B], which of the batch's different spellings the word has; -1 in the padding. */
  places: Int32Array;
  /** The characters of the batch's U different words, each once. */
  characters: Padded<Int32Array>;
  /** Their affixes, [U, `affixCount`]. */
  affixes: Int32Array;
}

/**
 * Lays sentences out for a tagger. A word that occurs several times in the batch is spelt once.
 *
 * @param sentences places in `spellings`, of the words of each
 * @param forget which words are read as unknown ones; default: none
 */
export function wordBatch(
  sentences: readonly Int32Array[],
  spellings: readonly Spelling[],
  forget: (word: number, sentence: number, step: number) => boolean = () => false,
): WordBatch {
  const batch = sentences.length;
  const lengths = sentences.map(({ length }) => length);
  const steps = lengths.reduce((longest, length) => Math.max(longest, length), 0);
  const words = new Int32Array(steps * batch).fill(-1);
  const places = new Int32Array(steps * batch).fill(-1);
  const placeOf = new Map<number, number>();
  sentences.forEach((sentence, b) => {
    sentence.forEach((spelling, t) => {
      const { word } = spellings[spelling];
      let place = placeOf.get(spelling);
      if (place === undefined) placeOf.set(spelling, (place = placeOf.size));
      words[t * batch + b] = word > 0 && forget(word, b, t) ? 0 : word;
      places[t * batch + b] = place;
    });
  });
  const different = Array.from(placeOf.keys(), (spelling) => spellings[spelling]);
  const affixes = new Int32Array(different.length * affixCount);
  different.forEach((spelling, u) => affixes.set(spelling.affixes, u * affixCount));
  const characters = padTokens(different.map((spelling) => spelling.characters));
  return { steps, batch, lengths, words, places, characters, affixes };
}
