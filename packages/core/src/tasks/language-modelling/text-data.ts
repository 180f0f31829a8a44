import { buildTokenizer } from "../../data/make-tokenizer.ts";
import { partOfTokens, type TokenSource, tokenSource } from "../../data/token-source.ts";
import type { Tokenizer, TokenizerKind } from "../../data/tokenizer.ts";
import { HiddenstateError } from "../../errors.ts";
import { checksumOf } from "../../io/checksum.ts";

/** Text, or its bytes: UTF-8, or anything at all for the byte tokenizer. */
export type TextSource = string | Uint8Array;

/** What a language model is trained and tested on. */
export interface TextData {
  training: TextSource;
  /** Default: the last tenth of `training`, but at most a million tokens, which are then not trained on. */
  validation?: TextSource;
}

/** A text too large to hold in memory: whoever has it makes tokens of it and reads them where they lie. */
export interface ExternalText {
  /** Called once, when the options of the training are known to be right. */
  tokens(request: TokenRequest): Promise<ExternalTokens>;
}

/** Which tokens a training asks for. */
export interface TokenRequest {
  kind: TokenizerKind;
  /** Word tokenizer only. */
  minimumCount: number | undefined;
  /** The tokenizer of a run that goes on; null: a new one is to be made, of the whole text. */
  known: Tokenizer | null;
}

/** The tokens of a text that is not in memory. */
export interface ExternalTokens {
  tokenizer: Tokenizer;
  training: TokenSource;
  /** Null: the last tenth of `training`, but at most a million tokens. */
  validation: TokenSource | null;
}

/** Token ids to train on and to test on. */
export interface TokenStreams {
  tokenizer: Tokenizer;
  training: TokenSource;
  validation: TokenSource;
}

/**
 * Share of the text that is held out when there is no second one, and the most tokens: they are all read at each evaluation, and a
 * million tell a loss to three digits.
 */
const heldOutShare = 0.1;
const heldOutAtMost = 1e6;

/**
 * Tokens of the training and the held-out text, with the vocabulary of both.
 *
 * @param known the tokenizer of a run that goes on; default: a new one
 * @throws HiddenstateError `invalid` where a text is empty or not UTF-8
 */
export async function tokenStreams(data: TextData | ExternalText, request: TokenRequest): Promise<TokenStreams> {
  if ("tokens" in data) {
    const { tokenizer, training, validation } = await data.tokens(request);
    return split(tokenizer, training, validation);
  }
  const { kind, minimumCount, known } = request;
  if (kind === "byte") {
    const tokenizer = known ?? buildTokenizer("byte", "\0");
    return split(tokenizer, byteIds(data.training), data.validation === undefined ? null : byteIds(data.validation));
  }
  const training = asText("training text", data.training);
  const validation = data.validation === undefined ? null : asText("validation text", data.validation);
  // A word of the held-out text alone is unknown, as it would be in use; a character is not worth failing for.
  const vocabularyText = kind === "character" ? training + (validation ?? "") : training;
  const tokenizer = known ?? buildTokenizer(kind, vocabularyText, kind === "word" ? { minimumCount } : {});
  return split(tokenizer, tokenizer.encode(training), validation === null ? null : tokenizer.encode(validation));
}

function split(
  tokenizer: Tokenizer,
  training: Int32Array | TokenSource,
  validation: Int32Array | TokenSource | null,
): TokenStreams {
  const all = tokenSource(training);
  if (validation) return { tokenizer, training: all, validation: tokenSource(validation) };
  const cut = Math.max(Math.floor(all.length * (1 - heldOutShare)), all.length - heldOutAtMost);
  return { tokenizer, training: partOfTokens(all, 0, cut), validation: partOfTokens(all, cut, all.length) };
}

/** @throws HiddenstateError `invalid` where no token follows another: found out before a training, and not at its first evaluation */
export function checkHeldOut({ validation: { length } }: TokenStreams): void {
  if (length > 1) return;
  throw new HiddenstateError(
    "invalid",
    `held-out text: invalid length: got ${length} token${length === 1 ? "" : "s"}, expected at least 2; give more of it, or, ` +
      "where it is the last tenth of the text, more text",
  );
}

/** Tokens that are read at a time for the checksum, and how many such pieces at most. */
const piece = 2 ** 16;
const mostPieces = 256;

/** The checksum of both texts; of one of more than 16 million tokens by its length and 256 pieces of it, evenly spread. Yields now and then. */
export function* textChecksum({ training, validation }: TokenStreams): Generator<void, number> {
  let checksum = 0;
  for (const text of [training, validation]) {
    checksum = checksumOf(text.length, checksum);
    const pieces = Math.ceil(text.length / piece);
    const read = Math.min(pieces, mostPieces);
    for (let i = 0; i < read; i++) {
      const start = Math.floor((i * pieces) / read) * piece;
      checksum = checksumOf(text.read(start, Math.min(piece, text.length - start)), checksum);
      yield;
    }
  }
  return checksum;
}

/** Ids of a text under a tokenizer; for the byte tokenizer bytes need not be text. Tokens are taken as they are. */
export function encodeSource(tokenizer: Tokenizer, source: TextSource | TokenSource): Int32Array | TokenSource {
  if (typeof source !== "string" && "read" in source) return source;
  return tokenizer.kind === "byte" ? byteIds(source) : tokenizer.encode(asText("text", source));
}

function byteIds(source: TextSource): Int32Array {
  return Int32Array.from(typeof source === "string" ? new TextEncoder().encode(source) : source);
}

function asText(where: string, source: TextSource): string {
  const text = typeof source === "string" ? source : decodeUtf8(where, source);
  if (text.length === 0) throw new HiddenstateError("invalid", `${where}: invalid text: it is empty; give some text`);
  return text;
}

function decodeUtf8(where: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid UTF-8; convert it, or use the byte tokenizer (--tokenizer byte), which takes any bytes`,
      { cause },
    );
  }
}
