import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExternalText, TextData, TextSource, Tokenizer, TokenSource } from "@hiddenstate/core";
import { LargeText } from "./large-text.ts";
import { readBytes, readText } from "./read-text.ts";

/** Files that are larger together are not read into memory. There a text takes up to seven times its size. */
const largeBytes = 64 * 2 ** 20;

/** Where the text of a training is while it is worked with. */
export type TextPlace = "memory" | "disk";

/** Texts to train on, as they are wherever they are. */
export interface OpenTexts {
  texts: TextData | ExternalText;
  /** What to tell the user; null if there is nothing. */
  notice: string | null;
  close: () => void;
}

/**
 * Opens text files for training: read into memory, or if they are large made into tokens that are read from the disk.
 *
 * @param paths the text to train on, then the held-out one, if there is one
 * @param asBytes whether bytes are the tokens
 * @param tokensPath where the tokens of large texts go
 * @param place default: by size
 * @throws HiddenstateError `missing`, `invalid` or `storage`, naming the file
 */
export async function openTexts(
  paths: readonly string[],
  asBytes: boolean,
  tokensPath: string,
  place?: TextPlace,
): Promise<OpenTexts> {
  const bytes = await totalBytes(paths);
  if ((place ?? (bytes > largeBytes ? "disk" : "memory")) === "memory") {
    const read = asBytes ? readBytes : readText;
    const [training, validation] = await Promise.all(
      paths.map(async (path): Promise<string | Uint8Array> => read(path)),
    );
    return { texts: { training, validation }, notice: null, close: () => {} };
  }
  // Bytes are read where they are; all else is gone through twice first.
  const megabytes = Math.round(bytes / 2 ** 20);
  const notice = `${paths.join(" and ")}: ${megabytes} MB are not read into memory but made into tokens in ${tokensPath}, which takes a while the first time`;
  const text = new LargeText(paths, tokensPath);
  return { texts: text, notice: asBytes ? null : notice, close: () => text.close() };
}

/** A text to read once. */
export interface OpenText {
  text: TextSource | TokenSource;
  close: () => Promise<void>;
}

/**
 * Opens a text file to be read once under a known vocabulary: in memory, or if it is large by way of a temporary file of tokens.
 *
 * @param place default: by size
 * @throws HiddenstateError `missing`, `invalid` or `storage`, naming the file; `unknown` for characters that the vocabulary has not
 */
export async function openText(path: string, tokenizer: Tokenizer, place?: TextPlace): Promise<OpenText> {
  const isLarge = (await totalBytes([path])) > largeBytes;
  if ((place ?? (isLarge ? "disk" : "memory")) === "memory") {
    const text = tokenizer.kind === "byte" ? await readBytes(path) : await readText(path);
    return { text, close: async () => {} };
  }
  const folder = await mkdtemp(join(tmpdir(), "hiddenstate-tokens-"));
  const text = new LargeText([path], join(folder, "tokens.bin"));
  const close = async (): Promise<void> => {
    text.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [tokens] = await text.encoded(tokenizer);
    return { text: tokens, close };
  } catch (fault) {
    await close();
    throw fault;
  }
}

/** 0 where there are no such files: reading them says what is wrong. */
async function totalBytes(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    paths.map(async (path) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
