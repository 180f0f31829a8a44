import { createHash } from "node:crypto";
import { basename } from "node:path";
import { buildTokenizer, HiddenstateError, type Tokenizer } from "@hiddenstate/core";
import { readText } from "../../files/read-text.ts";
import { generatedText } from "./generated-text.ts";

/** A text as the experiments read it. */
export interface LabText {
  /** Where it is from, how long it is and its fingerprint, for the report and to tell it from others. */
  readonly name: string;
  /** One id for each character. */
  readonly tokenizer: Tokenizer;
  /** The first nine tenths. */
  readonly training: Int32Array;
  /** The last tenth. */
  readonly heldOut: Int32Array;
}

/** Characters that experiments read at most, and need at least. */
const [most, least] = [1_000_000, 20_000];

/**
 * The text of a file, or one that is generated.
 *
 * @param path a UTF-8 file; only its first million characters are read. Default: `generatedText`
 * @throws HiddenstateError as `readText`, and `invalid` for a text of fewer than 20,000 characters
 */
export async function labText(path?: string): Promise<LabText> {
  const text = path === undefined ? generatedText(most) : (await readText(path)).slice(0, most);
  if (text.length < least) {
    throw new HiddenstateError(
      "invalid",
      `lab: invalid text ${path}: got ${text.length} characters, expected at least ${least}; use a longer text, ` +
        "or leave --text out",
    );
  }
  const tokenizer = buildTokenizer("character", text);
  const ids = tokenizer.encode(text);
  const cut = Math.floor(ids.length * 0.9);
  const name = path === undefined ? "a generated text" : basename(path);
  const fingerprint = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return {
    name: `${name}, ${ids.length.toLocaleString("en-US")} characters, sha256 ${fingerprint}`,
    tokenizer,
    training: ids.subarray(0, cut),
    heldOut: ids.subarray(cut),
  };
}
