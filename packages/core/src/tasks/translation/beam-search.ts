import { type DecodingRows, decode, type Written } from "./decoding.ts";
import type { SequenceTranslator } from "./sequence-translator.ts";

export interface BeamOptions {
  /** Hypotheses that are followed at a time, for each source: K. */
  beam: number;
  /** α: 0 takes probabilities as they are, which favours short texts; larger ones favour longer texts. */
  lengthPenalty: number;
  /** The most tokens of a text, the boundary not counted. */
  longest: number;
  /** Whether to keep how much each place of the source counted. */
  attention: boolean;
}

/** A text as beam search found it. */
export interface Hypothesis extends Written {
  /** What it was ranked by: ln p over the length penalty. */
  score: number;
}

/**
 * What a text's ln p is divided by: lp = ((5 + length) / 6)^α.
 *
 * @param length tokens, the boundary included
 *
 * Source: Wu et al., "Google's neural machine translation system", 2016 (arXiv 1609.08144, eq. 14).
 */
export function lengthNormalizer(length: number, lengthPenalty: number): number {
  return ((5 + length) / 6) ** lengthPenalty;
}

/** What is still being written of one source, or has been. */
interface Search {
  /** Best first; they hold the rows in their order. */
  open: Open[];
  /** Best first, at most K. */
  finished: Hypothesis[];
}

/** A hypothesis that has not ended: its tokens are a chain back to the boundary. */
interface Open {
  token: number;
  before: Open | null;
  length: number;
  logProbability: number;
  attention: Float32Array | null;
}

/**
 * Beam search: of every source the K likeliest beginnings are followed, and ends compete by ln p over the length penalty. The search of a source is over when nothing
 * that is still open can become better than the best that has ended.
 *
 * Every beginning may end at any step, so there is always a whole text. With K as large as the number of beginnings it is the likeliest of all (by
 * that measure).
 *
 * The first text is the best of all whose beginnings were followed: what is open when the search ends could only be worse. That is not so of the others: they
 * are the best that had ended by then, at most K, and a text that would have come between them may have been open still.
 *
 * @returns for each source at least one text and up to K, best first
 */
export function beamSearch(
  model: SequenceTranslator,
  sources: readonly Int32Array[],
  options: BeamOptions,
): Hypothesis[][] {
  const { boundary } = model;
  const start: Open = { token: boundary, before: null, length: 0, logProbability: 0, attention: null };
  const searches = sources.map((): Search => ({ open: [start], finished: [] }));
  decode(model, sources, (rows) => {
    let live = searches.map((_, source) => source);
    for (let length = 0; live.length > 0; length++) {
      const parents = extend(rows, searches, live, sources, boundary, options);
      live = live.filter((source) => {
        const search = searches[source];
        if (length === options.longest || isOver(search, options)) search.open = [];
        return search.open.length > 0;
      });
      rows.choose(live.flatMap((source) => parents[source]));
    }
  });
  return searches.map(({ finished }) => finished);
}

/** Every open hypothesis reads its last token; the best continuations take their place. Returns the row that each came from. */
function extend(
  rows: DecodingRows,
  searches: readonly Search[],
  live: readonly number[],
  sources: readonly Int32Array[],
  boundary: number,
  options: BeamOptions,
): number[][] {
  const { logProbabilities, weights } = rows.step(
    live.flatMap((source) => searches[source].open.map(({ token }) => token)),
  );
  const looks = options.attention ? weights.dataSync() : null;
  const places = weights.shape[1];
  weights.end();
  const width = boundary + 1;
  const parents: number[][] = searches.map(() => []);
  let firstRow = 0;
  for (const source of live) {
    const search = searches[source];
    const before = search.open;
    const best = new Best(options.beam);
    before.forEach((open, i) => {
      const row = firstRow + i;
      const attention = looks?.slice(row * places, row * places + sources[source].length) ?? null;
      const own = logProbabilities.subarray(row * width, (row + 1) * width);
      const end = { token: boundary, before: open, length: open.length + 1, attention };
      finish(search, { ...end, logProbability: open.logProbability + own[boundary] }, options);
      for (let token = 0; token < boundary; token++) best.offer(open.logProbability + own[token], i, token, attention);
    });
    search.open = best.items.map(({ score, parent, token, attention }) => {
      const open = before[parent];
      return { token, before: open, length: open.length + 1, logProbability: score, attention };
    });
    parents[source] = best.items.map(({ parent }) => firstRow + parent);
    firstRow += before.length;
  }
  return parents;
}

/** Adds an end to the best ones, if it is one of them. */
function finish(search: Search, last: Open, { beam, lengthPenalty, attention }: BeamOptions): void {
  const score = last.logProbability / lengthNormalizer(last.length, lengthPenalty);
  const place = search.finished.findIndex((other) => other.score < score);
  if (place < 0 && search.finished.length >= beam) return;
  const chain: Open[] = [];
  for (let open = last; open.before; open = open.before) chain.unshift(open);
  search.finished.splice(place < 0 ? search.finished.length : place, 0, {
    ids: chain.slice(0, -1).map(({ token }) => token),
    logProbability: last.logProbability,
    complete: true,
    attention: attention ? chain.map((open) => open.attention!) : null,
    score,
  });
  search.finished.length = Math.min(search.finished.length, beam);
}

/** A text can only become less likely, and its ln p be divided by what the longest text's is at most. */
function isOver({ open, finished }: Search, { lengthPenalty, longest }: BeamOptions): boolean {
  if (open.length === 0 || finished.length === 0) return open.length === 0;
  return finished[0].score >= open[0].logProbability / lengthNormalizer(longest + 1, lengthPenalty);
}

interface Candidate {
  score: number;
  parent: number;
  token: number;
  attention: Float32Array | null;
}

/** The K best of many, best first; of equal ones those that came first. */
class Best {
  readonly items: Candidate[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  offer(score: number, parent: number, token: number, attention: Float32Array | null): void {
    const { items } = this;
    if (items.length === this.#most && !(score > items[items.length - 1].score)) return;
    if (items.length === this.#most) items.pop();
    let place = items.length;
    while (place > 0 && items[place - 1].score < score) place--;
    items.splice(place, 0, { score, parent, token, attention });
  }
}
