import { HiddenstateError } from "../errors.ts";

/** A run of words that belong together, such as a name. */
export interface Chunk {
  type: string;
  /** The first word, and the one after the last. */
  start: number;
  end: number;
}

/** How well chunks are found, shares from 0 to 1. */
export interface ChunkScore {
  /** Right among those found; 0 if none was. */
  precision: number;
  /** Found among those that there are; 0 if there are none. */
  recall: number;
  /** 2 precision recall / (precision + recall); 0 if both are 0. */
  f1: number;
  /** How many there are, were found, and were found rightly: the same type, start and end. */
  support: number;
  found: number;
  correct: number;
}

/** How well chunks of all types are found, and of each. */
export interface ChunkScores extends ChunkScore {
  /** By type, in the order of the alphabet. */
  types: Record<string, ChunkScore>;
}

/**
 * The chunks that a sentence's tags make: IOB1, IOB2 (BIO), IOE and IOBES (BIOES) alike, and tags that break the rules of all of them.
 *
 * A chunk begins at B and S, at I and E after O, E and S or after another type, and ends before what begins one and before O. These are
 * the rules of conlleval, the script of the CoNLL shared tasks (Tjong Kim Sang & Buchholz 2000), with S and what follows E as in its
 * Python version.
 *
 * @param tags a prefix, a dash and a type, such as `B-PER`, or `O`
 * @example
 * chunksOf(["B-PER", "I-PER", "O", "B-LOC"]);   // [{ type: "PER", start: 0, end: 2 }, { type: "LOC", start: 3, end: 4 }]
 */
export function chunksOf(tags: readonly string[]): Chunk[] {
  const chunks: Chunk[] = [];
  let before: TagParts = { prefix: "O", type: "" };
  let open: Chunk | null = null;
  tags.forEach((tag, t) => {
    const after = tagParts(tag);
    if (open && ends(before, after)) {
      chunks.push({ ...open, end: t });
      open = null;
    }
    if (begins(before, after)) open = { type: after.type, start: t, end: t };
    before = after;
  });
  if (open) chunks.push({ ...(open as Chunk), end: tags.length });
  return chunks;
}

/**
 * Precision, recall and F1 of chunks as conlleval counts them: a chunk is right if one of the same type with the same start and end is
 * there.
 *
 * @param truths tags of each sentence
 * @param predictions tags of each sentence
 * @throws HiddenstateError `mismatch` where there are not as many predictions as truths
 * @example
 * chunkScores([["B-PER", "I-PER", "O"]], [["B-PER", "O", "O"]]).f1;   // 0
 */
export function chunkScores(
  truths: readonly (readonly string[])[],
  predictions: readonly (readonly string[])[],
): ChunkScores {
  checkSentences("chunkScores", truths, predictions);
  const counts = new Map<string, Counts>();
  const count = (type: string, what: keyof Counts): void => {
    let own = counts.get(type);
    if (!own) counts.set(type, (own = { support: 0, found: 0, correct: 0 }));
    own[what]++;
  };
  truths.forEach((tags, i) => {
    const there = new Set<string>();
    for (const { type, start, end } of chunksOf(tags)) {
      count(type, "support");
      there.add(`${start} ${end} ${type}`);
    }
    for (const { type, start, end } of chunksOf(predictions[i])) {
      count(type, "found");
      if (there.has(`${start} ${end} ${type}`)) count(type, "correct");
    }
  });
  const all = { support: 0, found: 0, correct: 0 };
  for (const own of counts.values())
    for (const what of ["support", "found", "correct"] as const) all[what] += own[what];
  const types = [...counts.keys()].toSorted().map((type) => [type, scored(counts.get(type)!)] as const);
  return { ...scored(all), types: Object.fromEntries(types) };
}

/** @throws HiddenstateError `mismatch` where there are not as many sentences, and as many tags in each */
export function checkSentences(
  where: string,
  truths: readonly (readonly string[])[],
  predictions: readonly (readonly string[])[],
): void {
  if (truths.length !== predictions.length) {
    throw new HiddenstateError(
      "mismatch",
      `${where}: mismatch in predictions: got ${predictions.length} sentences, expected ${truths.length}, one for each truth`,
    );
  }
  truths.forEach((tags, i) => {
    if (tags.length === predictions[i].length) return;
    throw new HiddenstateError(
      "mismatch",
      `${where}: mismatch in predictions[${i}]: got ${predictions[i].length} tags, expected ${tags.length}, one for each word`,
    );
  });
}

interface Counts {
  support: number;
  found: number;
  correct: number;
}

function scored({ support, found, correct }: Counts): ChunkScore {
  const share = (of: number): number => (of === 0 ? 0 : correct / of);
  const f1 = support + found === 0 ? 0 : (2 * correct) / (support + found);
  return { precision: share(found), recall: share(support), f1, support, found, correct };
}

/** A tag's two parts: `B-LOC` is B and LOC, `O` is O and nothing. */
export interface TagParts {
  prefix: string;
  type: string;
}

export function tagParts(tag: string): TagParts {
  const dash = tag.indexOf("-");
  return dash < 0 ? { prefix: tag, type: "" } : { prefix: tag.slice(0, dash), type: tag.slice(dash + 1) };
}

const outside = new Set(["O", "."]);
const closing = new Set(["E", "S"]);
const opening = new Set(["B", "S"]);
const going = new Set(["I", "E"]);

/** Whether a chunk ends between two words. */
function ends(before: TagParts, after: TagParts): boolean {
  if (outside.has(before.prefix)) return false;
  if (closing.has(before.prefix) || before.type !== after.type) return true;
  return (before.prefix === "B" || before.prefix === "I") && (opening.has(after.prefix) || after.prefix === "O");
}

/** Whether a chunk begins between two words. */
function begins(before: TagParts, after: TagParts): boolean {
  if (outside.has(after.prefix)) return false;
  if (opening.has(after.prefix) || before.type !== after.type) return true;
  return going.has(after.prefix) && (before.prefix === "O" || closing.has(before.prefix));
}
