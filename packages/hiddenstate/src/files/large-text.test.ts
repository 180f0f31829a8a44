import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildTokenizer, type ExternalTokens, type TokenizerKind, type TokenSource } from "@hiddenstate/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LargeText } from "./large-text.ts";

let folder: string;
let tokensPath: string;
let opened: LargeText[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hiddenstate-large-"));
  tokensPath = join(folder, "run/training/tokens.bin");
  opened = [];
});
afterEach(() => {
  for (const text of opened) text.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Characters of one to four bytes, words, runs and lines; no two stretches of it are alike. */
function prose(characters: number): string {
  let text = "";
  for (let i = 0; text.length < characters; i++) text += `word${i % 977} naïve ☕☕ don't 漢字${i} 🎉, "so"... \n`;
  return text;
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const request = { minimumCount: 2, known: null };

function tokensOf(kind: TokenizerKind, ...paths: string[]): Promise<ExternalTokens> {
  const text = new LargeText(paths, tokensPath);
  opened.push(text);
  return text.tokens({ ...request, kind });
}

const all = (source: TokenSource): Int32Array => source.read(0, source.length);

const inMemory = (kind: TokenizerKind, text: string) => {
  const tokenizer = buildTokenizer(kind, text, kind === "word" ? { minimumCount: 2 } : {});
  return { tokenizer, ids: tokenizer.encode(text) };
};

describe.each(["character", "byte", "word"] as const)("%s tokens of a file", (kind) => {
  test("are those of the text in memory, wherever its parts are cut", async () => {
    const text = prose(5_000_000);
    const { tokenizer, training, validation } = await tokensOf(kind, file("text.txt", text));
    const expected = inMemory(kind, text);
    expect(JSON.stringify(tokenizer)).toBe(JSON.stringify(expected.tokenizer));
    expect(training.length).toBe(expected.ids.length);
    expect(Buffer.compare(Buffer.from(all(training).buffer), Buffer.from(expected.ids.buffer))).toBe(0);
    expect(training.read(1234, 3)).toEqual(expected.ids.slice(1234, 1237));
    expect(validation).toBe(null);
  });

  test("of two files are apart", async () => {
    const { tokenizer, training, validation } = await tokensOf(kind, file("a.txt", "b a b a"), file("b.txt", "a b ab"));
    expect(all(training)).toEqual(tokenizer.encode("b a b a"));
    expect(all(validation!)).toEqual(tokenizer.encode("a b ab"));
  });
});

describe("tokens of more than 256 kinds", () => {
  test.each([
    [1000, 2],
    [70_000, 4],
  ])("%i of them take %i bytes each", async (count, bytes) => {
    const text = Array.from({ length: count }, (_, i) => `w${i} w${i}`).join(" ");
    const { training, tokenizer } = await tokensOf("word", file("words.txt", text));
    expect(all(training)).toEqual(tokenizer.encode(text));
    expect(statSync(tokensPath).size).toBe(1024 + training.length * bytes);
  });
});

describe("the file of tokens", () => {
  /** Makes tokens again with the vocabulary that is there, and says whether the file was written again. */
  async function wasRewritten(path: string, vocabulary = readFileSync(path, "utf8")): Promise<boolean> {
    const before = statSync(tokensPath, { throwIfNoEntry: false })?.ino;
    const text = new LargeText([path], tokensPath);
    opened.push(text);
    const known = buildTokenizer("character", vocabulary);
    const { training } = await text.tokens({ ...request, kind: "character", known });
    expect(all(training)).toEqual(known.encode(readFileSync(path, "utf8")));
    return statSync(tokensPath).ino !== before;
  }

  test("is used again, and nothing temporary stays", async () => {
    const path = file("text.txt", "some text");
    await tokensOf("character", path);
    expect(await wasRewritten(path)).toBe(false);
    expect(readdirSync(join(folder, "run/training"))).toEqual(["tokens.bin"]);
  });

  test.each<[string, (path: string) => string | void]>([
    ["is gone", () => rmSync(tokensPath)],
    ["was cut", () => writeFileSync(tokensPath, readFileSync(tokensPath).subarray(0, -1))],
    ["was altered", () => writeFileSync(tokensPath, readFileSync(tokensPath).fill(0, 1030))],
    ["is no such file", () => writeFileSync(tokensPath, "something else")],
    ["is of another text", (path) => appendFileSync(path, "e")],
    ["is of another vocabulary", () => "some text!"],
  ])("is written again if it %s", async (_, change) => {
    const path = file("text.txt", "some text");
    await tokensOf("character", path);
    const vocabulary = change(path);
    expect(await wasRewritten(path, vocabulary ?? undefined)).toBe(true);
  });
});

describe("refuses what reading it whole refuses", () => {
  test.each<[string, string | Uint8Array, string]>([
    [
      "bytes that are not UTF-8",
      Buffer.from("first line\nna\xefve\n", "latin1"),
      "not UTF-8 text (byte 13, 0xef, in line 2)",
    ],
    ["a character cut at the end", Buffer.from("a☕").subarray(0, 3), "not UTF-8 text (byte 1"],
    ["UTF-16", Buffer.from("\uFEFFhello", "utf16le"), "it begins as UTF-16"],
    ["a byte order mark alone", "\uFEFF", "it is empty but for a byte order mark"],
  ])("%s", async (_, content, message) => {
    await expect(tokensOf("character", file("bad.txt", content))).rejects.toThrow(message);
  });

  test("bytes that are not UTF-8, far into the file", async () => {
    const start = "é\n".repeat(2_000_000);
    const path = file("late.txt", Buffer.concat([Buffer.from(start), Buffer.from([0x61, 0xff])]));
    await expect(tokensOf("word", path)).rejects.toThrow("not UTF-8 text (byte 6000001, 0xff, in line 2000001)");
  });

  test("no file", async () => {
    await expect(tokensOf("character", join(folder, "none.txt"))).rejects.toMatchObject({ code: "storage" });
  });
});

test("a byte order mark belongs to the file, not to the text, but only at its beginning", async () => {
  const { tokenizer, training } = await tokensOf("character", file("mark.txt", "\uFEFFa\uFEFF"));
  expect(tokenizer.decode(all(training))).toBe("a\uFEFF");
});
