import { stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import {
  type ExternalText,
  type ExternalTokens,
  type Tokenizer,
  type TokenRequest,
  type TokenSource,
  vocabularyBuilder,
} from "@hiddenstate/core";
import { textParts } from "./text-parts.ts";
import { OpenTokens } from "./token-file.ts";
import { findTokens, headerBytes, type TokenOrigin, writeTokens } from "./tokenized-file.ts";

/**
 * Text files that are not read into memory: they are gone through once for the vocabulary and once for the tokens, which go
 * into a file of their own and are read from there. Bytes are tokens as they are.
 *
 * @example
 * const text = new LargeText(["enwik9"], "runs/enwik9/training/tokens.bin");
 * try {
 *   for await (const event of trainLanguageModel(text, options, { storage })) print(event);
 * } finally {
 *   text.close();
 * }
 */
export class LargeText implements ExternalText {
  readonly #paths: readonly string[];
  readonly #tokensPath: string;
  readonly #opened: OpenTokens[] = [];

  /**
   * @param paths the text to train on, then the held-out one, if there is one
   * @param tokensPath where the tokens go; tokens of the same texts and vocabulary that are there are used
   */
  constructor(paths: readonly string[], tokensPath: string) {
    this.#paths = paths;
    this.#tokensPath = tokensPath;
  }

  async tokens({ kind, minimumCount, known }: TokenRequest): Promise<ExternalTokens> {
    const options = kind === "word" ? { minimumCount } : {};
    const builder = vocabularyBuilder(kind, options);
    if (kind === "byte") {
      const [training, validation = null] = await Promise.all(this.#paths.map(async (path) => this.#bytes(path)));
      return { tokenizer: builder.finish(), training, validation };
    }
    // A word of the held-out text alone is unknown, as it would be in use; a character is not worth failing for.
    const vocabularyPaths = kind === "character" ? this.#paths : this.#paths.slice(0, 1);
    const learn = async (): Promise<Tokenizer> => {
      for (const path of vocabularyPaths) for await (const part of textParts(path)) builder.add(part);
      return builder.finish();
    };
    const tokenizer = known ?? (await learn());
    const [training, validation = null] = await this.encoded(tokenizer);
    return { tokenizer, training, validation };
  }

  /** The tokens of each text under a tokenizer. */
  async encoded(tokenizer: Tokenizer): Promise<TokenSource[]> {
    if (tokenizer.kind === "byte") return Promise.all(this.#paths.map(async (path) => this.#bytes(path)));
    const origin = await originOf(this.#paths, tokenizer);
    const { tokens, bytesPerToken } =
      (await findTokens(this.#tokensPath, origin)) ??
      (await writeTokens(this.#tokensPath, this.#paths, tokenizer, origin));
    const file = this.#open(this.#tokensPath);
    let start = headerBytes;
    return tokens.map((count) => {
      const source = file.source(start, count, bytesPerToken);
      start += count * bytesPerToken;
      return source;
    });
  }

  /** Closes what was opened; tokens can't be read any more. */
  close(): void {
    for (const file of this.#opened.splice(0)) file.close();
  }

  async #bytes(path: string): Promise<TokenSource> {
    return this.#open(path).source(0, (await stat(path)).size, 1);
  }

  #open(path: string): OpenTokens {
    const file = new OpenTokens(path);
    this.#opened.push(file);
    return file;
  }
}

async function originOf(paths: readonly string[], tokenizer: Tokenizer): Promise<TokenOrigin> {
  const texts = await Promise.all(
    paths.map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return { bytes: size, changed: mtimeMs };
    }),
  );
  return { texts, vocabulary: crc32(JSON.stringify(tokenizer.toJSON())) };
}
