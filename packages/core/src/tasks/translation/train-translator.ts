import { splitSeedOf } from "../../data/held-out.ts";
import type { TokenizerKind } from "../../data/tokenizer.ts";
import { type Checkable, checksumOf } from "../../io/checksum.ts";
import { runtime } from "../../memory/runtime.ts";
import { HiddenstateError } from "../../errors.ts";
import { cellChoice } from "../../nn/cell-choice.ts";
import { type OptionRules, resolveOptions } from "../../options.ts";
import type { TrainingEvent } from "../../train/events.ts";
import { recordedTraining } from "../../train/recorded-training.ts";
import { runIdentity } from "../../train/run-identity.ts";
import { checkSamplingSchedule, type SamplingSchedule } from "../../train/sampling-schedule.ts";
import { type TrainingOptions, trainingRules } from "../../train/training-loop.ts";
import { version } from "../../version.ts";
import { refuseIdleOptions } from "../idle-options.ts";
import { inheritedArchitecture, refuseAnother, takeOver } from "../start-from.ts";
import type { TrainingRunOptions } from "../training-run-options.ts";
import { splitPairs, type TranslationData, type TranslationPair } from "./pair-data.ts";
import { embeddingWidth, type TranslatorArchitecture, translatorArchitectureRules } from "./sequence-translator.ts";
import { TextSide } from "./text-side.ts";
import { TranslatorJob } from "./translator-job.ts";
import {
  loadTranslator,
  makeTranslator,
  partsOf,
  type TranslatorConfig,
  type TranslatorModel,
} from "./translator-model.ts";

/**
 * How to train a translator: architecture, data and training in one flat object. Defaults that differ from `TrainingOptions`: lr 2e-3, schedule
 * `"cosine"`.
 */
export interface TranslatorTraining extends TranslatorArchitecture, TrainingOptions {
  /** What a token is, on both sides. Default `"character"`. */
  tokenizer?: TokenizerKind;
  /** What a token is in targets. Default: as in sources. */
  targetTokenizer?: TokenizerKind;
  /** With words: how often one must occur to be known. Default 1. */
  minimumCount?: number;
  /** How often the decoder is fed what it wrote itself while training. Default: never, which is teacher forcing. */
  samplingSchedule?: SamplingSchedule;
  /** Pairs side by side. Default 64. */
  batch?: number;
  /** Key of all random numbers. Default 0. */
  seed?: number;
  /** Key of the draw of the held-out pairs, for runs that differ in nothing but `seed`. Default: `seed`. */
  splitSeed?: number;
}

const tokenizers = ["character", "byte", "word"] as const;

const rules: OptionRules<TranslatorTraining> = {
  ...trainingRules,
  ...translatorArchitectureRules,
  lr: { type: "number", above: 0, default: 2e-3 },
  schedule: { type: "choice", choices: ["constant", "cosine", "step", "plateau"], default: "cosine" },
  tokenizer: { type: "choice", choices: tokenizers, default: "character" },
  targetTokenizer: { type: "choice", choices: tokenizers, optional: true },
  minimumCount: { type: "integer", min: 1, default: 1 },
  samplingSchedule: { type: "any", optional: true },
  batch: { type: "integer", min: 1, default: 64 },
  seed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
  splitSeed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, optional: true },
};

/**
 * Trains a model that writes a text after reading another: translation, normal forms, answers.
 *
 * Held out is a tenth of the different sources, unless the data has a validation part. The best parameters are those with the highest mean of exact match
 * and BLEU there.
 *
 * @returns the trained model with the best parameters, after the last event
 * @throws HiddenstateError for options, pairs, files and losses that are wrong; what was saved before stays whole
 *
 * @example
 * const training = [{ source: "5 March 2024", target: "2024-03-05" }, ...];
 * const run = trainTranslator({ training }, { epochs: 10 }, { storage: new MemoryStorage() });
 * for await (const event of run) if (event.type === "evaluation") console.log(event.metrics);
 */
