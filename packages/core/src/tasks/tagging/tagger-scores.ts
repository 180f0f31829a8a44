import { chunkScores, type ChunkScores, tagParts } from "../../metrics/chunks.ts";
import { type TaggingScores, taggingScores, tagsByMajority, type WordMajorities } from "../../metrics/tagging.ts";
import { findTags, type TaggingParts } from "./tagger-evaluation.ts";
import type { CheckedSentence } from "./tagging-data.ts";

/** A tagger beside the baseline that it has to beat. */
export interface TaggerScoring extends TaggingParts {
  majorities: WordMajorities;
}

/** How well words are tagged. */
export interface TaggerEvaluation extends TaggingScores {
  /** Mean of -ln p of the right tag, in nats; with a conditional random field of the right path, for each word. */
  loss: number;
  /** Where tags make up chunks (B-X, I-X, E-X, S-X and O), how well those are found, as conlleval counts; else null. */
  chunks: ChunkScores | null;
  /** What tagging each word as it was tagged most often in training achieves on the same sentences. */
  baseline: { accuracy: number; f1: number | null };
  /** Tags that the training had not, by how many words have them: those words count as wrong, and are left out of the loss. */
  unknownTags: Record<string, number>;
}

/** Compares what the model finds with the right tags. Yields after each batch. */
export function* evaluateTagger(
  scoring: TaggerScoring,
  sentences: readonly CheckedSentence[],
): Generator<void, TaggerEvaluation> {
  const words = sentences.map((sentence) => sentence.words);
  const truths = sentences.map((sentence) => sentence.tags);
  const found = yield* findTags(scoring, words, truths);
  const predictions = found.sentences.map(({ tags }) => tags);
  const majority = tagsByMajority(scoring.majorities, words);
  const chunked = haveChunks(scoring.tags);
  return {
    loss: found.counted === 0 ? 0 : found.loss / found.counted,
    ...taggingScores(truths, predictions),
    chunks: chunked ? chunkScores(truths, predictions) : null,
    baseline: {
      accuracy: taggingScores(truths, majority).accuracy,
      f1: chunked ? chunkScores(truths, majority).f1 : null,
    },
    unknownTags: countUnknown(scoring.tags, truths),
  };
}

/** Whether tags make up chunks: every one is O, or has a prefix that chunks are made of. */
export function haveChunks(tags: readonly string[]): boolean {
  const parts = tags.map(tagParts);
  return (
    parts.some(({ type }) => type !== "") &&
    parts.every(({ prefix, type }) => (type === "" ? prefix === "O" : ["B", "I", "E", "S"].includes(prefix)))
  );
}

function countUnknown(tags: readonly string[], truths: readonly (readonly string[])[]): Record<string, number> {
  const known = new Set(tags);
  const counts = new Map<string, number>();
  for (const tag of truths.flat()) if (!known.has(tag)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return Object.fromEntries(counts);
}
