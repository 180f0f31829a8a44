import { splitSeedOf } from "../../data/held-out.ts";
import type { TokenizerKind } from "../../data/tokenizer.ts";
import { type Checkable, checksumOf } from "../../io/checksum.ts";
import { loadConfig, loadTokenizer } from "../../io/model-files.ts";
import type { ModelStorage } from "../../io/model-storage.ts";
import { trainingPaths } from "../../io/training-files.ts";
import { runtime } from "../../memory/runtime.ts";
import { cellChoice } from "../../nn/cell-choice.ts";
import { type OptionRules, resolveOptions } from "../../options.ts";
import type { TrainingEvent } from "../../train/events.ts";
import { recordedTraining, refuseOtherTask } from "../../train/recorded-training.ts";
import { runIdentity } from "../../train/run-identity.ts";
import { type TrainingOptions, trainingRules } from "../../train/training-loop.ts";
import { version } from "../../version.ts";
import {
  type ClassificationData,
  type EncodedExamples,
  type KnownPreparation,
  prepareClassification,
  type TargetConfig,
  type TargetKind,
} from "./classification-data.ts";
import { ClassifierJob, type ClassifierLoss } from "./classifier-job.ts";
import { type ClassifierConfig, type ClassifierModel, loadClassifier, makeClassifier } from "./classifier-model.ts";
import { refuseIdleOptions, refuseIdleWith } from "../idle-options.ts";
import { type ClassifierArchitecture, classifierArchitectureRules } from "./sequence-classifier.ts";
import { SequenceEncoder } from "../sequence-encoder.ts";
import { refuseLongSequences } from "../transformer-limits.ts";
import { inheritedArchitecture, refuseAnother, takeOver } from "../start-from.ts";
import type { TrainingRunOptions } from "../training-run-options.ts";

/**
 * How to train a classifier: architecture, data and training in one flat object. Defaults that differ from `TrainingOptions`: schedule
 * `"cosine"`, average 0.999.
 */
export interface ClassifierTraining extends ClassifierArchitecture, TrainingOptions {
  /** Text only: what one time step is. Default `"character"`. */
  tokenizer?: TokenizerKind;
  /** Word tokenizer only: rarer words are unknown. Default 2. */
  minimumCount?: number;
  /** What targets are: labels, or numbers. Default: what the first one is, a text or a number. */
  predict?: TargetKind;
  /** Examples side by side. Default 32. */
  batch?: number;
  /**
   * Text only: share of the tokens that are read as unknown ones while training, so that the model goes by all of a text, and knows what
   * to make of words that it never saw. 0 to below 1. Default 0.
   */
  tokenDropout?: number;
  /** Classes only: how much each counts; `"balanced"` makes rare ones count as much as common ones. Default `"none"`. */
  classWeights?: ClassifierLoss["classWeights"];
  /** Classes only: share of the target's weight that is spread over all classes, 0 to below 1. Default 0. */
  labelSmoothing?: number;
  /** Numbers only: `"huber"` lets wild targets rule less. Default `"squared"`. */
  regressionLoss?: ClassifierLoss["regressionLoss"];
  /** Key of all random numbers. Default 0. */
  seed?: number;
  /** Key of the draw of the held-out examples, for runs that differ in nothing but `seed`. Default: `seed`. */
  splitSeed?: number;
}

const rules: OptionRules<ClassifierTraining> = {
  ...classifierArchitectureRules,
  ...trainingRules,
  schedule: { type: "choice", choices: ["constant", "cosine", "step", "plateau"], default: "cosine" },
  average: { type: "number", min: 0, below: 1, default: 0.999 },
  tokenizer: { type: "choice", choices: ["character", "byte", "word"], default: "character" },
  minimumCount: { type: "integer", min: 1, default: 2 },
  predict: { type: "choice", choices: ["label", "number"], optional: true },
  batch: { type: "integer", min: 1, default: 32 },
  tokenDropout: { type: "number", min: 0, below: 1, default: 0 },
  classWeights: { type: "choice", choices: ["none", "root", "balanced"], default: "none" },
  labelSmoothing: { type: "number", min: 0, below: 1, default: 0 },
  regressionLoss: { type: "choice", choices: ["squared", "huber"], default: "squared" },
  seed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
  splitSeed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, optional: true },
};

