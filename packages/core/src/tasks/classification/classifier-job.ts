import { add, mul } from "../../autograd/ops/binary.ts";
import { crossEntropy } from "../../autograd/ops/cross-entropy.ts";
import { huberLoss, meanSquaredError } from "../../autograd/ops/regression-loss.ts";
import { evaluationBatches, ExampleBatches } from "../../data/example-batches.ts";
import { threefry2x32 } from "../../kernels/threefry.ts";
import { randomKey } from "../../memory/random.ts";
import { type Tensor, tensor } from "../../memory/tensor.ts";
import type { JobEvaluation, JobSnapshot, TrainingJob } from "../../train/job.ts";
import type { EncodedSequence } from "../sequence-encoder.ts";
import type { PreparedClassification, TargetConfig } from "./classification-data.ts";
import { evaluateClassifier } from "./classifier-evaluation.ts";
import type { SequenceClassifier } from "./sequence-classifier.ts";

/** How a classifier's loss is made. */
export interface ClassifierLoss {
  /**
   * Classes only: how much each counts. `"balanced"`: as much as all others, however rare; `"none"`: as often as it occurs; `"root"`:
   * between the two.
   */
  classWeights: "none" | "root" | "balanced";
  /** Classes only: share of the target's weight that is spread over all classes. */
  labelSmoothing: number;
  /** Numbers only: squared error, or Huber's, which wild targets move less. */
  regressionLoss: "squared" | "huber";
}

/** How a classifier's batches are made. */
export interface ClassifierBatches {
  batch: number;
  seed: number;
  /** Text only: share of the tokens that are read as unknown ones. */
  tokenDropout: number;
}

/** Padded time steps that a batch may have; one with more (a very long sequence beside short ones) is read in parts. */
const mostSteps = 65536;

/** Trains a sequence classifier on batches of similar lengths. */
export class ClassifierJob implements TrainingJob {
  readonly model: SequenceClassifier;
  readonly longestSequence: number | undefined;
  readonly #data: PreparedClassification;
  readonly #loss: ClassifierLoss;
  readonly #weights: number[] | null;
  readonly #lengths: number[];
  readonly #tokenDropout: number;
  readonly #seed: number;
  readonly #batches: ExampleBatches;
  /** Batches read so far. */
  #cursor = 0;

  constructor(model: SequenceClassifier, data: PreparedClassification, options: ClassifierLoss & ClassifierBatches) {
    const { batch, seed, tokenDropout } = options;
    this.model = model;
    this.#data = data;
    this.#loss = options;
    this.#tokenDropout = data.encoder.config.kind === "text" ? tokenDropout : 0;
    this.#seed = seed;
    this.#weights = classWeights(data.target, options.classWeights);
    this.#lengths = data.training.sequences.map(({ length }) => length);
    const all = [...data.training.sequences, ...data.validation.sequences];
    // Read in one direction, a step need not see farther back than it can.
    if (model.options.bidirectional) this.longestSequence = all.reduce((most, { length }) => Math.max(most, length), 0);
    this.#batches = new ExampleBatches(this.#lengths, { batch, seed });
  }

  get trainingTokens(): number {
    return this.#lengths.length;
  }

  get validationTokens(): number {
    return this.#data.validation.targets.length;
  }

  get stepsPerEpoch(): number {
    return this.#batches.count;
  }

  get notices(): string[] {
    const share = (100 * this.#batches.paddedShare()).toFixed(1);
    return [`batches hold sequences of similar lengths: ${share} % of their time steps are padding`];
  }

  nextLoss(): { loss: Tensor; tokens: number } {
    const { examples, epoch } = this.#batches.at(this.#cursor++);
    const parts = evaluationBatches(
      examples.map((example) => this.#lengths[example]),
      { batch: examples.length, steps: mostSteps },
    );
    if (parts.length === 1) return { loss: this.#meanLoss(examples, epoch), tokens: examples.length };
    const whole = this.#weightOf(examples);
    const shares = parts.map((part) => {
      const chosen = part.map((i) => examples[i]);
      return mul(this.#meanLoss(chosen, epoch), whole === 0 ? 0 : this.#weightOf(chosen) / whole);
    });
    return { loss: shares.reduce((sum, share) => add(sum, share)), tokens: examples.length };
  }

  *evaluate(): Generator<void, JobEvaluation> {
    const { encoder, target, validation } = this.#data;
    const found = yield* evaluateClassifier(this.model, encoder, target, validation);
    const { loss, examples: tokens } = found;
    if (found.kind === "number") {
      const { mae, rmse, r2, baseline } = found;
      return { loss, tokens, metrics: { mae, rmse, r2, baselineRmse: baseline.rmse } };
    }
    const { accuracy, macroF1, majority } = found;
    const metrics = { accuracy, macroF1, majorityAccuracy: majority.accuracy };
    // Common classes decide accuracy, rare ones macro F1: the best model is good at both. The loss decides between equals.
    return { loss, tokens, metrics, criterion: 1 - (accuracy + macroF1) / 2 + 1e-6 * loss };
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

  #meanLoss(examples: readonly number[], epoch: number): Tensor {
    const { encoder, training, target } = this.#data;
    const { x, lengths } = encoder.batch(examples.map((example) => this.#read(example, epoch)));
    const output = this.model.forward(x, lengths);
    const targets = examples.map((example) => training.targets[example]);
    if (target.kind === "class") {
      const { labelSmoothing } = this.#loss;
      return crossEntropy(output, targets, { labelSmoothing, weights: this.#weights ?? undefined });
    }
    const wanted = tensor(
      targets.map((value) => (value - target.mean) / target.deviation),
      [targets.length, 1],
    );
    return this.#loss.regressionLoss === "huber" ? huberLoss(output, wanted) : meanSquaredError(output, wanted);
  }

  /** A sequence as it is read in an epoch: some of its tokens unknown, which depends on nothing but the example, the epoch and the place. */
  #read(example: number, epoch: number): EncodedSequence {
    const sequence = this.#data.training.sequences[example];
    if (this.#tokenDropout === 0) return sequence;
    const key = randomKey(this.#seed, "forget tokens", "", epoch);
    const limit = this.#tokenDropout * 2 ** 32;
    const unknown = this.#data.encoder.unknownToken;
    return {
      ...sequence,
      values: sequence.values.map((id, t) => (threefry2x32(key, example, t)[0] < limit ? unknown : id)),
    };
  }

  /** What the mean over these examples is divided by. */
  #weightOf(examples: readonly number[]): number {
    const { targets } = this.#data.training;
    return examples.reduce((sum, example) => sum + (this.#weights?.[targets[example]] ?? 1), 0);
  }
}

/** What each class counts: n / (classes * count), which is 1 on average over the examples; or the root of that. */
function classWeights(target: TargetConfig, kind: ClassifierLoss["classWeights"]): number[] | null {
  if (target.kind === "number" || kind === "none") return null;
  const examples = target.counts.reduce((sum, count) => sum + count, 0);
  const power = kind === "root" ? 0.5 : 1;
  return target.counts.map((count) => (count === 0 ? 0 : (examples / (target.labels.length * count)) ** power));
}
