import { HiddenstateError, shown } from "../errors.ts";

/**
 * The entry of a vocabulary.
 * @throws HiddenstateError `invalid` for an id outside it
 */
export function tokenAt(tokens: readonly string[], id: number): string {
  const token = tokens[id];
  if (token === undefined) throw invalidId(id, tokens.length);
  return token;
}

export function invalidId(id: number, size: number): HiddenstateError {
  return new HiddenstateError(
    "invalid",
    `tokenizer.decode: invalid id: got ${shown(id)}, expected a whole number from 0 to ${size - 1}`,
  );
}
