import { ExampleBatches } from "../../data/example-batches.ts";
import { threefry2x32 } from "../../kernels/threefry.ts";
import { randomKey } from "../../memory/random.ts";
import type { Tensor } from "../../memory/tensor.ts";
import type { JobEvaluation, JobSnapshot, TrainingJob } from "../../train/job.ts";
import { type SequenceTagger, uncounted } from "./sequence-tagger.ts";
import { SpellingTable } from "./tag-vocabulary.ts";
import { evaluateTagger, type TaggerScoring } from "./tagger-scores.ts";
import type { CheckedSentence } from "./tagging-data.ts";
import { wordBatch } from "./word-batch.ts";

export interface TaggerJobOptions {
  batch: number;
  seed: number;
  wordDropout: number;
}

/** Trains a tagger on batches of sentences of similar lengths. */
export class TaggerJob implements TrainingJob {
  readonly model: SequenceTagger;
  readonly trainingTokens: number;
  readonly validationTokens: number;
  readonly notices: readonly string[];
  readonly longestSequence: number;
  readonly #scoring: TaggerScoring;
  readonly #validation: readonly CheckedSentence[];
  readonly #table: SpellingTable;
  readonly #sentences: Int32Array[];
  readonly #targets: Int32Array[];
  readonly #batches: ExampleBatches;
  readonly #seed: number;
  /** By word id: how likely the word is read as an unknown one. */
  readonly #forgotten: Float64Array;
  /** Batches read so far. */
  #cursor = 0;

  constructor(
    scoring: TaggerScoring,
    data: { training: readonly CheckedSentence[]; validation: readonly CheckedSentence[] },
    { batch, seed, wordDropout }: TaggerJobOptions,
  ) {
    const { model, vocabulary, tags } = scoring;
    const ids = new Map(tags.map((tag, id) => [tag, id]));
    this.model = model;
    this.#scoring = scoring;
    this.#validation = data.validation;
    this.#seed = seed;
    this.#table = new SpellingTable(vocabulary);
    this.#sentences = data.training.map(({ words }) => this.#table.encode(words));
    this.#targets = data.training.map((sentence) => Int32Array.from(sentence.tags, (tag) => ids.get(tag) ?? uncounted));
    this.#forgotten = this.#forgetting(wordDropout);
    const lengths = this.#sentences.map(({ length }) => length);
    this.#batches = new ExampleBatches(lengths, { batch, seed });
    this.longestSequence = [...data.training, ...data.validation].reduce(
      (most, { words }) => Math.max(most, words.length),
      0,
    );
    this.trainingTokens = wordsIn(data.training);
    this.validationTokens = wordsIn(data.validation);
    this.notices = this.#thingsToKnow(data.validation);
  }

  get stepsPerEpoch(): number {
    return this.#batches.count;
  }

  nextLoss(): { loss: Tensor; tokens: number } {
    const { examples, epoch } = this.#batches.at(this.#cursor++);
    const key = randomKey(this.#seed, "forget words", "", epoch);
    const batch = wordBatch(
      examples.map((example) => this.#sentences[example]),
      this.#table.spellings,
      // Depends on sentence, place and epoch alone, not on the batch.
      (word, b, t) => threefry2x32(key, examples[b], t)[0] < this.#forgotten[word] * 2 ** 32,
    );
    const targets = new Int32Array(batch.steps * batch.batch).fill(uncounted);
    let tokens = 0;
    examples.forEach((example, b) => {
      tokens += batch.lengths[b];
      this.#targets[example].forEach((target, t) => (targets[t * batch.batch + b] = target));
    });
    return { loss: this.model.loss(this.model.forward(batch), targets, batch.lengths), tokens };
  }

  *evaluate(): Generator<void, JobEvaluation> {
    const { loss, accuracy, baseline, words, chunks } = yield* evaluateTagger(this.#scoring, this.#validation);
    if (!chunks) {
      return {
        loss,
        tokens: words,
        metrics: { accuracy, baselineAccuracy: baseline.accuracy },
        criterion: 1 - accuracy,
      };
    }
    const { f1, precision, recall } = chunks;
    const metrics = { f1, precision, recall, accuracy, baselineF1: baseline.f1! };
    // Before the first chunk is found, the tags of words decide.
    return { loss, tokens: words, metrics, criterion: 1 - f1 + 1e-3 * (1 - accuracy) };
  }

  snapshot(): JobSnapshot {
    return { tensors: new Map(), values: { cursor: this.#cursor } };
  }

  restore({ values }: JobSnapshot): void {
    this.#cursor = values.cursor as number;
  }

  /** Gives the memory of the model back. */
  end(): void {
    for (const parameter of this.model.stateDict().values()) parameter.end();
  }

  /** a / (a + count): rare words most often, so that the vector of unknown words learns what rare words are like. */
  #forgetting(wordDropout: number): Float64Array {
    const counts = new Float64Array(this.#scoring.vocabulary.sizes.words);
    for (const sentence of this.#sentences) {
      for (const spelling of sentence) counts[this.#table.spellings[spelling].word]++;
    }
    return counts.map((count) => (wordDropout === 0 ? 0 : wordDropout / (wordDropout + count)));
  }

  #thingsToKnow(validation: readonly CheckedSentence[]): string[] {
    const share = (100 * this.#batches.paddedShare()).toFixed(1);
    const notices = [`batches hold sentences of similar lengths: ${share} % of their words are padding`];
    const unknown = unknownTags(this.#scoring.tags, validation);
    if (unknown.length > 0) {
      notices.push(
        `the training has no tag ${unknown.join(", ")}: words of the held-out sentences that have it count as wrong`,
      );
    }
    return notices;
  }
}

/** Tags of the sentences that the model does not know, in the order of the alphabet. */
export function unknownTags(tags: readonly string[], sentences: readonly CheckedSentence[]): string[] {
  const known = new Set(tags);
  const all = new Set(sentences.flatMap((sentence) => sentence.tags));
  return [...all].filter((tag) => !known.has(tag)).toSorted();
}

function wordsIn(sentences: readonly CheckedSentence[]): number {
  return sentences.reduce((count, { words }) => count + words.length, 0);
}
