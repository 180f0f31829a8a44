import { crossEntropy } from "../../autograd/ops/cross-entropy.ts";
import { ExampleBatches } from "../../data/example-batches.ts";
import type { Tensor } from "../../memory/tensor.ts";
import type { JobEvaluation, JobSnapshot, TrainingJob } from "../../train/job.ts";
import type { SamplingSchedule } from "../../train/sampling-schedule.ts";
import { ownOutput } from "../own-output.ts";
import { type EncodedPair, pairBatch, uncounted } from "./pair-batch.ts";
import type { TranslationPair } from "./pair-data.ts";
import type { SequenceTranslator } from "./sequence-translator.ts";
import { startingBias } from "./starting-bias.ts";
import { encodePairs, evaluateTranslator, type TranslatorParts } from "./translator-evaluation.ts";

export interface TranslatorJobOptions {
  batch: number;
  seed: number;
  /** Null: teacher forcing. */
  samplingSchedule: SamplingSchedule | null;
}

/** Trains a translator on batches of pairs of similar lengths; its output layer's bias starts with how often each token occurs. */
export class TranslatorJob implements TrainingJob {
  readonly model: SequenceTranslator;
  readonly trainingTokens: number;
  readonly validationTokens: number;
  readonly notices: readonly string[];
  readonly #parts: TranslatorParts;
  readonly #validation: readonly TranslationPair[];
  readonly #pairs: readonly EncodedPair[];
  readonly #batches: ExampleBatches;
  readonly #options: TranslatorJobOptions;
  /** Batches read so far, one a step. */
  #cursor = 0;

  constructor(
    parts: TranslatorParts,
    data: { training: readonly TranslationPair[]; validation: readonly TranslationPair[] },
    options: TranslatorJobOptions,
  ) {
    this.model = parts.model;
    this.#parts = parts;
    this.#validation = data.validation;
    this.#options = options;
    this.#pairs = encodePairs(parts, data.training);
    this.model.output.bias!.assign(startingBias(this.#pairs, this.model.boundary));
    const lengths = this.#pairs.map(({ source, target }) => source.length + target.length);
    const { batch, seed } = options;
    this.#batches = new ExampleBatches(lengths, { batch, seed });
    this.trainingTokens = tokensIn(this.#pairs);
    this.validationTokens = tokensIn(encodePairs(parts, data.validation));
    const share = (100 * this.#batches.paddedShare()).toFixed(1);
    this.notices = [`batches hold pairs of similar lengths: ${share} % of their tokens are padding`];
  }

  get stepsPerEpoch(): number {
    return this.#batches.count;
  }

  nextLoss(): { loss: Tensor; tokens: number } {
    const step = this.#cursor++;
    const { examples, epoch } = this.#batches.at(step);
    const batch = pairBatch(
      examples.map((example) => this.#pairs[example]),
      this.model.boundary,
    );
    const { samplingSchedule, seed } = this.#options;
    const own = ownOutput(samplingSchedule, step, { seed, draw: epoch, rowId: (row) => examples[row] });
    const logits = this.model.forward(batch, own);
    const tokens = batch.target.lengths.reduce((sum, length) => sum + length, 0);
    return { loss: crossEntropy(logits, batch.target.values, { ignoreIndex: uncounted }), tokens };
  }

  *evaluate(): Generator<void, JobEvaluation> {
    const found = yield* evaluateTranslator(this.#parts, this.#validation);
    const { loss, tokens, exactMatch, tokenAccuracy, bleu } = found;
    // Before anything is written as it should be, the loss decides.
    const criterion = 1 - (exactMatch + bleu / 100) / 2 + 1e-3 * loss;
    return { loss, tokens, metrics: { exactMatch, bleu, tokenAccuracy }, criterion };
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
}

/** Tokens of the targets, their ends included. */
function tokensIn(pairs: readonly EncodedPair[]): number {
  return pairs.reduce((sum, { target }) => sum + target.length + 1, 0);
}
