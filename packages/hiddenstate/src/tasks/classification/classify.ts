import {
  cellKinds,
  type BestEvaluation,
  type ClassificationData,
  type ClassifierModel,
  type ClassifierTraining,
  type ClassPrediction,
  HiddenstateError,
  loadClassifier,
  type NumberPrediction,
  type SequenceExample,
  splitExamples,
  splitSeedOf,
  trainClassifier,
  ClassifierSubject,
  recurrentPart,
} from "@hiddenstate/core";
import { count, significant } from "../../format.ts";
import { labelFiles } from "../../files/labelled-folder.ts";
import { answersInOrder, joinAnswers } from "../answers.ts";
import {
  dataOptions,
  fromOption,
  minimumCountOption,
  networkOptions,
  textOptions,
  splitSeedOption,
  trainingOptions,
} from "../shared-options.ts";
import { tableFlags, type TableGiven } from "../table-options.ts";
import type { DataRequest, PredictRequest, PreparedTraining, Report, Task } from "../task.ts";
import { withBudget } from "../with-budget.ts";
import { classificationWork } from "./classification-work.ts";
import { classifyOptions } from "./classify-options.ts";
import { type ReadExamples, readExamples } from "./read-examples.ts";
import { readInputs } from "./read-inputs.ts";
import { classReport, numberReport } from "./report.ts";
import { type NamedColumns, rowColumns } from "./row-columns.ts";

/** What a classifier's training is given. */
export interface ClassifierGiven extends ClassifierTraining, NamedColumns, TableGiven {
  /** The path of a table, or of a folder with a text file for each label; or the examples themselves. */
  data: string | ClassificationData;
  /** The path of held-out data of the same kind, where `data` is a path. Default: a tenth of the different sequences. */
  validation?: string;
}

/** Sequences asked about at a time. */
const askedTogether = 256;

/** Learns what a sequence is (a label), or leads to (a number). */
export const classifyTask: Task<ClassifierGiven, ClassifierModel> = {
  name: "classify",
  learns: "what each sequence is",
  noun: "a classifier",
  takes: [],
  cells: cellKinds,
  counted: "examples",
  options: [
    ...networkOptions,
    ...dataOptions,
    ...tableFlags,
    ...textOptions,
    minimumCountOption,
    ...classifyOptions,
    ...trainingOptions,
    splitSeedOption,
    fromOption,
  ],

  recognise({ folder, table }, given): string | null {
    if (folder) {
      const files = labelFiles(folder);
      return files.length < 2 ? null : `it is a folder with a text file for each of ${files.length} labels`;
    }
    if (!table) return null;
    const named = given.label ?? given.target ?? given.text ?? given.group ?? given.inputs;
    try {
      return described(table.columns, rowColumns(table, given));
    } catch (error) {
      // What was named is for this task, and what is wrong with it is to be told.
      if (named !== undefined || !(error instanceof HiddenstateError)) throw error;
      return null;
    }
  },

  async prepare({ data, validation, ...given }, { told }): Promise<PreparedTraining<ClassifierModel>> {
    const { text, label, target, group, inputs, delimiter, header, ...options } = given;
    const named = { text, label, target, group, inputs, delimiter, header };
    const read = await openData(data, validation, named);
    const predict = options.predict ?? read.columns?.kind;
    const training = withBudget({ ...options, ...(predict && { predict }) });
    return {
      warnings: [],
      notices: told ? read.notes : [...read.notes, ...(read.reading === undefined ? [] : [read.reading])],
      train: (run) =>
        trainClassifier(read.data, training, { ...run, source: { columns: read.columns, delimiter, header } }),
      report: async (model) => report(model, heldOut(read.data, model, splitSeedOf(training))),
      close: () => {},
    };
  },

  load: loadClassifier,

  async evaluate(model: ClassifierModel, { path, signal }: DataRequest): Promise<Report> {
    const { examples } = await readExamples(path, {}, model.config.source);
    return report(model, examples, signal);
  },

  async *predict(model: ClassifierModel, request: PredictRequest): AsyncGenerator<object[], void> {
    const { signal } = request;
    const join = joinAnswers(request.notice);
    for await (const rows of readInputs(model, request))
      yield* answersInOrder(rows, askedTogether, async (asked) => {
        const there = asked.filter(({ empty }) => !empty);
        const places = there.map(({ place }) => place);
        const inputs = there.map(({ input }) => input);
        const answers = (await model.predict(inputs, { places, signal })).values();
        return asked.map(({ kept, empty }) =>
          join(kept, empty ? { predicted: null, empty } : said(answers.next().value!)),
        );
      });
  },

  inspect: (model: ClassifierModel, trainedWith) => ({
    network: recurrentPart(model.model.network),
    window: "whole",
    clip: Number(trainedWith?.["clip"] ?? 1),
    expects: `${model.tokenizer ? "texts" : "sequences of rows of numbers"} with ${model.labels.length > 0 ? "their labels" : "the numbers they lead to"}`,
    async open(path) {
      const { examples } = await readExamples(path, {}, model.config.source);
      return { subject: new ClassifierSubject(model, examples), close: () => {} };
    },
  }),

  work: classificationWork,

  describeEvaluation: ({ loss, metrics }) =>
    metrics?.["accuracy"] === undefined
      ? `held-out RMSE ${significant(metrics?.["rmse"] ?? loss)}, R² ${(metrics?.["r2"] ?? 0).toFixed(3)}`
      : `held-out accuracy ${metrics["accuracy"].toFixed(3)}, macro F1 ${metrics["macroF1"].toFixed(3)}, loss ${loss.toFixed(3)}`,
  describeBest: (best: BestEvaluation) => `the best: ${classifyTask.describeEvaluation(best)}`,
  next: ({ config }, folder) => [
    { purpose: "ask it", words: ["predict", folder, config.input.kind === "text" ? "texts.txt" : "rows.csv"] },
    { purpose: "test it", words: ["evaluate", folder, "other.csv"] },
  ],
};