export async function* trainTranslator(
  data: TranslationData,
  options: TranslatorTraining,
  { storage, resume = false, signal, source, from }: TrainingRunOptions,
): AsyncGenerator<TrainingEvent, TranslatorModel> {
  const checked = resolveOptions<TranslatorTraining>("train", options, rules);
  refuseIdle(options, checked);
  const schedule = options.samplingSchedule ? checkSamplingSchedule("train", options.samplingSchedule) : null;
  const start = from ? await loadTranslator(from) : null;
  const pairs = splitPairs(data, splitSeedOf(checked));
  const config = configOf(checked, options, pairs.training, start);
  if (schedule && config.architecture.variational) {
    throw new HiddenstateError(
      "mismatch",
      "train: mismatch in samplingSchedule: step follows step then, and variational wants one mask for all steps of a text; leave one of them out",
    );
  }

  runtime().seed = checked.seed;
  const model = makeTranslator(config);
  const job = new TranslatorJob(partsOf(config, model), pairs, { ...checked, samplingSchedule: schedule });
  if (start) takeOver(model, start.model);
  const spelled = { ...checked, splitSeed: splitSeedOf(checked) };
  const of = (part: readonly TranslationPair[]): Checkable => part.map((pair) => [pair.source, pair.target]);
  const checksum = checksumOf([of(pairs.training), of(pairs.validation)]);
  const identity = runIdentity({ options: spelled, rules, config, data: checksum });
  try {
    const recording = { storage, resume, signal, config, source, tokenizer: null, identity };
    yield* recordedTraining(job, checked, recording);
  } finally {
    job.end();
  }
  return loadTranslator(storage);
}

/** @throws HiddenstateError `mismatch` for options that would do nothing */
function refuseIdle(given: TranslatorTraining, { schedule, tokenizer }: Required<TranslatorTraining>): void {
  const kinds = [tokenizer, given.targetTokenizer ?? tokenizer];
  refuseIdleOptions({ ...given, schedule, tokenizer: kinds.find((kind) => kind === "word") ?? tokenizer });
}

function configOf(
  resolved: Required<TranslatorTraining>,
  given: TranslatorTraining,
  training: readonly TranslationPair[],
  start: TranslatorModel | null,
): TranslatorConfig {
  const { hidden, layers, dropout, tied, attention, inputFeeding, tokenizer, minimumCount } = resolved;
  const embedding = embeddingWidth(resolved);
  const sizes = { hidden, layers, dropout, embedding, tied };
  const architecture = { ...cellChoice(resolved), ...sizes, attention, inputFeeding };
  if (start) {
    const { source, target } = start.config.tokenizers;
    refuseAnother("tokenizer", given.tokenizer, source.kind);
    refuseAnother("targetTokenizer", given.targetTokenizer, target.kind);
    refuseAnother("minimumCount", given.minimumCount, undefined);
  }
  const side = (texts: readonly string[], kind: TokenizerKind): TextSide =>
    TextSide.fromTexts(texts, kind, minimumCount);
  const sources = training.map(({ source }) => source);
  const targets = training.map(({ target }) => target);
  const known = start?.config.tokenizers ?? {
    source: side(sources, tokenizer).tokenizer.toJSON(),
    target: side(targets, given.targetTokenizer ?? tokenizer).tokenizer.toJSON(),
  };
  const { encode } = TextSide.fromJSON(known.target);
  return {
    task: "seq2seq",
    version,
    architecture: start
      ? // A model that was trained before translators could be tied is not.
        inheritedArchitecture<TranslatorArchitecture>(
          { ...start.config.architecture, tied: start.model.options.tied },
          given,
        )
      : architecture,
    tokenizers: known,
    longestTarget: targets.reduce((longest, target) => Math.max(longest, encode(target).length), 0),
  };
}
