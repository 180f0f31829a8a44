import { HiddenstateError, shown } from "../errors.ts";

/** BLEU of a corpus, as sacrebleu reports it. */
export interface BleuScore {
  /** 0 to 100: brevityPenalty times the geometric mean of the precisions. */
  score: number;
  /** Of 1-grams to 4-grams, 0 to 100 each; smoothed where nothing matched. */
  precisions: [number, number, number, number];
  /** exp(1 - referenceLength / length) for outputs shorter than their references, else 1. */
  brevityPenalty: number;
  /** Tokens of all outputs. */
  length: number;
  /** Tokens of all references: of several for one output, those of the closest length. */
  referenceLength: number;
}

const orders = 4;

/**
 * BLEU over a whole corpus, to the digit what sacrebleu computes with its defaults (signature `case:mixed|eff:no|tok:13a|smooth:exp`).
 *
 *     BLEU = 100 BP exp(1/4 Σ_n ln p_n),   p_n = Σ matched n-grams / Σ n-grams,   BP = min(1, exp(1 - r/c))
 *
 * An n-gram of an output matches as often as it occurs in one reference at most. Where no n-gram of an order matches, p_n = 1 / (2^k
 * count), k counting such orders. Outputs without any 4-gram give 0: of single words use `exactMatch`.
 *
 * @param outputs one text for each sentence
 * @param references one text for each output, or several that are all right
 * @throws HiddenstateError `mismatch` where there are not as many references as outputs, `invalid` for an output without a reference
 *
 * Source: Papineni et al., "BLEU: a method for automatic evaluation of machine translation", ACL 2002; Post, "A call for clarity in
 * reporting BLEU scores", WMT 2018.
 *
 * @example
 * bleu(["The dog bit the man."], [["The dog bit the man.", "The dog had bit the man."]]).score;   // 100
 */
export function bleu(outputs: readonly string[], references: readonly (string | readonly string[])[]): BleuScore {
  if (references.length !== outputs.length) {
    throw new HiddenstateError(
      "mismatch",
      `bleu: mismatch in references: got ${references.length}, expected ${outputs.length}, one for each output`,
    );
  }
  const matched = Array<number>(orders).fill(0);
  const counted = Array<number>(orders).fill(0);
  let [length, referenceLength] = [0, 0];
  outputs.forEach((output, i) => {
    const words = bleuTokens(output);
    const of = references[i];
    const right = (typeof of === "string" ? [of] : of).map(bleuTokens);
    if (right.length === 0) {
      throw new HiddenstateError(
        "invalid",
        `bleu: invalid references[${i}]: got ${shown(of)}, expected at least one text`,
      );
    }
    length += words.length;
    referenceLength += closestLength(words.length, right);
    for (let n = 1; n <= orders; n++) {
      const limits = right.map((reference) => countGrams(reference, n));
      for (const [gram, count] of countGrams(words, n)) {
        counted[n - 1] += count;
        matched[n - 1] += Math.min(count, Math.max(...limits.map((limit) => limit.get(gram) ?? 0)));
      }
    }
  });
  const brevityPenalty = length >= referenceLength ? 1 : length > 0 ? Math.exp(1 - referenceLength / length) : 0;
  const precisions: [number, number, number, number] = [0, 0, 0, 0];
  if (matched.every((count) => count === 0)) return { score: 0, precisions, brevityPenalty, length, referenceLength };
  let smoothing = 1;
  for (let n = 0; n < orders && counted[n] > 0; n++) {
    if (matched[n] === 0) smoothing *= 2;
    precisions[n] = (100 * (matched[n] || 1 / smoothing)) / counted[n];
  }
  const meanLog = precisions.reduce((sum, precision) => sum + Math.log(precision), 0) / orders;
  return { score: brevityPenalty * Math.exp(meanLog), precisions, brevityPenalty, length, referenceLength };
}

/** What Python's str.split() splits at. */
// oxlint-disable-next-line no-control-regex -- the four separators of ASCII are white space to Python
const whiteSpace = /[\p{White_Space}\x1c-\x1f]+/u;

/**
 * The words of a text as `mteval-v13a` cuts it: signs stand alone, but for periods and commas between digits, hyphens not after a digit,
 * and apostrophes.
 *
 * @example
 * bleuTokens("It's 3.5 km.");   // ["It's", "3.5", "km", "."]
 */
export function bleuTokens(text: string): string[] {
  const plain = text
    .trimEnd()
    .replaceAll("<skipped>", "")
    .replaceAll("-\n", "")
    .replaceAll("\n", " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">");
  return ` ${plain} `
    .replace(/([{-~[-` -&(-+:-@/])/gu, " $1 ")
    .replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2")
    .replace(/([0-9])(-)/gu, "$1 $2 ")
    .split(whiteSpace)
    .filter((word) => word.length > 0);
}

/** How often each run of n words occurs; words hold no space. */
function countGrams(words: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= words.length; i++) {
    const gram = words.slice(i, i + n).join(" ");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** The shorter of two that are as close. */
function closestLength(length: number, references: readonly (readonly string[])[]): number {
  const lengths = references.map((words) => words.length).toSorted((a, b) => a - b);
  return lengths.reduce((best, each) => (Math.abs(each - length) < Math.abs(best - length) ? each : best));
}
