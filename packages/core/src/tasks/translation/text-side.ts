import { tokenizerFromJSON, vocabularyBuilder } from "../../data/make-tokenizer.ts";
import type { Tokenizer, TokenizerJSON, TokenizerKind } from "../../data/tokenizer.ts";
import { knownTokens } from "../sequence-encoder.ts";

/** One language of a translator: its texts as token ids, and back. */
export class TextSide {
  readonly tokenizer: Tokenizer;
  /** Ids of a text; a character that was never seen is -1, since new text always has some. */
  readonly encode: (text: string) => Int32Array;

  constructor(tokenizer: Tokenizer) {
    this.tokenizer = tokenizer;
    this.encode = knownTokens(tokenizer);
  }

  /** Learns the vocabulary of texts. */
  static fromTexts(texts: readonly string[], kind: TokenizerKind, minimumCount: number | undefined): TextSide {
    const builder = vocabularyBuilder(kind, kind === "word" && minimumCount !== undefined ? { minimumCount } : {});
    for (const text of texts) {
      builder.add(text);
      // Else the last word of one text and the first of the next would be one.
      if (kind === "word") builder.add("\n");
    }
    return new TextSide(builder.finish());
  }

  static fromJSON(json: TokenizerJSON): TextSide {
    return new TextSide(tokenizerFromJSON(json));
  }

  /** V: ids are below it. */
  get size(): number {
    return this.tokenizer.size;
  }

  decode(ids: readonly number[]): string {
    return this.tokenizer.decode(ids);
  }

  /** A text's tokens as people read them, one for each id. */
  tokens(text: string): string[] {
    if (this.tokenizer.kind === "character") return Array.from(text);
    return Array.from(this.encode(text), (id) => this.name(id));
  }

  /** A token as people read it; a byte that is no letter or sign as `\x0a`. */
  name(id: number): string {
    if (this.tokenizer.kind !== "byte") return this.tokenizer.decode([id]);
    return id > 32 && id < 127 ? String.fromCharCode(id) : `\\x${id.toString(16).padStart(2, "0")}`;
  }
}
