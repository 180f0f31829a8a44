import { join } from "node:path";
import {
  cellKinds,
  type BestEvaluation,
  HiddenstateError,
  type LanguageModelTraining,
  loadTextModel,
  type TextModel,
  TextSubject,
  type TokenizerKind,
  trainLanguageModel,
} from "@hiddenstate/core";
import { count, duration } from "../format.ts";
import { openText, openTexts, type OpenTexts, type TextPlace } from "../files/open-texts.ts";
import { describeLoss } from "./loss.ts";
import {
  embeddingOption,
  dataOptions,
  fromOption,
  minimumCountOption,
  networkOptions,
  textOptions,
  tiedOption,
  trainingOptions,
} from "./shared-options.ts";
import { samplingScheduleOption, type SamplingScheduleGiven, withSchedule } from "./sampling-schedule-option.ts";
import type { DataRequest, ModelPlace, PreparedTraining, Report, Task } from "./task.ts";
import type { TaskOption } from "./task-option.ts";
import { drawText, predictText, watchText } from "./text-watching.ts";
import { withBudget } from "./with-budget.ts";

/** The texts to train on; without `validation`, the last tenth of `training` (at most a million tokens) is held out. */
export interface TrainingTexts {
  training: string | Uint8Array;
  validation?: string | Uint8Array;
}

/** What a language model's training is given. */
export interface LanguageModelGiven extends Omit<LanguageModelTraining, "samplingSchedule">, SamplingScheduleGiven {
  /** The path of a text file, or the texts themselves. */
  data: string | TrainingTexts;
  /** The path of a file with held-out text, where `data` is a path. Default: the last tenth of the data, at most a million tokens. */
  validation?: string;
  /**
   * Where the text is during the training: in memory, or on disk as tokens in `training/tokens.bin`, for which it is gone through
   * twice first. The same model comes of both. Default: on disk if the files are larger than 64 MB.
   */
  textPlace?: TextPlace;
}

const positive = { whole: true, min: 1 } as const;

const ownOptions: readonly TaskOption[] = [
  tiedOption,
  {
    flags: "--bptt <steps>",
    about: "window of truncated backpropagation through time (default: 64)",
    group: "Text",
    value: { range: positive },
  },
  {
    flags: "--stride <steps>",
    about: "from one window to the next, at most bptt (default: bptt)",
    group: "Text",
    value: { range: positive },
  },
  {
    flags: "--recompute",
    about: "compute activations twice instead of keeping them: less memory where --bptt is long",
    group: "Text",
  },
];

/** Learns to predict each token of a text from those before it. */
export const languageModelTask: Task<LanguageModelGiven, TextModel> = {
  name: "lm",
  learns: "a language model",
  noun: "a language model",
  takes: ["rate", "picture", "tokens"],
  cells: cellKinds,
  counted: "tokens",
  options: [
    ...networkOptions,
    embeddingOption,
    ...dataOptions,
    ...textOptions,
    minimumCountOption,
    ...ownOptions,
    samplingScheduleOption,
    ...trainingOptions,
    fromOption,
  ],

  // Anything that is not more than that is text.
  recognise: (seen) => (seen.folder || seen.table ? null : "it is text without columns or tags"),

  async prepare({ data, validation, textPlace, ...options }, place): Promise<PreparedTraining<TextModel>> {
    const training = withSchedule(withBudget(options));
    const { texts, notice, close } = await openData(
      { data, validation, textPlace, tokenizer: training.tokenizer },
      place,
    );
    return {
      warnings: notice === null ? [] : [notice],
      notices: [],
      train: (run) => trainLanguageModel(texts, training, run),
      close,
    };
  },

  load: loadTextModel,

  async evaluate(model: TextModel, { path, signal }: DataRequest): Promise<Report> {
    const { text, close } = await openText(path, model.tokenizer);
    const result = await model.evaluate(text, { signal }).finally(close);
    return {
      record: result,
      lines: [
        `loss ${describeLoss(result.loss, model.tokenizer.kind)}`,
        `${count(result.tokens)} tokens in ${duration(result.seconds)}`,
      ],
    };
  },

  inspect: (model: TextModel, trainedWith) => ({
    network: model.model.rnn,
    window: trainedWith && Number(trainedWith.bptt ?? 64),
    clip: Number(trainedWith?.clip ?? 1),
    expects:
      model.tokenizer.kind === "character"
        ? `text of the ${model.tokenizer.size} characters that it was trained on`
        : "text like that it was trained on",
    async open(path) {
      const { text, close } = await openText(path, model.tokenizer);
      try {
        return { subject: new TextSubject(model, text), close };
      } catch (fault) {
        await close();
        throw fault;
      }
    },
  }),
  predict: predictText,
  drawPrediction: drawText,
  watch: watchText,

  work: ({ model }: TextModel) => ({
    kind: "stream",
    open() {
      const stream = model.stream();
      const token = [0];
      return {
        step() {
          token[0] = (token[0] + 7) % model.options.vocabularySize;
          stream.push(token);
        },
        stateBytes() {
          const { h, c = [], positions = [] } = stream.state();
          return 4 * (h.length + c.length + positions.length);
        },
      };
    },
  }),

  describeEvaluation: ({ loss }) => `held-out loss ${loss.toFixed(3)}`,
  describeBest: ({ loss }: BestEvaluation, { tokenizer }) => `held-out loss ${describeLoss(loss, tokenizer.kind)}`,
  next: ({ config }, folder) => [
    { purpose: "let it write", words: ["generate", folder, "--length", "400"] },
    { purpose: "test it", words: ["evaluate", folder, "other.txt"] },
    ...(config.architecture.cell === "transformer"
      ? []
      : [{ purpose: "look inside", words: ["inspect", folder, "other.txt"] }]),
  ],
};

async function openData(
  {
    data,
    validation,
    textPlace,
    tokenizer,
  }: Pick<LanguageModelGiven, "data" | "validation" | "textPlace"> & {
    tokenizer: TokenizerKind | undefined;
  },
  { folder }: ModelPlace,
): Promise<OpenTexts> {
  if (typeof data === "string") {
    const paths = validation === undefined ? [data] : [data, validation];
    return openTexts(paths, tokenizer === "byte", join(folder, "training/tokens.bin"), textPlace);
  }
  if (validation !== undefined)
    throw new HiddenstateError("mismatch", "train: mismatch in validation: data holds texts, so give data.validation");
  if (textPlace === "disk")
    throw new HiddenstateError(
      "mismatch",
      "train: mismatch in textPlace: data holds texts, which are in memory already",
    );
  return { texts: data, notice: null, close: () => {} };
}
