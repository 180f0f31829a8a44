import { affixesOf } from "./affixes.ts";
import type { CheckedSentence } from "./tagging-data.ts";

/** Words and characters that a tagger knows, as they stand in `config.json`. */
export interface VocabularyConfig {
  /** In small letters. Word `words[i]` has the id i + 1; 0 stands for all others. */
  words: string[];
  /** Character `characters[i]` has the id i + 1; 0 stands for all others. */
  characters: string[];
  /** As `affixesOf` gives them: affix `affixes[i]` has the id i + 1; 0 stands for all others. */
  affixes: string[];
}

/** In how many different words a character, or an affix, must occur to be known. */
const leastForms = 3;
/** Characters that are read of a word, half of them from its end if it has more. */
const mostCharacters = 32;

/** What a tagger reads of a word. */
export interface Spelling {
  /** The id of the word in small letters. */
  word: number;
  /** Ids of the characters as they are written. */
  characters: Int32Array;
  /** Ids of its affixes, `affixCount` of them. */
  affixes: Int32Array;
}

/** Words to ids, and words to the ids of their characters. */
export class TagVocabulary {
  readonly config: VocabularyConfig;
  readonly #words: ReadonlyMap<string, number>;
  readonly #characters: ReadonlyMap<string, number>;
  readonly #affixes: ReadonlyMap<string, number>;

  constructor(config: VocabularyConfig) {
    this.config = config;
    this.#words = numbered(config.words);
    this.#characters = numbered(config.characters);
    this.#affixes = numbered(config.affixes);
  }

  /**
   * Of the training sentences; ids by how often a word occurs, then by code unit.
   * @param minimumCount how often a word must occur to be known
   */
  static fromSentences(sentences: readonly CheckedSentence[], minimumCount: number): TagVocabulary {
    const forms = new Set<string>();
    for (const { words } of sentences) for (const word of words) forms.add(word);
    const characters = countOf(Array.from(forms, (form) => Array.from(form)));
    const words = countOf(sentences.map((sentence) => sentence.words.map((word) => word.toLowerCase())));
    return new TagVocabulary({
      words: commonest(words, minimumCount),
      characters: commonest(characters, leastForms),
      affixes: commonest(countOf(Array.from(forms, (form) => [...new Set(affixesOf(form))])), leastForms),
    });
  }

  /** How many ids there are of each, with the one for all others. */
  get sizes(): { words: number; characters: number; affixes: number } {
    const { words, characters, affixes } = this.config;
    return { words: words.length + 1, characters: characters.length + 1, affixes: affixes.length + 1 };
  }

  spell(form: string): Spelling {
    const all = Array.from(form);
    const half = mostCharacters / 2;
    const read = all.length > mostCharacters ? [...all.slice(0, half), ...all.slice(-half)] : all;
    return {
      word: this.#words.get(form.toLowerCase()) ?? 0,
      characters: Int32Array.from(read, (character) => this.#characters.get(character) ?? 0),
      affixes: Int32Array.from(affixesOf(form), (affix) => this.#affixes.get(affix) ?? 0),
    };
  }
}

/** The spellings of all different words of some sentences: each is looked up and spelt once. */
export class SpellingTable {
  readonly spellings: Spelling[] = [];
  readonly #vocabulary: TagVocabulary;
  readonly #places = new Map<string, number>();

  constructor(vocabulary: TagVocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** The places of the words' spellings in the table. */
  encode(words: readonly string[]): Int32Array {
    return Int32Array.from(words, (word) => {
      let place = this.#places.get(word);
      if (place === undefined) {
        place = this.spellings.push(this.#vocabulary.spell(word)) - 1;
        this.#places.set(word, place);
      }
      return place;
    });
  }
}

function numbered(items: readonly string[]): Map<string, number> {
  return new Map(items.map((item, i) => [item, i + 1]));
}

function countOf(groups: Iterable<readonly string[]>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const group of groups) for (const item of group) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

function commonest(counts: ReadonlyMap<string, number>, minimumCount: number): string[] {
  return [...counts]
    .filter(([, count]) => count >= minimumCount)
    .toSorted(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .map(([item]) => item);
}
