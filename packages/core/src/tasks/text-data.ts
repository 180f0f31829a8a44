import { buildTokenizer, type Tokenizer, type TokenizerKind } from "../data/tokenizer.ts";
import { HiddenstateError } from "../errors.ts";

/** Text, or its bytes: UTF-8, or anything at all for the byte tokenizer. */
export type TextSource = string | Uint8Array;

/** What a language model is trained and tested on. */
export interface TextData {
  training: TextSource;
  /** Default: the last tenth of `training`, which is then not trained on. */
  validation?: TextSource;
}

/** Token ids to train on and to test on. */
export interface TokenStreams {
  tokenizer: Tokenizer;
  training: Int32Array;
  validation: Int32Array;
}

/** Share of the text that is held out when there is no second one. */
const heldOut = 0.1;

/**
 * Tokens of the training and the held-out text, with the vocabulary of both.
 *
 * @param known the tokenizer of a run that goes on; default: a new one
 * @throws HiddenstateError `invalid` where a text is empty or not UTF-8
 */
export function tokenStreams(
  data: TextData,
  kind: TokenizerKind,
  minimumCount: number | undefined,
  known: Tokenizer | null,
): TokenStreams {
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

function split(tokenizer: Tokenizer, training: Int32Array, validation: Int32Array | null): TokenStreams {
  if (validation) return { tokenizer, training, validation };
  const cut = Math.floor(training.length * (1 - heldOut));
  return { tokenizer, training: training.subarray(0, cut), validation: training.subarray(cut) };
}

/** Ids of a text under a tokenizer; for the byte tokenizer bytes need not be text. */
export function encodeSource(tokenizer: Tokenizer, source: TextSource): Int32Array {
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
