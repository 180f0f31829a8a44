import { HiddenstateError } from "../errors.ts";
import { tokenAt } from "./token-ids.ts";
import type { TokenDecoder, TokenEncoder, Tokenizer, TokenizerJSON, VocabularyBuilder } from "./tokenizer.ts";

/** How many unknown characters an error names. */
const namedAtMost = 5;

/**
 * One token for each Unicode code point of the text it was built from, numbered in the order of code points.
 *
 * @example
 * const tokenizer = CharacterTokenizer.fromText("banana");
 * tokenizer.encode("nab");   // [2, 0, 1]
 */
export class CharacterTokenizer implements Tokenizer {
  readonly kind = "character";
  readonly #characters: readonly string[];
  /** Id by code point, -1 where there is none: a table for the first 65,536, a map for the others. */
  readonly #basic: Int32Array = new Int32Array(0x10000).fill(-1);
  readonly #others = new Map<number, number>();

  /** @param characters one code point each, in the order of their ids */
  constructor(characters: readonly string[]) {
    this.#characters = characters;
    for (const [id, character] of characters.entries()) {
      const code = character.codePointAt(0)!;
      if (String.fromCodePoint(code) !== character) {
        throw new HiddenstateError(
          "invalid",
          `new CharacterTokenizer: invalid character: got ${JSON.stringify(character)}, expected one code point`,
        );
      }
      if (code < 0x10000) this.#basic[code] = id;
      else this.#others.set(code, id);
    }
  }

  static fromText(text: string): CharacterTokenizer {
    const builder = CharacterTokenizer.builder();
    builder.add(text);
    return builder.finish();
  }

  /** Makes the vocabulary of a text that comes in parts. */
  static builder(): VocabularyBuilder<CharacterTokenizer> {
    const seen = new Uint8Array(0x110000);
    return {
      add: (text) => {
        for (let i = 0; i < text.length; i++) {
          const code = text.codePointAt(i)!;
          if (code > 0xffff) i++;
          seen[code] = 1;
        }
      },
      finish: () => {
        const characters: string[] = [];
        for (let code = 0; code < seen.length; code++) if (seen[code]) characters.push(String.fromCodePoint(code));
        return new CharacterTokenizer(characters);
      },
    };
  }

  get size(): number {
    return this.#characters.length;
  }

  /** @throws HiddenstateError `unknown`, naming the characters that the vocabulary has not */
  encode(text: string): Int32Array {
    const ids = new Int32Array(text.length);
    const unknown = new Set<number>();
    let count = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i)!;
      if (code > 0xffff) i++;
      const id = code > 0xffff ? (this.#others.get(code) ?? -1) : this.#basic[code];
      if (id < 0) unknown.add(code);
      ids[count++] = id;
    }
    if (unknown.size > 0) throw unknownCharacters(unknown);
    return count === ids.length ? ids : ids.slice(0, count);
  }

  encoder(): TokenEncoder {
    return { push: (text) => this.encode(text), end: () => new Int32Array() };
  }

  decode(ids: ArrayLike<number>): string {
    return Array.from(ids, (id) => tokenAt(this.#characters, id)).join("");
  }

  decoder(): TokenDecoder {
    return { push: (id) => tokenAt(this.#characters, id), end: () => "" };
  }

  toJSON(): TokenizerJSON {
    return { kind: "character", characters: this.#characters };
  }
}

function unknownCharacters(codes: ReadonlySet<number>): HiddenstateError {
  const names = [...codes].slice(0, namedAtMost).map((code) => {
    const number = code.toString(16).toUpperCase().padStart(4, "0");
    return `${JSON.stringify(String.fromCodePoint(code))} (U+${number})`;
  });
  const more = codes.size > namedAtMost ? ` and ${codes.size - namedAtMost} more` : "";
  return new HiddenstateError(
    "unknown",
    `tokenizer.encode: unknown characters: got ${names.join(", ")}${more}, which the text the model learned from does not have; ` +
      "leave them out, or train with the byte tokenizer, which knows every character",
  );
}
