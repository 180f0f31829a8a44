/** What one token is: a Unicode code point, a byte of UTF-8, or a word. */
export type TokenizerKind = "character" | "byte" | "word";

/** Text to token ids and back. */
export interface Tokenizer {
  readonly kind: TokenizerKind;
  /** V, the number of tokens: ids are 0 to V - 1. */
  readonly size: number;
  /**
   * Token ids of a text.
   * @throws HiddenstateError `unknown`, naming the characters, where a text has some that the vocabulary has not
   */
  encode(text: string): Int32Array;
  /** An encoder for a text that comes in parts. */
  encoder(): TokenEncoder;
  /**
   * The text of token ids.
   * @throws HiddenstateError `invalid` for ids outside the vocabulary
   */
  decode(ids: ArrayLike<number>): string;
  /** A decoder for tokens that come one at a time. */
  decoder(): TokenDecoder;
  /** A plain value from which `tokenizerFromJSON` makes the tokenizer again. */
  toJSON(): TokenizerJSON;
}

/** Encodes a text as it comes, in parts of whole code points: all its answers joined are what `encode` gives for the whole. */
export interface TokenEncoder {
  /** The ids that this part makes certain. */
  push(text: string): Int32Array;
  /** The ids of what was left open. */
  end(): Int32Array;
}

/** Decodes tokens as they come: all its answers joined are what `decode` gives for all tokens at once. */
export interface TokenDecoder {
  /** The text that this token completes; empty while a character is still in the making. */
  push(id: number): string;
  /** Text for what is left unfinished. */
  end(): string;
}

/** A tokenizer as it lies in `tokenizer.json`. */
export type TokenizerJSON =
  | { kind: "character"; characters: readonly string[] }
  | { kind: "byte" }
  | { kind: "word"; tokens: readonly string[] };

/** Makes the vocabulary of a text that comes in parts of whole code points. */
export interface VocabularyBuilder<T extends Tokenizer = Tokenizer> {
  add(text: string): void;
  /** The tokenizer of all that was added. */
  finish(): T;
}
