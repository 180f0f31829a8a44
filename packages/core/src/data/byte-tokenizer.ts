import { invalidId } from "./token-ids.ts";
import type { TokenDecoder, TokenEncoder, Tokenizer, TokenizerJSON } from "./tokenizer.ts";

/**
 * One token for each byte: 256 of them, and no text or file that they can't express. Text is taken as UTF-8; half a surrogate
 * pair becomes U+FFFD.
 *
 * @example
 * new ByteTokenizer().encode("é");   // [195, 169]
 */
export class ByteTokenizer implements Tokenizer {
  readonly kind = "byte";
  readonly size = 256;

  encode(text: string): Int32Array {
    return this.encodeBytes(new TextEncoder().encode(text));
  }

  /** Token ids of bytes that need not be UTF-8. */
  encodeBytes(bytes: Uint8Array): Int32Array {
    return Int32Array.from(bytes);
  }

  encoder(): TokenEncoder {
    return { push: (text) => this.encode(text), end: () => new Int32Array() };
  }

  /** The text of token ids; bytes that are no UTF-8 become U+FFFD. */
  decode(ids: ArrayLike<number>): string {
    return utf8().decode(this.decodeBytes(ids));
  }

  /** The bytes of token ids. */
  decodeBytes(ids: ArrayLike<number>): Uint8Array {
    return Uint8Array.from(ids, checkId);
  }

  /** Holds the first bytes of a character back until the last one comes. */
  decoder(): TokenDecoder {
    const decoder = utf8();
    return {
      push: (id) => decoder.decode(Uint8Array.of(checkId(id)), { stream: true }),
      end: () => decoder.decode(),
    };
  }

  toJSON(): TokenizerJSON {
    return { kind: "byte" };
  }
}

/** Without this option a byte order mark would be swallowed. */
function utf8(): TextDecoder {
  return new TextDecoder("utf-8", { ignoreBOM: true });
}

function checkId(id: number): number {
  if (Number.isInteger(id) && id >= 0 && id < 256) return id;
  throw invalidId(id, 256);
}
