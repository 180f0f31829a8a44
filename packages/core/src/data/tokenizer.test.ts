import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteTokenizer } from "./byte-tokenizer.ts";
import { CharacterTokenizer } from "./character-tokenizer.ts";
import { buildTokenizer, tokenizerFromJSON, vocabularyBuilder } from "./make-tokenizer.ts";
import type { Tokenizer, TokenizerKind } from "./tokenizer.ts";
import { WordTokenizer } from "./word-tokenizer.ts";

const kinds: TokenizerKind[] = ["character", "byte", "word"];
/** Any text of whole code points. */
const unicode = fc.string({ unit: "binary", minLength: 1 });
/** Text in which words, spaces and punctuation meet in every way. */
const prose = fc.string({
  unit: fc.constantFrom("a", "don't", "é", "漢", "_", "7", " ", "  ", "\n", ",", "..", "'", "’", "💥", "-"),
  minLength: 1,
});

function build(kind: TokenizerKind, text: string): Tokenizer {
  return buildTokenizer(kind, text, kind === "word" ? { minimumCount: 1 } : {});
}

function decodedOneByOne(tokenizer: Tokenizer, ids: Int32Array): string {
  const decoder = tokenizer.decoder();
  return [...ids].map((id) => decoder.push(id)).join("") + decoder.end();
}

/** A text cut into parts of whole code points. */
function cut(text: string, lengths: readonly number[]): string[] {
  const characters = Array.from(text);
  const parts = lengths.map((length) => characters.splice(0, length).join(""));
  return [...parts, characters.join("")];
}

function pieces(text: string): string[] {
  const tokenizer = WordTokenizer.fromText(text, { minimumCount: 1 });
  return [...tokenizer.encode(text)].map((id) => tokenizer.decode([id]));
}

describe.each(kinds)("the %s tokenizer", (kind) => {
  test.each([
    ["any text", unicode],
    ["prose", prose],
  ])("gives back %s", (_, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        const tokenizer = build(kind, text);
        const ids = tokenizer.encode(text);
        expect(tokenizer.decode(ids)).toBe(text);
        expect(decodedOneByOne(tokenizer, ids)).toBe(text);
      }),
    );
  });

  test.each([
    ["any text", unicode],
    ["prose", prose],
  ])("takes %s in parts as it takes it whole", (_, texts) => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(4), { maxLength: 12 }), (text, lengths) => {
        const whole = build(kind, text);
        const builder = vocabularyBuilder(kind, kind === "word" ? { minimumCount: 1 } : {});
        const parts = cut(text, lengths);
        for (const part of parts) builder.add(part);
        const tokenizer = builder.finish();
        expect(tokenizer.toJSON()).toEqual(whole.toJSON());
        const encoder = tokenizer.encoder();
        const ids = [...parts.flatMap((part) => [...encoder.push(part)]), ...encoder.end()];
        expect(ids).toEqual([...whole.encode(text)]);
      }),
    );
  });

  test("has ids from 0 to size - 1", () => {
    fc.assert(
      fc.property(prose, (text) => {
        const tokenizer = build(kind, text);
        for (const id of tokenizer.encode(text)) {
          expect(id).toBeGreaterThanOrEqual(0);
          expect(id).toBeLessThan(tokenizer.size);
        }
      }),
    );
  });

  test("is the same after JSON", () => {
    fc.assert(
      fc.property(unicode, (text) => {
        const tokenizer = build(kind, text);
        const again = tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer)));
        expect([again.kind, again.size]).toEqual([tokenizer.kind, tokenizer.size]);
        expect(again.encode(text)).toEqual(tokenizer.encode(text));
      }),
    );
  });

  test("numbers its tokens alike whenever it is built from the same text", () => {
    expect(build(kind, "b a, b!").toJSON()).toEqual(build(kind, "b a, b!").toJSON());
  });

  test.each([-1, 1.5, 5000, NaN])("refuses to decode %s", (id) => {
    expect(() => build(kind, "abc").decode([id])).toThrow(
      /tokenizer.decode: invalid id: got .*, expected a whole number from 0 to/,
    );
  });
});

