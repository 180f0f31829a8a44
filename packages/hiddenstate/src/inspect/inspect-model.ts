import { existsSync } from "node:fs";
import {
  type AnyRecurrentNetwork,
  type FollowedUnit,
  followUnit,
  hasRecurrentMatrices,
  HiddenstateError,
  inspection,
  type InspectionProgress,
  type InspectionReport,
  recurrentMatrices,
  signalNames,
  tellingUnit,
  type RecurrentMatrix,
  trainingRecord,
  type TrainingRecord,
} from "@hiddenstate/core";
import type { EngineChoice } from "../engine.ts";
import { FolderStorage } from "../files/folder-storage.ts";
import { load } from "../load.ts";
import { readMetrics } from "../recorded-metrics.ts";
import { readOptions, type RecordedOptions } from "../recorded-options.ts";
import type { Inspected, TrainedModel } from "../tasks/task.ts";
import { type AnyTask, taskOf } from "../tasks/tasks.ts";
import { loadEigenvalues } from "./load-eigenvalues.ts";

/** What to inspect, and how far. */
export interface InspectOptions extends EngineChoice {
  /** The model's folder. */
  model: string;
  /** Data as the model was trained on, best held out: a path. Without it there is only what the model and its training say by themselves. */
  data?: string;
  /** The furthest lag of the gradient flow. Default 200, and as far as the data goes. */
  lags?: number;
  /** The longest context to cut the past to. Default 512, and as far as the data goes. */
  context?: number;
  /** The window it was trained with. Default: the one in its folder. */
  window?: number;
  /** Steps of data along which units can be followed. Default 240. */
  follow?: number;
  /** The unit to follow, from 0. Default: the one that swings widest and slowest. */
  unit?: { layer: number; unit: number };
  /** What of it to follow: the name of a gate, `"hidden"` or `"cell"`. Default: cell where there is one, else hidden. */
  gate?: string;
  signal?: AbortSignal;
  /** Called when a part begins, and while it goes on. */
  onProgress?: (progress: InspectionProgress) => void;
}

/** What inspection found. */
export interface ModelInspection {
  /** The model's folder. */
  folder: string;
  task: string;
  /** Null without data. */
  report: InspectionReport | null;
  /** Null where the cell has no such matrices: a minGRU, a minLSTM. */
  matrices: RecurrentMatrix[] | null;
  /** Null where the folder has no record of the training. */
  training: (TrainingRecord & { clip: number }) | null;
  /** A unit along the beginning of the data; null without data. */
  followed: FollowedUnit | null;
}

/**
 * Finds out what a trained model remembers, from its folder and some data: see `inspection` and `trainingRecord` for the measurements and
 * their sources. Starts the engine if the program has not.
 *
 * @throws HiddenstateError `missing` where there is no model or data, `unsupported` for a task that can't be inspected, and for data that does
 *   not fit the model what reading it says, naming the file
 * @example
 * const { report } = await inspect({ model: "runs/book", data: "other-book.txt" });
 * console.log(report?.advice.sentences.join(" "));
 */
export async function inspect(options: InspectOptions): Promise<ModelInspection> {
  const { model: folder, data, unit, gate, follow = 240, signal, onProgress, ...rest } = options;
  const { backend, instructionSet, threads, window: given, ...measured } = rest;
  const choice = { backend, instructionSet, threads };
  const model = await load(folder, choice);
  const task = taskOf(model.task);
  if (!task.inspect) {
    throw new HiddenstateError(
      "unsupported",
      `inspect: unsupported model ${folder}: it is ${task.noun}, which can't be inspected yet`,
    );
  }
  const eigenvalues = await loadEigenvalues();
  const storage = new FolderStorage(folder);
  const trainedWith = await readOptions(storage);
  const events = await readMetrics(storage, "delete it to inspect without the training's record");
  const inspected = inspectedOf(task, model, trainedWith, folder);
  checkUnit(inspected.network, unit, gate);
  if (!Number.isInteger(follow) || follow < 1)
    throw new HiddenstateError("invalid", `inspect: invalid follow: got ${follow}, expected a whole number from 1`);
  const record = trainingRecord(events);
  const training = record && { ...record, clip: inspected.clip };
  if (data === undefined) {
    const { network } = inspected;
    const matrices = hasRecurrentMatrices(network) ? recurrentMatrices(network, eigenvalues) : null;
    return { folder, task: model.task, report: null, matrices, training, followed: null };
  }
  const { subject, close } = await open(inspected, data, folder);
  try {
    const work = inspection(subject, { ...measured, window: given ?? inspected.window, eigenvalues });
    const report = await finishedWith(work, onProgress, signal);
    const stretch = subject.follow(follow);
    const telling = tellingUnit(stretch, gate);
    const followed = followUnit(stretch, { ...telling, ...unit });
    return { folder, task: model.task, report, matrices: report.matrices, training, followed };
  } finally {
    await close();
  }
}

/** A Transformer has nothing to look into here. */
function inspectedOf(
  task: AnyTask,
  model: TrainedModel,
  trainedWith: RecordedOptions | null,
  folder: string,
): Inspected {
  try {
    return task.inspect!(model, trainedWith);
  } catch (fault) {
    if (!(fault instanceof HiddenstateError) || fault.code !== "unsupported") throw fault;
    throw new HiddenstateError(
      "unsupported",
      `inspect: unsupported model ${folder}: it has no recurrent network to look into, but reads its whole past anew at every step ` +
        "(a Transformer); inspect an rnn, lstm or gru",
      { cause: fault },
    );
  }
}

/** Before anything is measured, which takes a while. */
function checkUnit(
  { cell, options: { layers, hiddenSize } }: AnyRecurrentNetwork,
  unit: { layer: number; unit: number } | undefined,
  gate: string | undefined,
): void {
  const signals = signalNames(cell);
  if (gate !== undefined && !signals.includes(gate)) {
    throw new HiddenstateError(
      "unknown",
      `inspect: unknown gate ${JSON.stringify(gate)}; this model has ${signals.join(", ")}`,
    );
  }
  if (unit && (unit.layer >= layers || unit.unit >= hiddenSize)) {
    throw new HiddenstateError(
      "invalid",
      `inspect: invalid unit: got ${unit.layer + 1}:${unit.unit + 1}, expected a layer from 1 to ${layers} and a unit from 1 to ${hiddenSize}`,
    );
  }
}

/** Data that does not fit the model is told of with what the model expects. */
async function open(inspected: Inspected, data: string, folder: string): ReturnType<Inspected["open"]> {
  try {
    return await inspected.open(data);
  } catch (fault) {
    // Where there is nothing to read, that is all there is to say.
    if (!(fault instanceof HiddenstateError) || fault.code === "storage" || !existsSync(data)) throw fault;
    throw new HiddenstateError(
      fault.code,
      `inspect: ${data} does not fit ${folder}, which expects ${inspected.expects}: ${fault.message}`,
      { cause: fault },
    );
  }
}

async function finishedWith<T>(
  work: Generator<InspectionProgress, T>,
  onProgress: ((progress: InspectionProgress) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<T> {
  let turned = performance.now();
  for (let next = work.next(); ; next = work.next()) {
    if (next.done) return next.value;
    onProgress?.(next.value);
    if (performance.now() - turned < 50) continue;
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    turned = performance.now();
  }
}
