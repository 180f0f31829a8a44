import { HiddenstateError, shown } from "../errors.ts";
import { ByteTokenizer } from "./byte-tokenizer.ts";
import { CharacterTokenizer } from "./character-tokenizer.ts";
import type { Tokenizer, TokenizerKind, VocabularyBuilder } from "./tokenizer.ts";
import { WordTokenizer, type WordTokenizerOptions } from "./word-tokenizer.ts";

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
