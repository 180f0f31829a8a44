import { HiddenstateError, shown } from "../errors.ts";
import { ByteTokenizer } from "./byte-tokenizer.ts";
import { CharacterTokenizer } from "./character-tokenizer.ts";
import { WordTokenizer, type WordTokenizerOptions } from "./word-tokenizer.ts";

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

/** Options for `buildTokenizer`: those of the kind that is built. */
export type TokenizerOptions = WordTokenizerOptions;

/**
 * Makes the vocabulary of a text.
 *
 * @param kind `"character"`, `"byte"` or `"word"`
 * @throws HiddenstateError `unknown` for another kind, `invalid` for an empty text
 *
 * @example
 * const tokenizer = buildTokenizer("character", text);
 * const ids = tokenizer.encode(text);
 */
export function buildTokenizer(kind: TokenizerKind, text: string, options: TokenizerOptions = {}): Tokenizer {
  const builder = vocabularyBuilder(kind, options);
  if (text.length === 0)
    throw new HiddenstateError("invalid", "buildTokenizer: invalid text: it is empty; give some text to learn from");
  builder.add(text);
  return builder.finish();
}

/** Makes the vocabulary of a text that comes in parts of whole code points. */
export interface VocabularyBuilder<T extends Tokenizer = Tokenizer> {
  add(text: string): void;
  /** The tokenizer of all that was added. */
  finish(): T;
}

/**
 * As `buildTokenizer`, for a text too large to hold.
 * @throws HiddenstateError `unknown` for another kind or an option that it has not
 */
export function vocabularyBuilder(kind: TokenizerKind, options: TokenizerOptions = {}): VocabularyBuilder {
  if (kind !== "word" && Object.keys(options).length > 0) {
    throw new HiddenstateError(
      "unknown",
      `buildTokenizer: unknown option "${Object.keys(options)[0]}"; only the word tokenizer has options`,
    );
  }
  switch (kind) {
    case "character":
      return CharacterTokenizer.builder();
    case "byte":
      return { add: () => {}, finish: () => new ByteTokenizer() };
    case "word":
      return WordTokenizer.builder(options);
    default:
      throw unknownKind("buildTokenizer", kind);
  }
}

/**
 * Makes a tokenizer from what its `toJSON` gave.
 *
 * @param where the file to name in errors
 * @throws HiddenstateError `unknown` or `invalid` where it is something else
 *
 * @example
 * const tokenizer = tokenizerFromJSON(JSON.parse(text));
 */
export function tokenizerFromJSON(value: unknown, where = "tokenizerFromJSON"): Tokenizer {
  const { kind, characters, tokens } = (value ?? {}) as Record<string, unknown>;
  switch (kind) {
    case "character":
      return new CharacterTokenizer(checkTokens(where, "characters", characters));
    case "byte":
      return new ByteTokenizer();
    case "word":
      return new WordTokenizer(checkTokens(where, "tokens", tokens));
    default:
      throw unknownKind(where, kind);
  }
}

function checkTokens(where: string, name: string, tokens: unknown): readonly string[] {
  const valid =
    Array.isArray(tokens) &&
    tokens.length > 0 &&
    tokens.every((token) => typeof token === "string" && token.length > 0) &&
    new Set(tokens).size === tokens.length;
  if (valid) return tokens as string[];
  throw new HiddenstateError(
    "invalid",
    `${where}: invalid ${name}: got ${shown(tokens)}, expected an array of different strings`,
  );
}

function unknownKind(where: string, kind: unknown): HiddenstateError {
  return new HiddenstateError(
    "unknown",
    `${where}: unknown kind of tokenizer: got ${shown(kind)}, expected "character", "byte" or "word"`,
  );
}
