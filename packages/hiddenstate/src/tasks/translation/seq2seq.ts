import {
  recurrentKinds,
  type BestEvaluation,
  HiddenstateError,
  loadTranslator,
  splitPairs,
  splitSeedOf,
  trainTranslator,
  type Translation,
  type TranslationData,
  type TranslatorModel,
  type TranslatorTraining,
} from "@hiddenstate/core";
import { significant } from "../../format.ts";
import {
  dataOptions,
  embeddingOption,
  fromOption,
  minimumCountOption,
  networkOptions,
  targetOption,
  textOptions,
  tiedOption,
  splitSeedOption,
  trainingOptions,
} from "../shared-options.ts";
import { type SamplingScheduleGiven, withSchedule } from "../sampling-schedule-option.ts";
import { tableFlags, type TableGiven } from "../table-options.ts";
import type { DataRequest, PredictRequest, PreparedTraining, Report, Task } from "../task.ts";
import { withBudget } from "../with-budget.ts";
import { answersInOrder, joinAnswers } from "../answers.ts";
import { checkColumn } from "../../files/tables/table.ts";
import { answerSources } from "./answer-sources.ts";
import { type NamedPair, type PairColumns, recognisedPair } from "./pair-columns.ts";
import { type PairSource, readPairs, readSources } from "./read-pairs.ts";
import { translatorReport } from "./report.ts";
import { seq2seqOptions } from "./seq2seq-options.ts";
import { translationWork } from "./translation-work.ts";
import { holdsTabLines, looksLikePairs } from "./tab-lines.ts";

/** What a translator's training is given. */
export interface TranslatorGiven
  extends Omit<TranslatorTraining, "samplingSchedule">, SamplingScheduleGiven, NamedPair, TableGiven {
  /** The path of a file with pairs, or the pairs themselves. */
  data: string | TranslationData;
  /** The path of held-out pairs, where `data` is a path. Default: a tenth of the different sources. */
  validation?: string;
}

/** Options that say what is learned, and that it is something else. */
const ofOtherTasks = ["label", "target", "text", "group", "inputs"];

/** Texts asked about at a time. */
const askedTogether = 1024;

/** Learns to write a text from another. */
export const seq2seqTask: Task<TranslatorGiven, TranslatorModel> = {
  name: "seq2seq",
  learns: "to write one text from another",
  noun: "a translator",
  takes: ["beam"],
  cells: recurrentKinds,
  counted: "tokens",
  options: [
    ...networkOptions,
    embeddingOption,
    tiedOption,
    ...dataOptions,
    ...tableFlags,
    ...textOptions,
    minimumCountOption,
    targetOption,
    ...seq2seqOptions,
    ...trainingOptions,
    splitSeedOption,
    fromOption,
  ],

  recognise(seen, given): string | null {
    const { source, target } = given;
    if (source !== undefined && target !== undefined) {
      if (seen.table) for (const column of [source, target]) checkColumn(seen.table, column);
      return `its column ${source} is to become ${target}`;
    }
    const elsewhere: Partial<Record<string, unknown>> = { ...given };
    if (seen.folder || ofOtherTasks.some((name) => elsewhere[name] !== undefined)) return null;
    if (holdsTabLines(seen.path))
      return looksLikePairs(seen.lines) ? "its lines are pairs of texts with a tab between them" : null;
    const columns = seen.table && recognisedPair(seen.table);
    return columns && `its columns ${columns.source} and ${columns.target} are pairs of texts`;
  },

  async prepare({ data, validation, ...given }): Promise<PreparedTraining<TranslatorModel>> {
    const { source, target, delimiter, header, ...options } = given;
    const training = withSchedule(withBudget(options));
    const read = await openData(data, validation, { source, target, delimiter, header });
    return {
      warnings: [],
      notices: read.notes,
      train: (run) => {
        const reading: PairSource = { columns: read.columns, delimiter, header };
        return trainTranslator(read.data, training, { ...run, source: { ...reading } });
      },
      report: async (model) => translatorReport(model, splitPairs(read.data, splitSeedOf(training)).validation),
      close: () => {},
    };
  },

  load: loadTranslator,

  async evaluate(model: TranslatorModel, { path, signal, beam }: DataRequest): Promise<Report> {
    const { columns, delimiter, header }: PairSource = model.config.source ?? {};
    const { pairs } = await readPairs(path, { delimiter, header }, columns);
    return translatorReport(model, pairs, { signal, beam });
  },

  async *predict(model: TranslatorModel, request: PredictRequest): AsyncGenerator<object[], void> {
    const { signal, beam } = request;
    const join = joinAnswers(request.notice);
    for await (const rows of readSources(request, model.config.source ?? {}))
      yield* answersInOrder(rows, askedTogether, async (asked) => {
        const answers = await answerSources(model, asked, { signal, ...(beam !== undefined && { beam }) });
        return answers.map((answer, i) => join(asked[i].kept, predicted(answer)));
      });
  },

  work: translationWork,

  describeEvaluation: ({ loss, metrics = {} }) => {
    const { exactMatch = 0, bleu = 0 } = metrics;
    // Without runs of four words there is none.
    return `held-out exact match ${exactMatch.toFixed(4)}${bleu > 0 ? `, BLEU ${bleu.toFixed(2)}` : ""}, loss ${significant(loss)}`;
  },
  describeBest: (best: BestEvaluation) => `the best: ${seq2seqTask.describeEvaluation(best)}`,
  next: (_, folder) => [
    { purpose: "let it write", words: ["translate", folder, "texts.txt"] },
    { purpose: "test it", words: ["evaluate", folder, "other.tsv"] },
  ],
};

/** What is said of a source; of an empty line, that it is one. */
function predicted(answer: Translation | null): object {
  if (answer === null) return { predicted: "", empty: true };
  const { text, ...rest } = answer;
  return { predicted: text, ...rest };
}

interface OpenData {
  data: TranslationData;
  columns: PairColumns | undefined;
  notes: readonly string[];
}

async function openData(
  data: string | TranslationData,
  validation: string | undefined,
  named: NamedPair & TableGiven,
): Promise<OpenData> {
  if (typeof data !== "string") {
    const idle = Object.entries({ validation, ...named }).find(([, value]) => value !== undefined);
    if (!idle) return { data, columns: undefined, notes: [] };
    throw new HiddenstateError(
      "mismatch",
      `train: mismatch in ${idle[0]}: data holds pairs, and no file is read; leave it out`,
    );
  }
  const { pairs: training, columns, notes } = await readPairs(data, named);
  if (validation === undefined) return { data: { training }, columns, notes };
  const held = await readPairs(validation, named, columns);
  return { data: { training, validation: held.pairs }, columns, notes: [...notes, ...held.notes] };
}