function described(columns: readonly string[], { answer, kind, input }: ReturnType<typeof rowColumns>): string {
  const what = kind === "label" ? "labels" : "numbers to predict";
  switch (input.from) {
    case "text":
      return `its column ${answer} holds ${what} and ${input.column} text`;
    case "array":
      return `its column ${answer} holds ${what} and ${input.column} sequences`;
    case "row":
      return `its column ${answer} holds ${what} and ${count(input.columns.length)} of ${count(columns.length)} columns the steps of a sequence`;
    case "group":
      return `its column ${answer} holds ${what} and ${input.group} tells which rows are one sequence`;
  }
}

interface OpenData extends Omit<ReadExamples, "examples"> {
  data: ClassificationData;
}

async function openData(
  data: string | ClassificationData,
  validation: string | undefined,
  named: NamedColumns & TableGiven,
): Promise<OpenData> {
  if (typeof data !== "string") {
    const idle = Object.entries({ validation, ...named }).find(([, value]) => value !== undefined);
    if (!idle) return { data, columns: undefined, notes: [], reading: undefined };
    throw new HiddenstateError(
      "mismatch",
      `train: mismatch in ${idle[0]}: data holds examples, and no file is read; leave it out`,
    );
  }
  const { examples: training, columns, notes, reading } = await readExamples(data, named);
  if (validation === undefined) return { data: { training }, columns, notes, reading };
  const held = await readExamples(validation, named, { columns });
  return { data: { training, validation: held.examples }, columns, notes: [...notes, ...held.notes], reading };
}

/** The examples that the training held out. */
function heldOut(
  { training, validation }: ClassificationData,
  model: ClassifierModel,
  seed: number,
): readonly SequenceExample[] {
  const predict = model.config.target.kind === "number" ? "number" : "label";
  return validation ?? splitExamples(training, { predict, seed }).validation;
}

async function report(
  model: ClassifierModel,
  examples: readonly SequenceExample[],
  signal?: AbortSignal,
): Promise<Report> {
  const found = await model.evaluate(examples, { signal });
  if (found.kind === "class") return classReport(model, found);
  const answers = await model.predict(
    examples.map(({ input }) => input),
    { signal },
  );
  const pairs = answers.map((answer, i) => ({
    truth: Number(examples[i].target),
    predicted: answer.kind === "number" ? answer.value : NaN,
  }));
  return numberReport(found, pairs);
}

/** What the model says of a row. */
function said(answer: ClassPrediction | NumberPrediction): object {
  if (answer.kind === "number") return { predicted: answer.value };
  const { label, probability, probabilities } = answer;
  return { predicted: label, probability, probabilities };
}
