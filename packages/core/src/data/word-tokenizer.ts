import { HiddenstateError } from "../errors.ts";
import { resolveOptions } from "../options.ts";
import { startsWord, WordSplitter } from "./word-pieces.ts";
import { tokenAt } from "./token-ids.ts";
import type { TokenDecoder, TokenEncoder, Tokenizer, TokenizerJSON, VocabularyBuilder } from "./tokenizer.ts";

export interface WordTokenizerOptions {
  /** How often a word, or a run of one sign, must occur to be a token of its own; at least 1. Default 2. */
  minimumCount?: number;
}

/** Stands for every word that is not in the vocabulary. A text never gives it by itself: there it is three pieces. */
const unknownToken = "<unk>";

/**
 * One token for each word, each run of one punctuation sign and each run of one kind of white space, except for the single
 * space between two words, which goes without saying.
 *
 * `"Well, I don't know...\n"` is `Well` `,` ` ` `I` `don't` `know` `...` `\n`. Decoding puts a space between two words that
 * follow each other and joins all else as it is: `decode(encode(text))` is the text, but that every word outside the vocabulary has
 * become `<unk>` (id 0), as has every sign that the vocabulary lacks. Runs outside the vocabulary are encoded sign by sign, and every single sign of the text the
 * vocabulary was built from is in it.
 *
 * Ids: `<unk>`, then by how often a token occurs, then by code unit.
 *
 * @example
 * const tokenizer = WordTokenizer.fromText("to be, or not to be", { minimumCount: 1 });
 * tokenizer.decode(tokenizer.encode("not to sleep, or be"));   // "not to <unk>, or be"
 */
export class WordTokenizer implements Tokenizer {
  readonly kind = "word";
  readonly #tokens: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;
  /** 1 for tokens that get a space before them when they follow another such token. */
  readonly #isWord: Uint8Array;

  /** @param tokens in the order of their ids, `<unk>` first */
  constructor(tokens: readonly string[]) {
    if (tokens[0] !== unknownToken) {
      throw new HiddenstateError(
        "invalid",
        `new WordTokenizer: invalid tokens: got ${JSON.stringify(tokens[0])} first, expected "${unknownToken}"`,
      );
    }
    this.#tokens = tokens;
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
    this.#isWord = Uint8Array.from(tokens, (token, id) => (id === 0 || startsWord(token) ? 1 : 0));
  }

  static fromText(text: string, options: WordTokenizerOptions = {}): WordTokenizer {
    const builder = WordTokenizer.builder(options);
    builder.add(text);
    return builder.finish();
  }

  /** Makes the vocabulary of a text that comes in parts. */
  static builder(options: WordTokenizerOptions = {}): VocabularyBuilder<WordTokenizer> {
    const { minimumCount } = resolveOptions("WordTokenizer.fromText", options, {
      minimumCount: { type: "integer", min: 1, default: 2 },
    });
    const counts = new Map<string, number>();
    const signs = new Set<string>();
    const splitter = new WordSplitter((piece, isWord) => {
      counts.set(piece, (counts.get(piece) ?? 0) + 1);
      if (!isWord) signs.add(String.fromCodePoint(piece.codePointAt(0)!));
    });
    return {
      add: (text) => splitter.push(text),
      finish: () => {
        splitter.end();
        const kept = [...counts].filter(([piece, count]) => count >= minimumCount || signs.has(piece));
        for (const sign of signs) if (!counts.has(sign)) kept.push([sign, 0]);
        kept.sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
        return new WordTokenizer([unknownToken, ...kept.map(([piece]) => piece)]);
      },
    };
  }

  get size(): number {
    return this.#tokens.length;
  }

  /** Never throws: words that the vocabulary has not, and signs that it has not, become `<unk>`. */
  encode(text: string): Int32Array {
    const encoder = this.encoder();
    const [ids, last] = [encoder.push(text), encoder.end()];
    const all = new Int32Array(ids.length + last.length);
    all.set(ids);
    all.set(last, ids.length);
    return all;
  }

  encoder(): TokenEncoder {
    let ids: number[] = [];
    const splitter = new WordSplitter((piece, isWord) => {
      const id = this.#ids.get(piece);
      if (id !== undefined) ids.push(id);
      else if (isWord) ids.push(0);
      else for (const sign of piece) ids.push(this.#ids.get(sign) ?? 0);
    });
    const taken = (): Int32Array => {
      const taking = Int32Array.from(ids);
      ids = [];
      return taking;
    };
    return {
      push: (text) => {
        splitter.push(text);
        return taken();
      },
      end: () => {
        splitter.end();
        return taken();
      },
    };
  }

  decode(ids: ArrayLike<number>): string {
    const decoder = this.decoder();
    return Array.from(ids, (id) => decoder.push(id)).join("");
  }

  decoder(): TokenDecoder {
    let afterWord = false;
    const push = (id: number): string => {
      const token = tokenAt(this.#tokens, id);
      const isWord = this.#isWord[id] === 1;
      const text = afterWord && isWord ? ` ${token}` : token;
      afterWord = isWord;
      return text;
    };
    return { push, end: () => "" };
  }

  toJSON(): TokenizerJSON {
    return { kind: "word", tokens: this.#tokens };
  }
}
