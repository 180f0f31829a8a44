import { logSoftmax } from "../../autograd/ops/softmax.ts";
import { noGrad } from "../../autograd/tape.ts";
import { evaluationBatches } from "../../data/example-batches.ts";
import { scope } from "../../memory/scope.ts";
import { bleu } from "../../metrics/bleu.ts";
import { type BeamOptions, beamSearch } from "./beam-search.ts";
import { writeEach } from "./decoding.ts";
import { likeliestOfRows } from "../likeliest.ts";
import { type EncodedPair, pairBatch, uncounted } from "./pair-batch.ts";
import type { TranslationPair } from "./pair-data.ts";
import type { OwnOutput } from "../own-output.ts";
import type { SequenceTranslator } from "./sequence-translator.ts";
import type { TextSide } from "./text-side.ts";

/** Pairs and padded steps read at a time; the results do not depend on them. */
const limits = { batch: 256, steps: 16384 };

/** A network with what it needs to know of its languages. */
export interface TranslatorParts {
  model: SequenceTranslator;
  source: TextSide;
  target: TextSide;
  /** The most tokens that a text may have. */
  longest: number;
}

/** How good a translator is. */
export interface TranslatorEvaluation {
  /** Mean of -ln p of each token of the targets, the ends included, given the truth before it; nats. */
  loss: number;
  /** Tokens of the targets, the ends included; those outside the vocabulary count for nothing. */
  tokens: number;
  pairs: number;
  /** Share of those tokens that the model takes for the likeliest, given the truth before them. */
  tokenAccuracy: number;
  /** Share of the texts, written by the model from the sources alone, that are the target to the character. */
  exactMatch: number;
  /** Of those texts: 0 to 100, as sacrebleu counts it. */
  bleu: number;
}

/** The loss at each place of the targets when the model reads the truth, and when it reads what it wrote itself. */
export interface ExposureBias {
  /**
   * Mean of -ln p of the right token, nats, at each place (from the first token, 1) and over how many pairs. A place where no target has a known
   * token is left out.
   */
  places: { place: number; truth: number; own: number; pairs: number }[];
  /** Over all tokens: reading the truth. */
  truth: number;
  /** Over all tokens: reading its own likeliest output. */
  own: number;
}

/** How the texts to be measured are written: by beam search, or (null) token by token. */
export type Search = Pick<BeamOptions, "beam" | "lengthPenalty"> | null;

/**
 * How well a translator does, and what it writes for each pair. Yields after each batch, so that the caller can let the event loop turn.
 */
export function* evaluateTranslator(
  parts: TranslatorParts,
  pairs: readonly TranslationPair[],
  search: Search = null,
): Generator<void, TranslatorEvaluation & { outputs: string[] }> {
  const encoded = encodePairs(parts, pairs);
  const { places, right } = yield* lossByPlace(parts.model, encoded, null);
  const outputs = yield* writeOutputs(
    parts,
    encoded.map(({ source }) => source),
    search,
  );
  const tokens = places.reduce((sum, { count }) => sum + count, 0);
  const exact = outputs.filter((output, i) => output === pairs[i].target).length;
  return {
    loss: places.reduce((sum, { loss }) => sum + loss, 0) / tokens,
    tokens,
    pairs: pairs.length,
    tokenAccuracy: right / tokens,
    exactMatch: exact / pairs.length,
    bleu: bleu(
      outputs,
      pairs.map(({ target }) => target),
    ).score,
    outputs,
  };
}

/**
 * Exposure bias: a model that was trained on the truth alone meets its own mistakes only when it writes. How much that costs shows in the loss of
 * the right tokens along the sequence, once fed the truth and once fed its own likeliest output (Bengio et al. 2015).
 */
export function* measureExposureBias(
  parts: TranslatorParts,
  pairs: readonly TranslationPair[],
): Generator<void, ExposureBias> {
  const encoded = encodePairs(parts, pairs);
  const truth = (yield* lossByPlace(parts.model, encoded, null)).places;
  const own = (yield* lossByPlace(parts.model, encoded, () => true)).places;
  const mean = (places: readonly Place[]): number =>
    places.reduce((sum, { loss }) => sum + loss, 0) / places.reduce((sum, { count }) => sum + count, 0);
  return {
    places: truth.flatMap(({ loss, count }, t) =>
      count === 0 ? [] : [{ place: t + 1, truth: loss / count, own: own[t].loss / count, pairs: count }],
    ),
    truth: mean(truth),
    own: mean(own),
  };
}

/** A text for each source. */
function* writeOutputs(
  { model, target, longest }: TranslatorParts,
  sources: readonly Int32Array[],
  search: Search,
): Generator<void, string[]> {
  const outputs = sources.map(() => "");
  for (const chosen of batchesOf(sources.map(({ length }) => length * (search?.beam ?? 1)))) {
    const texts = chosen.map((i) => sources[i]);
    const written = search
      ? beamSearch(model, texts, { ...search, longest, attention: false }).map(([best]) => best)
      : writeEach(model, texts, { longest });
    chosen.forEach((i, row) => (outputs[i] = target.decode(written[row].ids)));
    yield;
  }
  return outputs;
}

/** All examples once, with the least padding. */
export function batchesOf(lengths: readonly number[]): number[][] {
  return evaluationBatches(lengths, limits);
}

export function encodePairs({ source, target }: TranslatorParts, pairs: readonly TranslationPair[]): EncodedPair[] {
  return pairs.map((pair) => ({ source: source.encode(pair.source), target: target.encode(pair.target) }));
}

/** Sum of -ln p of the right tokens at one place, and how many. */
interface Place {
  loss: number;
  count: number;
}

/** By place in the targets; and how many of all tokens were the likeliest. */
function* lossByPlace(
  model: SequenceTranslator,
  pairs: readonly EncodedPair[],
  own: OwnOutput | null,
): Generator<void, { places: Place[]; right: number }> {
  const places: Place[] = [];
  let right = 0;
  const width = model.boundary + 1;
  for (const chosen of batchesOf(pairs.map(({ source, target }) => source.length + target.length))) {
    const batch = pairBatch(
      chosen.map((i) => pairs[i]),
      model.boundary,
    );
    const scores = scope(() => noGrad(() => logSoftmax(model.forward(batch, own)).dataSync()));
    const best = likeliestOfRows(scores, width);
    batch.target.values.forEach((token, row) => {
      if (token === uncounted) return;
      const place = (places[Math.floor(row / chosen.length)] ??= { loss: 0, count: 0 });
      place.loss -= scores[row * width + token];
      place.count++;
      if (best[row] === token) right++;
    });
    yield;
  }
  // A place may have nothing but unknown tokens.
  return { places: Array.from(places, (place) => place ?? { loss: 0, count: 0 }), right };
}
