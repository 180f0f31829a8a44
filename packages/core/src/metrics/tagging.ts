import { checkSentences } from "./chunks.ts";
import { type ClassScore, classificationScores, type ConfusionMatrix, confusionMatrix } from "./classification.ts";

/** How well words are tagged. */
export interface TaggingScores {
  /** Share of words whose tag is right. */
  accuracy: number;
  /** Share of sentences all of whose tags are right, of those that have words. */
  sentenceAccuracy: number;
  /** Mean F1 of the tags that occur among truths or predictions. */
  macroF1: number;
  words: number;
  /** By tag, in the order of the alphabet. */
  tags: Record<string, ClassScore>;
  /** How often words of each tag (row) were given each (column), both in the order of `tags`. */
  confusion: ConfusionMatrix;
}

/**
 * Accuracy over words, and precision, recall and F1 of each tag.
 *
 * @param truths tags of each sentence
 * @param predictions tags of each sentence
 * @throws HiddenstateError `mismatch` where there are not as many predictions as truths
 * @example
 * taggingScores([["DET", "NOUN"]], [["DET", "VERB"]]).accuracy;   // 0.5
 */
export function taggingScores(
  truths: readonly (readonly string[])[],
  predictions: readonly (readonly string[])[],
): TaggingScores {
  checkSentences("taggingScores", truths, predictions);
  const [all, guesses] = [truths.flat(), predictions.flat()];
  const names = [...new Set([...all, ...guesses])].toSorted();
  const ids = new Map(names.map((name, id) => [name, id]));
  const idOf = (tag: string): number => ids.get(tag)!;
  const confusion = confusionMatrix(all.map(idOf), guesses.map(idOf), names.length);
  const { accuracy, macroF1, classes } = classificationScores(confusion);
  const sentences = truths.map((tags, i) => tags.length > 0 && tags.every((tag, t) => tag === predictions[i][t]));
  const counted = truths.filter(({ length }) => length > 0).length;
  return {
    accuracy,
    sentenceAccuracy: counted === 0 ? 0 : sentences.filter(Boolean).length / counted,
    macroF1,
    words: all.length,
    tags: Object.fromEntries(names.map((name, id) => [name, classes[id]])),
    confusion,
  };
}

/** For each tag the words that have it most often; a word that is in no list has the tag `otherwise`. */
export interface WordMajorities {
  otherwise: string;
  words: Record<string, string[]>;
}

/**
 * What each word is most often tagged with: the baseline of anybody who looks words up and at nothing around them. Words that do not occur
 * have the tag that is the most common of all.
 *
 * @param sentences words and their tags; of equally frequent tags the first by the alphabet counts
 * @example
 * const baseline = tagsByMajority(wordMajorities(training), test.map(({ words }) => words));
 */
export function wordMajorities(
  sentences: readonly { words: readonly string[]; tags: readonly string[] }[],
): WordMajorities {
  const counts = new Map<string, Map<string, number>>();
  const overall = new Map<string, number>();
  for (const { words, tags } of sentences) {
    words.forEach((word, t) => {
      let own = counts.get(word);
      if (!own) counts.set(word, (own = new Map()));
      for (const each of [own, overall]) each.set(tags[t], (each.get(tags[t]) ?? 0) + 1);
    });
  }
  const otherwise = mostCommon(overall);
  const words = new Map<string, string[]>();
  for (const [word, own] of counts) {
    const tag = mostCommon(own);
    if (tag === otherwise) continue;
    const others = words.get(tag);
    if (others) others.push(word);
    else words.set(tag, [word]);
  }
  return { otherwise, words: Object.fromEntries(words) };
}

/** The tags that the majorities give each sentence. */
export function tagsByMajority(majorities: WordMajorities, sentences: readonly (readonly string[])[]): string[][] {
  const tagOf = new Map(Object.entries(majorities.words).flatMap(([tag, words]) => words.map((word) => [word, tag])));
  return sentences.map((words) => words.map((word) => tagOf.get(word) ?? majorities.otherwise));
}

function mostCommon(counts: ReadonlyMap<string, number>): string {
  let [best, most] = ["", 0];
  for (const [tag, count] of counts) if (count > most || (count === most && tag < best)) [best, most] = [tag, count];
  return best;
}
