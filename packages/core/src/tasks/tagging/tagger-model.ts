import { HiddenstateError, shown } from "../../errors.ts";
import { loadModel } from "../../io/model-files.ts";
import type { ReadableStorage } from "../../io/model-storage.ts";
import type { WordMajorities } from "../../metrics/tagging.ts";
import { finished } from "../../train/event-loop.ts";
import type { DataSource } from "../../train/recorded-training.ts";
import { refuseLongInputs } from "../transformer-limits.ts";
import { SequenceTagger, type TaggerArchitecture } from "./sequence-tagger.ts";
import { type TagScheme, tagConstraints } from "./tag-scheme.ts";
import { TagVocabulary, type VocabularyConfig } from "./tag-vocabulary.ts";
import { findTags, type SentenceTags } from "./tagger-evaluation.ts";
import { evaluateTagger, type TaggerEvaluation, type TaggerScoring } from "./tagger-scores.ts";
import { checkedSentences, checkWords, type TaggedSentence } from "./tagging-data.ts";

/** What `config.json` of a tagger holds. */
export interface TaggerConfig {
  task: "tag";
  /** Of the library that wrote it. */
  version: string;
  architecture: Required<TaggerArchitecture>;
  vocabulary: VocabularyConfig;
  /** The tags by number. */
  tags: string[];
  /** What tags may follow one another. */
  scheme: TagScheme;
  /** What each word of the training was most often tagged with, for the baseline. */
  majorities: WordMajorities;
  /** How the data was read, where whoever trained it said so. */
  source?: DataSource;
}

/**
 * A trained tagger with all that it needs to know of its words and tags.
 *
 * @example
 * const model = await loadTagger(storage);
 * const [{ tags }] = await model.tag([["The", "dog", "barks"]]);   // ["DET", "NOUN", "VERB"]
 */
export class TaggerModel {
  readonly task = "tag" as const;
  readonly config: TaggerConfig;
  readonly model: SequenceTagger;
  readonly #scoring: TaggerScoring;

  constructor(config: TaggerConfig, model: SequenceTagger) {
    this.config = config;
    this.model = model.eval();
    this.#scoring = scoringOf(config, model);
  }

  /** How many numbers the model has learned. */
  get parameterCount(): number {
    return this.model.parameterCount();
  }

  /** The tags that it knows, in the order of their numbers. */
  get tags(): readonly string[] {
    return this.config.tags;
  }

  /**
   * A tag for each word of each sentence, and how likely it is. Tags keep to the scheme (BIO, BIOES) that the training's tags kept to.
   * How many sentences are given at once, and in which order, changes no number. A sentence without words has no tags.
   *
   * @param sentences words of each
   * @param options `places`: how errors name the sentences; default: their places in the array
   * @throws HiddenstateError `invalid`, naming the sentence, for words that are none
   */
  async tag(
    sentences: readonly (readonly string[])[],
    options: { signal?: AbortSignal; places?: readonly string[] } = {},
  ): Promise<SentenceTags[]> {
    const nameOf = (i: number): string => options.places?.[i] ?? `tag: sentences[${i}]`;
    sentences.forEach((words, i) => checkWords(nameOf(i), words));
    this.#refuseLong(sentences, nameOf);
    return (await finished(findTags(this.#scoring, sentences, null), options.signal)).sentences;
  }

  /**
   * How well it does on sentences whose tags are known, beside the baseline that looks words up. A tag that the training had not counts as
   * wrong wherever it stands, and is named in `unknownTags`.
   * @throws HiddenstateError `invalid`, `missing` or `mismatch`, naming the sentence
   */
  async evaluate(
    sentences: readonly TaggedSentence[],
    options: { signal?: AbortSignal } = {},
  ): Promise<TaggerEvaluation & { seconds: number }> {
    const start = performance.now();
    const where = "evaluate: sentences";
    const checked = checkedSentences(where, sentences);
    this.#refuseLong(
      checked.map(({ words }) => words),
      (i) => sentences[i].place ?? `${where}[${i}]`,
    );
    const found = await finished(evaluateTagger(this.#scoring, checked), options.signal);
    return { ...found, seconds: (performance.now() - start) / 1000 };
  }

  #refuseLong(sentences: readonly (readonly string[])[], nameOf: (i: number) => string): void {
    const lengths = sentences.map(({ length }) => length);
    refuseLongInputs(this.model.options, lengths, nameOf);
  }
}

/**
 * Reads a tagger that was trained before.
 * @throws HiddenstateError `missing`, `corrupt` or `unsupported`, naming the file
 */
export async function loadTagger(storage: ReadableStorage): Promise<TaggerModel> {
  const saved = await loadModel(storage);
  if (saved.config.task !== "tag") {
    throw new HiddenstateError(
      "unsupported",
      `${storage.location}: unsupported task ${shown(saved.config.task)}, expected a tagger ("tag")`,
    );
  }
  const config = saved.config as unknown as TaggerConfig;
  const model = makeTagger(config);
  model.loadStateDict(saved.parameters);
  for (const values of saved.parameters.values()) values.end();
  return new TaggerModel(config, model);
}

/** The network that a configuration describes, as it starts. */
export function makeTagger({ architecture, vocabulary, tags }: TaggerConfig): SequenceTagger {
  return new SequenceTagger({
    ...architecture,
    ...new TagVocabulary(vocabulary).sizes,
    tags: tags.length,
    name: "model",
  });
}

/** A network with what its configuration says of words and tags. */
export function scoringOf(
  { vocabulary, tags, scheme, majorities }: TaggerConfig,
  model: SequenceTagger,
): TaggerScoring {
  return {
    model,
    vocabulary: new TagVocabulary(vocabulary),
    tags,
    constraints: tagConstraints(tags, scheme),
    majorities,
  };
}
