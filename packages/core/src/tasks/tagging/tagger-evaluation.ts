import { noGrad } from "../../autograd/tape.ts";
import { softmax } from "../../autograd/ops/softmax.ts";
import { evaluationBatches } from "../../data/example-batches.ts";
import { scope } from "../../memory/scope.ts";
import type { Tensor } from "../../memory/tensor.ts";
import { rowsOfSequences } from "../../nn/crf.ts";
import { bestPaths, type TagConstraints } from "../../nn/viterbi.ts";
import { SpellingTable, type TagVocabulary } from "./tag-vocabulary.ts";
import { type SequenceTagger, uncounted } from "./sequence-tagger.ts";
import { type WordBatch, wordBatch } from "./word-batch.ts";

/** Sentences and padded words read at a time; the results do not depend on them. */
const limits = { batch: 64, steps: 8192 };

/** A network with what it needs to know of words and tags. */
export interface TaggingParts {
  model: SequenceTagger;
  vocabulary: TagVocabulary;
  /** The tags by number. */
  tags: readonly string[];
  /** Which paths through the tags may be; null: all. */
  constraints: TagConstraints | null;
}

/** What a sentence's words are taken for. */
export interface SentenceTags {
  /** A tag for each word. */
  tags: string[];
  /** How likely each of them is: by the softmax at its word or, with a conditional random field, over all paths through it. */
  probabilities: number[];
}

/** What is found in sentences, in their order, and how surprising their right tags are. */
export interface FoundTags {
  sentences: SentenceTags[];
  /** Sum of -ln p of the right tags over the words that count, and how many those are; 0 without right tags. */
  loss: number;
  counted: number;
}

/**
 * Tags sentences. Yields after each batch, so that the caller can let the event loop turn.
 *
 * @param truths the right tags, where the loss is wanted. Those that the model does not know can't count for it: such a word counts for
 *   nothing or, with a conditional random field, its whole sentence does.
 */
export function* findTags(
  parts: TaggingParts,
  sentences: readonly (readonly string[])[],
  truths: readonly (readonly string[])[] | null,
): Generator<void, FoundTags> {
  const { model, vocabulary, tags, constraints } = parts;
  const table = new SpellingTable(vocabulary);
  const encoded = sentences.map((words) => table.encode(words));
  const ids = new Map(tags.map((tag, id) => [tag, id]));
  const found: FoundTags = { sentences: sentences.map(() => ({ tags: [], probabilities: [] })), loss: 0, counted: 0 };
  const lengths = encoded.map(({ length }) => length);
  for (const chosen of evaluationBatches(lengths, limits)) {
    const batch = wordBatch(
      chosen.map((i) => encoded[i]),
      table.spellings,
    );
    if (batch.steps === 0) continue;
    scope(() =>
      noGrad(() => {
        const logits = model.forward(batch);
        const paths = decode(model, logits, batch.lengths, constraints);
        const shares = rowsOfSequences(probabilitiesOf(model, logits, batch.lengths), batch.lengths);
        chosen.forEach((i, b) => {
          found.sentences[i] = {
            tags: paths[b].map((tag) => tags[tag]),
            probabilities: paths[b].map((tag, t) => shares[b][t * tags.length + tag]),
          };
        });
        if (!truths) return;
        const rightTags = chosen.map((i) => truths[i].map((tag) => ids.get(tag) ?? uncounted));
        const { loss, counted } = lossOf(model, logits, batch, rightTags);
        found.loss += loss;
        found.counted += counted;
      }),
    );
    yield;
  }
  return found;
}

function decode(
  model: SequenceTagger,
  logits: Tensor,
  lengths: readonly number[],
  constraints: TagConstraints | null,
): number[][] {
  if (model.crf) return model.crf.decode(logits, { lengths, ...(constraints && { constraints }) });
  return bestPaths(rowsOfSequences(logits, lengths), model.options.tags, null, constraints);
}

function probabilitiesOf(model: SequenceTagger, logits: Tensor, lengths: readonly number[]): Tensor {
  return model.crf ? model.crf.marginals(logits, { lengths }) : softmax(logits);
}

/** The sum of the losses, in nats, and over how many words. */
function lossOf(
  model: SequenceTagger,
  logits: Tensor,
  { steps, batch, lengths }: WordBatch,
  rightTags: readonly (readonly number[])[],
): { loss: number; counted: number } {
  // A path with an unknown tag has no probability: its sentence is taken for an empty one.
  const known = lengths.map((length, b) => (model.crf && rightTags[b].includes(uncounted) ? 0 : length));
  const targets = new Int32Array(steps * batch).fill(uncounted);
  let counted = 0;
  rightTags.forEach((tags, b) =>
    tags.slice(0, known[b]).forEach((tag, t) => {
      targets[t * batch + b] = tag;
      if (tag !== uncounted) counted++;
    }),
  );
  return { loss: counted === 0 ? 0 : counted * model.loss(logits, targets, known).itemSync(), counted };
}
