import {
  cellKinds,
  type BestEvaluation,
  HiddenstateError,
  loadTagger,
  splitSeedOf,
  splitSentences,
  type TaggedSentence,
  type TaggerModel,
  type TaggerTraining,
  type TaggingData,
  trainTagger,
  TaggerSubject,
  recurrentPart,
} from "@hiddenstate/core";
import type { SentenceColumns } from "../../files/sentences/sentence.ts";
import {
  dataOptions,
  fromOption,
  minimumCountOption,
  networkOptions,
  splitSeedOption,
  trainingOptions,
  embeddingOption,
} from "../shared-options.ts";
import type { DataRequest, PredictRequest, PreparedTraining, Report, Task } from "../task.ts";
import { sequenceSteps } from "../model-work.ts";
import type { TaskOption } from "../task-option.ts";
import { withBudget } from "../with-budget.ts";
import { looksTagged } from "./looks-tagged.ts";
import { readTaggedSentences } from "./read-sentences.ts";
import { tagReport } from "./report.ts";
import { tagAnswers } from "./tag-answers.ts";

/** What a tagger's training is given. */
export interface TaggerGiven extends TaggerTraining, SentenceColumns {
  /** The path of a file with tagged sentences; or the sentences themselves. */
  data: string | TaggingData;
  /** The path of held-out sentences, where `data` is a path. Default: a tenth of the different sentences. */
  validation?: string;
}

const ownOptions: readonly TaskOption[] = [
  {
    flags: "--words <column>",
    about: "where the words stand: a column's name or number (default: found out)",
    group: "Tags",
  },
  { flags: "--tags <column>", about: "where the tags stand (default: found out; of CoNLL-U upos)", group: "Tags" },
  {
    flags: "--crf",
    about: "a conditional random field on top: how well tags fit their neighbours counts too",
    group: "Tags",
  },
  {
    flags: "--word-dropout <a>",
    about: "a word is read as an unknown one with probability a / (a + how often it occurs) (default: 0.25)",
    group: "Tags",
    value: { range: { min: 0 } },
  },
  {
    flags: "--character-hidden <size>",
    about: "hidden state of each direction over a word's characters (default: 64)",
    group: "Tags",
    value: { range: { whole: true, min: 1 } },
  },
];

/** Learns a tag for each word: parts of speech, or names with their beginnings and insides. */
export const tagTask: Task<TaggerGiven, TaggerModel> = {
  name: "tag",
  learns: "a tag for each word",
  noun: "a tagger",
  takes: [],
  cells: cellKinds,
  counted: "words",
  options: [
    ...networkOptions,
    embeddingOption,
    ...dataOptions,
    minimumCountOption,
    ...ownOptions,
    ...trainingOptions,
    splitSeedOption,
    fromOption,
  ],

  recognise: (seen, given) => looksTagged(seen, given),

  async prepare({ data, validation, words, tags, ...options }): Promise<PreparedTraining<TaggerModel>> {
    const columns = { words, tags };
    const sentences = await openData(data, validation, columns);
    const training = withBudget(options);
    return {
      warnings: [],
      notices: [],
      train: (run) => trainTagger(sentences, training, { ...run, source: columns }),
      report: async (model) =>
        tagReport(await model.evaluate(splitSentences(sentences, splitSeedOf(training)).validation)),
      close: () => {},
    };
  },

  load: loadTagger,

  async evaluate(model: TaggerModel, { path, signal }: DataRequest): Promise<Report> {
    const sentences = await readTaggedSentences(path, model.config.source ?? {});
    return tagReport(await model.evaluate(sentences, { signal }));
  },

  predict: (model: TaggerModel, request: PredictRequest) => tagAnswers(model, request),

  inspect: (model: TaggerModel, trainedWith) => ({
    network: recurrentPart(model.model.network),
    window: "whole",
    clip: Number(trainedWith?.["clip"] ?? 5),
    expects: "sentences with a tag for each word",
    async open(path) {
      const sentences = await readTaggedSentences(path, model.config.source ?? {});
      return { subject: new TaggerSubject(model, sentences), close: () => {} };
    },
  }),

  work(model: TaggerModel) {
    const words = Array.from({ length: sequenceSteps }, (_, i) => ["the", "house", "was", "sold"][i % 4]);
    return { kind: "sequence", read: async () => model.tag([words]) };
  },

  describeEvaluation: ({ loss, metrics }) =>
    metrics?.["f1"] === undefined
      ? `held-out accuracy ${(metrics?.["accuracy"] ?? 0).toFixed(4)}, loss ${loss.toFixed(3)}`
      : `held-out F1 ${metrics["f1"].toFixed(4)}, accuracy ${metrics["accuracy"].toFixed(4)}, loss ${loss.toFixed(3)}`,
  describeBest: (best: BestEvaluation) => `the best: ${tagTask.describeEvaluation(best)}`,
  next: (_, folder) => [
    { purpose: "tag a text", words: ["predict", folder, "text.txt"] },
    { purpose: "test it", words: ["evaluate", folder, "other.conllu"] },
  ],
};

async function openData(
  data: string | TaggingData,
  validation: string | undefined,
  columns: SentenceColumns,
): Promise<TaggingData> {
  if (typeof data === "string") {
    const read = async (path: string): Promise<TaggedSentence[]> => readTaggedSentences(path, columns);
    const training = await read(data);
    return validation === undefined ? { training } : { training, validation: await read(validation) };
  }
  const idle = Object.entries({ validation, ...columns }).find(([, value]) => value !== undefined);
  if (!idle) return data;
  throw new HiddenstateError(
    "mismatch",
    `train: mismatch in ${idle[0]}: data holds sentences, and no file is read; leave it out`,
  );
}
