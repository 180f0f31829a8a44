import { holdOut } from "../../data/held-out.ts";
import { HiddenstateError, shown } from "../../errors.ts";

/** A sentence that is already cut into words, with a tag for each where they are known. */
export interface TaggedSentence {
  words: readonly string[];
  /** As many as words. */
  tags?: readonly string[];
  /** How errors name it, such as `train.conllu:17`. Default: its place in the array. */
  place?: string;
}

/** What a tagger is trained and tested on. */
export interface TaggingData {
  training: readonly TaggedSentence[];
  /** Default: a tenth of the different sentences of `training`, drawn by the seed, which are then not trained on. */
  validation?: readonly TaggedSentence[];
}

/** A sentence that was checked. */
export interface CheckedSentence {
  words: readonly string[];
  tags: readonly string[];
}

/**
 * The sentences to learn from and those to test with, checked, as a training with that seed has them.
 * @throws HiddenstateError `invalid`, `missing` or `mismatch`, naming the sentence
 */
export function splitSentences(
  data: TaggingData,
  seed: number,
): { training: CheckedSentence[]; validation: CheckedSentence[] } {
  const training = checkedSentences("training", data.training);
  if (data.validation) return { training, validation: checkedSentences("validation", data.validation) };
  const parts = holdOut(
    training.map(({ words }) => words.join("\n")),
    { share: 0.1, seed },
  );
  return {
    training: parts.training.map((i) => training[i]),
    validation: parts.validation.map((i) => training[i]),
  };
}

/**
 * @param where how to name the array in errors
 * @throws HiddenstateError `invalid`, `missing` or `mismatch`, naming the sentence, where one has no words, or not a tag for each
 */
export function checkedSentences(where: string, sentences: readonly TaggedSentence[]): CheckedSentence[] {
  if (sentences.length === 0) {
    throw new HiddenstateError("invalid", `${where}: invalid sentences: there are none; give some`);
  }
  return sentences.map(({ words, tags, place }, i) => {
    const name = place ?? `${where}[${i}]`;
    checkWords(name, words);
    if (words.length === 0)
      throw new HiddenstateError("invalid", `${name}: invalid sentence: it has no words; leave it out`);
    if (!tags)
      throw new HiddenstateError("missing", `${name}: missing tags; expected one for each of ${words.length} words`);
    if (tags.length !== words.length) {
      throw new HiddenstateError(
        "mismatch",
        `${name}: mismatch in tags: got ${tags.length}, expected ${words.length}, one for each word`,
      );
    }
    checkStrings(name, "tags", tags);
    return { words, tags };
  });
}

/** @throws HiddenstateError `invalid` unless all words are strings that are not empty */
export function checkWords(name: string, words: readonly string[]): void {
  if (!Array.isArray(words)) {
    throw new HiddenstateError(
      "invalid",
      `${name}: invalid words: got ${shown(words)}, expected an array of words; cut the sentence into words first`,
    );
  }
  checkStrings(name, "words", words);
}

function checkStrings(name: string, what: string, values: readonly string[]): void {
  const wrong = values.findIndex((value) => typeof value !== "string" || value.length === 0);
  if (wrong < 0) return;
  throw new HiddenstateError(
    "invalid",
    `${name}: invalid ${what}[${wrong}]: got ${shown(values[wrong])}, expected a string that is not empty`,
  );
}
