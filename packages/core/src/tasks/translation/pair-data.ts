import { holdOut } from "../../data/held-out.ts";
import { HiddenstateError, shown } from "../../errors.ts";

/** A text and what it is to become. */
export interface TranslationPair {
  source: string;
  target: string;
  /** How errors name it, such as `dates.tsv:17`. Default: its place in the array. */
  place?: string;
}

/** What a translator is trained and tested on. */
export interface TranslationData {
  training: readonly TranslationPair[];
  /** Default: a tenth of the different sources of `training`, drawn by the seed, which are then not trained on. */
  validation?: readonly TranslationPair[];
}

/**
 * The pairs to learn from and those to test with, checked.
 * @throws HiddenstateError `invalid`, naming the pair
 */
export function splitPairs(
  data: TranslationData,
  seed: number,
): { training: readonly TranslationPair[]; validation: readonly TranslationPair[] } {
  checkPairs("training", data.training);
  if (data.validation) {
    checkPairs("validation", data.validation);
    return { training: data.training, validation: data.validation };
  }
  const sources = data.training.map(({ source }) => source);
  const { training, validation } = holdOut(sources, { share: 0.1, seed });
  return { training: training.map((i) => data.training[i]), validation: validation.map((i) => data.training[i]) };
}

/**
 * @param where how to name the array in errors
 * @throws HiddenstateError `invalid`, naming the pair, where a side is empty or white space only, or there are none
 */
export function checkPairs(where: string, pairs: readonly TranslationPair[]): void {
  if (pairs.length === 0) throw new HiddenstateError("invalid", `${where}: invalid pairs: there are none; give some`);
  pairs.forEach((pair, i) => {
    for (const side of ["source", "target"] as const) checkText(pair.place ?? `${where}[${i}]`, side, pair[side]);
  });
}

/** @throws HiddenstateError `invalid` unless a text is one, and more than white space */
export function checkText(name: string, side: "source" | "target", text: unknown): void {
  if (typeof text === "string" && text.trim() !== "") return;
  const found =
    typeof text === "string"
      ? `it is ${text === "" ? "empty" : "white space only"}, expected a text; leave the pair out`
      : `got ${shown(text)}, expected a text`;
  throw new HiddenstateError("invalid", `${name}: invalid ${side}: ${found}`);
}
