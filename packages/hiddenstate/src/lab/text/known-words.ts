/** The different words of a text: stretches of letters, in small letters. */
export function wordsOf(text: string): ReadonlySet<string> {
  return new Set(split(text));
}

/**
 * The share of the words of some pieces of text that are known. The first and last word of a piece may be cut, and do not count.
 *
 * @returns 0 to 1; 0 where no word counts
 */
export function knownShare(pieces: readonly string[], known: ReadonlySet<string>): number {
  let [right, all] = [0, 0];
  for (const piece of pieces) {
    const words = split(piece).slice(1, -1);
    all += words.length;
    right += words.filter((word) => known.has(word)).length;
  }
  return all === 0 ? 0 : right / all;
}

const split = (text: string): string[] => text.toLowerCase().match(/\p{L}+/gu) ?? [];
