import { mkdir, open, type FileHandle, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { HiddenstateError, type Tokenizer } from "@hiddenstate/core";
import { syncFolder } from "./folder-storage.ts";
import { storageFault } from "./storage-fault.ts";
import { fileParts, textParts } from "./text-parts.ts";
import { packTokens, type TokenBytes, tokenBytesFor } from "./token-file.ts";

/** Where the tokens begin: before them, one line of JSON that says what they are, filled up with spaces. */
export const headerBytes = 1024;

/** Of the layout of such a file. */
const layout = 1;

/** What the tokens were made from, to know whether they may be used again. */
export interface TokenOrigin {
  /** Size and time of change of each text. */
  texts: { bytes: number; changed: number }[];
  /** Checksum of the vocabulary. */
  vocabulary: number;
}

/** The first line of a file of tokens. */
export interface TokenHeader extends TokenOrigin {
  layout: number;
  bytesPerToken: TokenBytes;
  /** Tokens of each text; the texts follow one another. */
  tokens: number[];
  /** CRC-32 of all that comes after the header. */
  checksum: number;
}

/**
 * Writes the tokens of some texts into one file, in one pass over each. Killed at any moment, the file is there as a whole or
 * is not there.
 *
 * @throws HiddenstateError `storage` where reading or writing fails, `unknown` for characters that the vocabulary has not
 */
export async function writeTokens(
  path: string,
  texts: readonly string[],
  tokenizer: Tokenizer,
  origin: TokenOrigin,
): Promise<TokenHeader> {
  const temporary = `${path}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, "w");
    let header: TokenHeader;
    try {
      header = await writeBody(file, texts, tokenizer, origin);
      await writeAll(file, new TextEncoder().encode(`${JSON.stringify(header).padEnd(headerBytes - 1)}\n`), 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return header;
  } catch (fault) {
    await rm(temporary, { force: true }).catch(() => {});
    throw fault instanceof HiddenstateError ? fault : storageFault(`cannot write ${path}`, fault);
  }
}

async function writeBody(
  file: FileHandle,
  texts: readonly string[],
  tokenizer: Tokenizer,
  origin: TokenOrigin,
): Promise<TokenHeader> {
  const bytesPerToken = tokenBytesFor(tokenizer.size);
  const tokens: number[] = [];
  let position = headerBytes;
  let checksum = 0;
  for (const text of texts) {
    const encoder = tokenizer.encoder();
    let count = 0;
    const write = async (ids: Int32Array): Promise<void> => {
      // zlib starts afresh where it gets no bytes.
      if (ids.length === 0) return;
      const bytes = packTokens(ids, bytesPerToken);
      await writeAll(file, bytes, position);
      checksum = crc32(bytes, checksum);
      position += bytes.length;
      count += ids.length;
    };
    for await (const part of textParts(text)) await write(encoder.push(part));
    await write(encoder.end());
    tokens.push(count);
  }
  return { layout, ...origin, bytesPerToken, tokens, checksum };
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** The header of a file that holds exactly the tokens of these texts under this vocabulary, whole; else null. */
export async function findTokens(path: string, origin: TokenOrigin): Promise<TokenHeader | null> {
  const header = await readHeader(path);
  if (header?.layout !== layout) return null;
  const { texts, vocabulary, tokens, bytesPerToken, checksum } = header;
  if (JSON.stringify({ texts, vocabulary }) !== JSON.stringify({ texts: origin.texts, vocabulary: origin.vocabulary }))
    return null;
  let bytes = 0;
  let found = 0;
  for await (const part of fileParts(path, headerBytes)) {
    bytes += part.length;
    found = crc32(part, found);
  }
  const expected = tokens.reduce((sum, count) => sum + count, 0) * bytesPerToken;
  return bytes === expected && found === checksum ? header : null;
}

async function readHeader(path: string): Promise<TokenHeader | null> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch {
    return null;
  }
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(headerBytes), 0, headerBytes, 0);
    return JSON.parse(new TextDecoder().decode(buffer.subarray(0, bytesRead))) as TokenHeader;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}
