import type { TokenizerKind } from "../../data/tokenizer.ts";
import { HiddenstateError } from "../../errors.ts";
import { loadTokenizer } from "../../io/model-files.ts";
import { trainingPaths } from "../../io/training-files.ts";
import { runtime } from "../../memory/runtime.ts";
import { cellChoice } from "../../nn/cell-choice.ts";
import { type OptionRules, resolveOptions } from "../../options.ts";
import { finished, finishedUnlessStopped } from "../../train/event-loop.ts";
import type { TrainingEvent } from "../../train/events.ts";
import { recordedTraining } from "../../train/recorded-training.ts";
import { runIdentity } from "../../train/run-identity.ts";
import { checkSamplingSchedule, type SamplingSchedule } from "../../train/sampling-schedule.ts";
import { type TrainingOptions, trainingRules } from "../../train/training-loop.ts";
import { version } from "../../version.ts";
import { refuseIdleOptions } from "../idle-options.ts";
import {
  architectureRules,
  defaultEmbedding,
  LanguageModel,
  type LanguageModelArchitecture,
  refuseBothWays,
} from "./language-model.ts";
import { LanguageModelJob } from "./language-model-job.ts";
import { type ExternalText, textChecksum, type TextData, tokenStreams } from "./text-data.ts";
import { refuseWindow } from "../transformer-limits.ts";
import { inheritedArchitecture, refuseAnother, takeOver } from "../start-from.ts";
import type { TrainingRunOptions } from "../training-run-options.ts";
import { loadTextModel, TextModel, type TextModelConfig } from "./text-model.ts";
import { saveCalibration } from "../watching/oddness.ts";
import { calibrateSurprisal } from "../watching/surprisal-calibration.ts";

/** How to train a language model: architecture, text and training in one flat object. */
export interface LanguageModelTraining extends LanguageModelArchitecture, TrainingOptions {
  /** Default `"character"`. */
  tokenizer?: TokenizerKind;
  /** Word tokenizer only: rarer words are unknown. Default 2. */
  minimumCount?: number;
  /** Window of truncated backpropagation through time: steps the gradient reaches back. Default 64. */
  bptt?: number;
  /** Steps from one window to the next, at most `bptt`. Default `bptt`. */
  stride?: number;
  /** Contiguous streams of text side by side. Default 32. */
  batch?: number;
  /**
   * Computes most of the recurrent layers' activations twice instead of keeping them: less memory where `bptt` is long, for about a
   * third more time. Default false.
   */
  recompute?: boolean;
  /**
   * How often the model reads what it wrote itself while training, in place of the text (scheduled sampling). Step follows step then. Not for
   * Transformers. Default: never.
   */
  samplingSchedule?: SamplingSchedule;
  /** Key of all random numbers. Default 0. */
  seed?: number;
}

const rules: OptionRules<LanguageModelTraining> = {
  ...architectureRules,
  ...trainingRules,
  tokenizer: { type: "choice", choices: ["character", "byte", "word"], default: "character" },
  minimumCount: { type: "integer", min: 1, default: 2 },
  bptt: { type: "integer", min: 1, default: 64 },
  stride: { type: "integer", min: 1, optional: true },
  batch: { type: "integer", min: 1, default: 32 },
  recompute: { type: "boolean", default: false },
  samplingSchedule: { type: "any", optional: true },
  seed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
};

/**
 * Trains a recurrent language model by truncated backpropagation through time (Williams & Peng 1990): the text is cut into
 * `batch` contiguous streams; each step takes a window of `bptt` tokens of every stream, and starts from the state that the
 * window before it left behind, cut from the gradient.
 *
 * @param data texts, or one that is too large to hold in memory
 * @returns the trained model with the lowest held-out loss, after the last event
 * @throws HiddenstateError for options, text, files and losses that are wrong; what was saved before stays whole
 *
 * @example
 * const run = trainLanguageModel({ training: text }, { steps: 500, hidden: 128 }, { storage: new MemoryStorage() });
 * for await (const event of run) if (event.type === "evaluation") console.log(event.loss);
 */
export async function* trainLanguageModel(
  data: TextData | ExternalText,
  options: LanguageModelTraining,
  { storage, resume = false, signal, source, from }: TrainingRunOptions,
): AsyncGenerator<TrainingEvent, TextModel> {
  refuseBothWays("train", options);
  const resolved = resolveOptions<LanguageModelTraining>("train", options, rules);
  refuseIdleOptions(options);
  const start = from ? await loadTextModel(from) : null;
  if (start) refuseAnother("tokenizer", options.tokenizer, start.tokenizer.kind);
  const architecture = start
    ? inheritedArchitecture<LanguageModelArchitecture>(start.config.architecture, options)
    : architectureOf(resolved);
  refuseWindow(architecture, resolved);
  const samplingSchedule = scheduleOf(options, architecture);
  // Without a commit point it starts over, and on another text perhaps.
  const goesOn = resume && (await storage.size(trainingPaths.last)) !== null;
  const known = (goesOn ? await loadTokenizer(storage) : null) ?? start?.tokenizer ?? null;
  const { minimumCount } = resolved;
  const kind = known?.kind ?? resolved.tokenizer;
  const streams = await tokenStreams(data, { kind, minimumCount, known });
  const { tokenizer } = streams;
  const config: TextModelConfig = { task: "lm", version, architecture, vocabularySize: tokenizer.size };

  runtime().seed = resolved.seed;
  const model = new LanguageModel({ ...architecture, vocabularySize: tokenizer.size, name: "model" });
  if (start) takeOver(model, start.model);
  const job = new LanguageModelJob(model, streams, { ...resolved, samplingSchedule });
  const spelled = { ...resolved, stride: resolved.stride ?? resolved.bptt };
  const identity = runIdentity({ options: spelled, rules, config, data: await finished(textChecksum(streams)) });
  try {
    yield* recordedTraining(job, resolved, { storage, resume, signal, config, source, tokenizer, identity });
  } finally {
    job.end();
  }
  const trained = await loadTextModel(storage);
  const measured = calibrateSurprisal(trained.model, tokenizer, streams.validation);
  const calibration = await finishedUnlessStopped(measured, signal);
  // Whoever interrupts does not want to wait; the run that goes on makes it.
  if (!calibration) return trained;
  await saveCalibration(storage, calibration);
  return new TextModel(trained.config, tokenizer, trained.model, calibration);
}

/** @throws HiddenstateError `invalid` for a schedule that is none, `mismatch` where it can do nothing */
function scheduleOf(
  { samplingSchedule, recompute }: LanguageModelTraining,
  { cell, variational }: Required<LanguageModelArchitecture>,
): SamplingSchedule | null {
  if (samplingSchedule === undefined) return null;
  const refused = (why: string): HiddenstateError =>
    new HiddenstateError("mismatch", `train: mismatch in samplingSchedule: ${why}; leave one of them out`);
  if (cell === "transformer") throw refused("a Transformer reads all steps of a window at once, none after another");
  if (recompute) throw refused("step follows step then, and recompute does nothing for single steps");
  if (variational) throw refused("step follows step then, and variational wants one mask for all steps of a window");
  return checkSamplingSchedule("train", samplingSchedule);
}

function architectureOf(options: Required<LanguageModelTraining>): Required<LanguageModelArchitecture> {
  const { hidden, layers, dropout, tied } = options;
  const embedding = options.embedding ?? defaultEmbedding(options);
  return { ...cellChoice(options), hidden, embedding, layers, dropout, tied };
}
