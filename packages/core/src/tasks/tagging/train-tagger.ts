import { splitSeedOf } from "../../data/held-out.ts";
import { HiddenstateError } from "../../errors.ts";
import { type Checkable, checksumOf } from "../../io/checksum.ts";
import type { ModelStorage } from "../../io/model-storage.ts";
import { runtime } from "../../memory/runtime.ts";
import { wordMajorities } from "../../metrics/tagging.ts";
import { cellChoice } from "../../nn/cell-choice.ts";
import { type OptionRules, resolveOptions } from "../../options.ts";
import type { TrainingEvent } from "../../train/events.ts";
import { recordedTraining } from "../../train/recorded-training.ts";
import { runIdentity } from "../../train/run-identity.ts";
import { type TrainingOptions, trainingRules } from "../../train/training-loop.ts";
import { version } from "../../version.ts";
import { refuseIdleOptions } from "../idle-options.ts";
import { inheritedArchitecture, refuseAnother, takeOver } from "../start-from.ts";
import type { TrainingRunOptions } from "../training-run-options.ts";
import { refuseLongSequences } from "../transformer-limits.ts";
import { type TaggerArchitecture, taggerArchitectureRules } from "./sequence-tagger.ts";
import { detectScheme, fitScheme } from "./tag-scheme.ts";
import { TagVocabulary } from "./tag-vocabulary.ts";
import { TaggerJob } from "./tagger-job.ts";
import { loadTagger, makeTagger, scoringOf, type TaggerConfig, type TaggerModel } from "./tagger-model.ts";
import { type CheckedSentence, splitSentences, type TaggingData } from "./tagging-data.ts";

/**
 * How to train a tagger: architecture, data and training in one flat object. Defaults that differ from `TrainingOptions`: lr 2e-3,
 * schedule `"cosine"`, clip 5.
 */
export interface TaggerTraining extends TaggerArchitecture, TrainingOptions {
  /** How often a word must occur (in small letters) to have a vector of its own; of rarer ones only the spelling tells. Default 2. */
  minimumCount?: number;
  /**
   * While training a word is read as an unknown one with probability a / (a + how often it occurs), a being this number (Kiperwasser &
   * Goldberg 2016): so the model learns to go by spelling and neighbours. 0: never. Default 0.25.
   */
  wordDropout?: number;
  /** Sentences side by side. Default 32. */
  batch?: number;
  /** Key of all random numbers. Default 0. */
  seed?: number;
  /** Key of the draw of the held-out sentences, for runs that differ in nothing but `seed`. Default: `seed`. */
  splitSeed?: number;
}

const rules: OptionRules<TaggerTraining> = {
  ...trainingRules,
  ...taggerArchitectureRules,
  lr: { type: "number", above: 0, default: 2e-3 },
  schedule: { type: "choice", choices: ["constant", "cosine", "step", "plateau"], default: "cosine" },
  clip: { type: "number", above: 0, default: 5 },
  minimumCount: { type: "integer", min: 1, default: 2 },
  wordDropout: { type: "number", min: 0, default: 0.25 },
  batch: { type: "integer", min: 1, default: 32 },
  seed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
  splitSeed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, optional: true },
};

/** What a run may be told besides its options. */
export interface TaggerRunOptions extends TrainingRunOptions {
  /**
   * A trained tagger to start from: its parameters, vocabulary and architecture. Where the training has a tag that it does not know, or
   * its tags keep to another scheme (BIO instead of BIOES), its output layer starts anew.
   */
  from?: ModelStorage;
}

/**
 * Trains a model that gives each word of a sentence a tag: parts of speech, or names with their beginnings and insides.
 *
 * Held out is a tenth of the different sentences, unless the data has a validation part. The best parameters are those with the highest
 * F1 of chunks there, where the tags make up chunks, else with the highest accuracy. Where all the training's tags keep to BIO or
 * BIOES, so will all that the model finds.
 *
 * @returns the trained model with the best parameters, after the last event
 * @throws HiddenstateError for options, sentences, files and losses that are wrong; what was saved before stays whole
 *
 * @example
 * const training = [{ words: ["The", "dog", "barks"], tags: ["DET", "NOUN", "VERB"] }, ...];
 * const run = trainTagger({ training }, { epochs: 10 }, { storage: new MemoryStorage() });
 * for await (const event of run) if (event.type === "evaluation") console.log(event.metrics);
 */
export async function* trainTagger(
  data: TaggingData,
  options: TaggerTraining,
  { storage, resume = false, signal, source, from }: TaggerRunOptions,
): AsyncGenerator<TrainingEvent, TaggerModel> {
  const checked = resolveOptions<TaggerTraining>("train", options, rules);
  refuseIdleOptions({ ...options, schedule: checked.schedule, minimumCount: undefined });
  const start = from ? await loadTagger(from) : null;
  if (start) refuseAnother("minimumCount", options.minimumCount, undefined);
  const sentences = splitSentences(data, splitSeedOf(checked));
  const config = configOf(checked, options, sentences.training, start);

  const lengths = (part: readonly CheckedSentence[]): number[] => part.map(({ words }) => words.length);
  refuseLongSequences(config.architecture, {
    training: lengths(sentences.training),
    validation: lengths(sentences.validation),
  });
  runtime().seed = checked.seed;
  const model = makeTagger(config);
  const job = new TaggerJob(scoringOf(config, model), sentences, checked);
  if (start) {
    const same = config.tags === start.config.tags;
    takeOver(model, start.model, (name) => !same && /^(output|crf)\./.test(name));
  }
  const spelled = { ...checked, splitSeed: splitSeedOf(checked) };
  const of = (part: readonly CheckedSentence[]): Checkable => part.map(({ words, tags }) => [words, tags]);
  const checksum = checksumOf([of(sentences.training), of(sentences.validation)]);
  const identity = runIdentity({ options: spelled, rules, config, data: checksum });
  try {
    const recording = { storage, resume, signal, config, source, tokenizer: null, identity };
    yield* recordedTraining(job, checked, recording);
  } finally {
    job.end();
  }
  return loadTagger(storage);
}

function configOf(
  resolved: Required<TaggerTraining>,
  given: TaggerTraining,
  training: readonly CheckedSentence[],
  start: TaggerModel | null,
): TaggerConfig {
  const { hidden, layers, dropout, embedding, characterEmbedding, characterHidden } = resolved;
  const { affixEmbedding, crf, minimumCount } = resolved;
  const widths = { hidden, layers, embedding, characterEmbedding, characterHidden, affixEmbedding };
  const architecture = { ...cellChoice(resolved), ...widths, dropout, crf };
  const tags = [...new Set(training.flatMap((sentence) => sentence.tags))].toSorted();
  if (tags.length < 2) {
    throw new HiddenstateError(
      "invalid",
      `training: invalid tags: all ${training.length} sentences have "${tags[0]}" only, expected at least 2 different tags`,
    );
  }
  const scheme = detectScheme(training.map((sentence) => sentence.tags));
  // The end of a name means something else in BIO than in BIOES: tags are the same where all of them fit the scheme of these sentences.
  const known = start !== null && tags.every((tag) => start.tags.includes(tag)) && fitScheme(start.tags, scheme);
  return {
    task: "tag",
    version,
    architecture: start ? inheritedArchitecture<TaggerArchitecture>(start.config.architecture, given) : architecture,
    vocabulary: start?.config.vocabulary ?? TagVocabulary.fromSentences(training, minimumCount).config,
    tags: known ? start.config.tags : tags,
    scheme,
    majorities: wordMajorities(training),
  };
}