describe("the character tokenizer", () => {
  test("takes code points in order, not halves of surrogate pairs", () => {
    const tokenizer = CharacterTokenizer.fromText("b💥a");
    expect(tokenizer.toJSON()).toEqual({ kind: "character", characters: ["a", "b", "💥"] });
    expect(tokenizer.encode("💥")).toEqual(Int32Array.of(2));
  });

  test("keeps even half a surrogate pair", () => {
    const tokenizer = tokenizerFromJSON(JSON.parse(JSON.stringify(CharacterTokenizer.fromText("a\ud800"))));
    expect(tokenizer.decode(tokenizer.encode("\ud800a"))).toBe("\ud800a");
  });

  test("names the characters it never saw", () => {
    expect(() => CharacterTokenizer.fromText("abc").encode("aéb💥é")).toThrow(
      /unknown characters: got "é" \(U\+00E9\), "💥" \(U\+1F4A5\), which .* byte tokenizer/,
    );
    expect(() => CharacterTokenizer.fromText("a").encode("bcdefgh")).toThrow(/"f" \(U\+0066\) and 2 more/);
  });
});

describe("the byte tokenizer", () => {
  test("holds a character back until its last byte", () => {
    const decoder = new ByteTokenizer().decoder();
    expect([...new TextEncoder().encode("é漢")].map((byte) => decoder.push(byte))).toEqual(["", "é", "", "", "漢"]);
    decoder.push(0xe6);
    expect(decoder.end()).toBe("\ufffd");
  });

  test("takes bytes that are no text", () => {
    const tokenizer = new ByteTokenizer();
    const bytes = Uint8Array.of(0xff, 0, 0xc3);
    expect(tokenizer.decodeBytes(tokenizer.encodeBytes(bytes))).toEqual(bytes);
  });

  test("keeps a byte order mark", () => {
    const tokenizer = new ByteTokenizer();
    expect(tokenizer.decode(tokenizer.encode("\ufeffa"))).toBe("\ufeffa");
    expect(decodedOneByOne(tokenizer, tokenizer.encode("\ufeffa"))).toBe("\ufeffa");
  });
});

describe("the word tokenizer", () => {
  test.each([
    ["Well, I don't know...\n", ["Well", ",", " ", "I", "don't", "know", "...", "\n"]],
    ["a  b", ["a", "  ", "b"]],
    [" a ", [" ", "a", " "]],
    ["x_1 = f(y);", ["x_1", " ", "=", " ", "f", "(", "y", ")", ";"]],
    ["'tis rock 'n' roll’s", ["'", "tis", "rock", " ", "'", "n", "'", " ", "roll’s"]],
    ["naïve Ωmega", ["naïve", "Ωmega"]],
  ])("splits %j", (text, expected) => {
    expect(pieces(text)).toEqual(expected);
  });

  test("replaces rare words, and nothing else, by <unk>", () => {
    const tokenizer = WordTokenizer.fromText("the cat, the hat; the end!", { minimumCount: 2 });
    expect(tokenizer.decode(tokenizer.encode("the cat, the hat; the end!"))).toBe("the <unk>, the <unk>; the <unk>!");
    expect(tokenizer.decode(tokenizer.encode("the dog,,, the"))).toBe("the <unk>,,, the");
  });

  test("numbers <unk> first, then by how often a token occurs", () => {
    expect(WordTokenizer.fromText("b b a a c c c", { minimumCount: 2 }).toJSON()).toEqual({
      kind: "word",
      tokens: ["<unk>", "c", "a", "b"],
    });
  });

  test("tells a written <unk> from the unknown word", () => {
    const text = "an <unk> here";
    const tokenizer = WordTokenizer.fromText(text, { minimumCount: 1 });
    expect([...tokenizer.encode(text)]).not.toContain(0);
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });
});

describe("tokenizers refuse", () => {
  test.each([
    ["an empty text", /buildTokenizer: invalid text: it is empty/, () => buildTokenizer("character", "")],
    ["another kind", /unknown kind of tokenizer: got "bpe"/, () => buildTokenizer("bpe" as never, "a")],
    [
      "options of another kind",
      /unknown option "minimumCount"/,
      () => buildTokenizer("byte", "a", { minimumCount: 1 }),
    ],
    ["a minimum of 0", /invalid minimumCount: got 0/, () => buildTokenizer("word", "a", { minimumCount: 0 })],
    [
      "JSON of something else",
      /tokenizer.json: unknown kind of tokenizer: got undefined/,
      () => tokenizerFromJSON({}, "tokenizer.json"),
    ],
    ["JSON without a vocabulary", /invalid characters: got undefined/, () => tokenizerFromJSON({ kind: "character" })],
    ["a character twice", /invalid characters/, () => tokenizerFromJSON({ kind: "character", characters: ["a", "a"] })],
    [
      "two characters in one",
      /invalid character: got "ab"/,
      () => tokenizerFromJSON({ kind: "character", characters: ["ab"] }),
    ],
    ["words without <unk>", /expected "<unk>"/, () => tokenizerFromJSON({ kind: "word", tokens: ["a"] })],
  ] as const)("%s", (_, message, make) => {
    expect(make).toThrow(message);
  });
});