/**
 * Trains a model that reads a sequence (text, or rows of numbers) and says what it is: a label, or a number. Which of the two the
 * targets tell: strings are labels, numbers are numbers.
 *
 * A run may start from a trained classifier: then it has that one's parameters, vocabulary, standardisation and architecture; where the
 * labels are others, the output layer starts anew.
 *
 * Held out is a tenth of the different inputs, unless the data has a validation part. The best parameters are those with the highest mean
 * of accuracy and macro F1 there, or, for numbers, with the lowest squared error.
 *
 * @returns the trained model with the best parameters, after the last event
 * @throws HiddenstateError for options, examples, files and losses that are wrong; what was saved before stays whole
 *
 * @example
 * const training = names.map(({ name, language }) => ({ input: name, target: language }));
 * const run = trainClassifier({ training }, { epochs: 10 }, { storage: new MemoryStorage() });
 * for await (const event of run) if (event.type === "evaluation") console.log(event.metrics);
 */
export async function* trainClassifier(
  data: ClassificationData,
  options: ClassifierTraining,
  { storage, resume = false, signal, source, from }: TrainingRunOptions,
): AsyncGenerator<TrainingEvent, ClassifierModel> {
  const checked = resolveOptions<ClassifierTraining>("train", options, rules);
  refuseIdleOptions({ ...options, schedule: checked.schedule });
  const start = from ? await loadClassifier(from) : null;
  const resolved = start
    ? { ...checked, ...inheritedArchitecture<ClassifierArchitecture>(start.config.architecture, options) }
    : checked;
  if (start) refuseAnother("tokenizer", options.tokenizer, start.tokenizer?.kind);
  const known = resume ? await knownPreparation(storage) : {};
  const prepared = prepareClassification(
    data,
    { ...resolved, predict: options.predict, seed: splitSeedOf(resolved) },
    { encoder: start?.encoder, ...known },
  );
  const { encoder, target } = prepared;
  if (encoder.config.kind === "numbers") {
    const ofText = ["tokenizer", "minimumCount", "tokenDropout", "embedding"] as const;
    refuseIdleWith(options, ofText, "inputs that are numbers");
  }
  if (target.kind === "number") refuseIdleWith(options, ["classWeights", "labelSmoothing"], "targets that are numbers");
  else refuseIdleWith(options, ["regressionLoss"], "targets that are labels");
  const config: ClassifierConfig = {
    task: "classify",
    version,
    architecture: architectureOf(resolved),
    input: encoder.config,
    target,
  };
  if (config.architecture.bidirectional) {
    const lengths = (part: EncodedExamples): number[] => part.sequences.map(({ length }) => length);
    refuseLongSequences(config.architecture, {
      training: lengths(prepared.training),
      validation: lengths(prepared.validation),
    });
  }
  runtime().seed = resolved.seed;
  const model = makeClassifier(config);
  const job = new ClassifierJob(model, prepared, resolved);
  if (start) {
    const anew = !sameOutputs(start.config.target, target);
    takeOver(model, start.model, (name) => anew && name.startsWith("output."));
  }
  const spelled = { ...resolved, splitSeed: splitSeedOf(resolved) };
  const checksum = checksumOf([examplesOf(prepared.training), examplesOf(prepared.validation)]);
  const identity = runIdentity({ options: spelled, rules, config, data: checksum });
  const recording = { storage, resume, signal, config, source, tokenizer: encoder.tokenizer, identity };
  try {
    yield* recordedTraining(job, resolved, recording);
  } finally {
    job.end();
  }
  return loadClassifier(storage);
}

function architectureOf(options: Required<ClassifierTraining>): Required<ClassifierArchitecture> {
  const { hidden, layers, dropout, bidirectional, pooling } = options;
  const embedding = options.embedding ?? hidden;
  return { ...cellChoice(options), hidden, embedding, layers, dropout, bidirectional, pooling };
}

function examplesOf({ sequences, targets }: EncodedExamples): Checkable {
  return [sequences.map(({ values }) => values), targets];
}

/** What the files of a run that goes on say of its data. */
async function knownPreparation(storage: ModelStorage): Promise<Partial<KnownPreparation>> {
  await refuseOtherTask(storage, "classify");
  // Without a commit point it starts over, and on other data perhaps.
  if ((await storage.size(trainingPaths.last)) === null) return {};
  const { input, target } = (await loadConfig(storage)) as unknown as ClassifierConfig;
  return { encoder: new SequenceEncoder(input, await loadTokenizer(storage)), target };
}

/** Whether an output layer means the same: its classes in the same order, or a number. */
function sameOutputs(a: TargetConfig, b: TargetConfig): boolean {
  if (a.kind === "number" || b.kind === "number") return a.kind === b.kind;
  return a.labels.join("\0") === b.labels.join("\0");
}
