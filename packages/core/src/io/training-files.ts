import { HiddenstateError } from "../errors.ts";
import type { Tensor } from "../memory/tensor.ts";
import { exactJson, parseExactJson } from "./exact-json.ts";
import { pathIn } from "./model-files.ts";
import type { ModelStorage } from "./model-storage.ts";
import { stored, tensorsOf } from "./safetensors.ts";
import type { StoredTensor } from "./safetensors-format.ts";
import { decodeVerified, encodeVerified } from "./verified.ts";

/** The files of a training. */
export const trainingPaths = { last: "training/last.safetensors", metrics: "training/metrics.jsonl" } as const;

/** Of the layout of `last.safetensors`. */
const layout = "1";
/** What is saved as tensors, and the prefix of their names there. */
const sections = ["parameters", "optimizer", "carried"] as const;

/** All that a training needs to go on exactly where it was. */
export interface TrainingState<Progress extends object> {
  /** The last parameters, by name. */
  parameters: ReadonlyMap<string, Tensor>;
  /** `optimizer.stateDict()`. */
  optimizer: ReadonlyMap<string, Tensor | number>;
  /** State carried from window to window, by name; empty where there is none. */
  carried: ReadonlyMap<string, Tensor>;
  /**
   * Counters, data cursor, random positions, best loss, learning-rate history, ...: plain values as in JSON. Every number comes
   * back to the bit, NaN and the infinities too.
   */
  progress: Progress;
}

/**
 * The commit point of a training: writes `training/last.safetensors` as a whole, with checksums and the present size of
 * `training/metrics.jsonl`. Whatever was written to other files after the commit point is written again by the resumed
 * training; so write `model.safetensors` and the metrics first, then this.
 *
 * @throws HiddenstateError `storage` where it can't be written; the one from before stays whole
 *
 * @example
 * await saveTraining(storage, {
 *   parameters: model.stateDict(), optimizer: adam.stateDict(), carried: new Map(Object.entries(state)), progress: { step, best },
 * });
 */
export async function saveTraining<Progress extends object>(
  storage: ModelStorage,
  state: TrainingState<Progress>,
): Promise<void> {
  const tensors = new Map<string, StoredTensor>();
  const numbers: Record<string, number> = {};
  for (const section of sections) {
    for (const [name, value] of state[section]) {
      if (typeof value === "number") numbers[name] = value;
      else tensors.set(`${section}.${name}`, stored(value));
    }
  }
  const metricsBytes = (await storage.size(trainingPaths.metrics)) ?? 0;
  const metadata = {
    layout,
    progress: exactJson(state.progress),
    optimizer: exactJson(numbers),
    metricsBytes: String(metricsBytes),
  };
  await storage.write(trainingPaths.last, encodeVerified(tensors, metadata));
}

/** A training as read from its commit point. */
export interface SavedTraining<Progress extends object> extends TrainingState<Progress> {
  /** Size of `metrics.jsonl` at the commit point. */
  metricsBytes: number;
}

/**
 * Reads the commit point of a training and verifies it; null if there is none yet. Changes nothing.
 *
 * @throws HiddenstateError `corrupt`, naming the file and the tensor, if it was altered or cut
 *
 * @example
 * const training = await loadTraining<Progress>(storage);
 */
export async function loadTraining<Progress extends object>(
  storage: ModelStorage,
): Promise<SavedTraining<Progress> | null> {
  const bytes = await storage.read(trainingPaths.last);
  if (!bytes) return null;
  const where = pathIn(storage, trainingPaths.last);
  const { tensors, metadata } = decodeVerified(bytes, where, true);
  if (metadata.layout !== layout) {
    throw new HiddenstateError(
      "unsupported",
      `${where}: unsupported layout: got ${metadata.layout}, expected ${layout}; resume with the library version that wrote it`,
    );
  }
  const loaded = tensorsOf(tensors, where);
  const section = (name: (typeof sections)[number]) =>
    new Map(
      [...loaded].flatMap(([key, value]) => (key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), value]] : [])),
    );
  const numbers = Object.entries(parseExactJson(metadata.optimizer) as Record<string, number>);
  return {
    parameters: section("parameters"),
    optimizer: new Map<string, Tensor | number>([...section("optimizer"), ...numbers]),
    carried: section("carried"),
    progress: parseExactJson(metadata.progress) as Progress,
    metricsBytes: Number(metadata.metricsBytes),
  };
}

/** Cuts `metrics.jsonl` back to a commit point, to go on from there, or empties it where there is none. */
export async function cutMetrics(
  storage: ModelStorage,
  training: Pick<SavedTraining<object>, "metricsBytes"> | null,
): Promise<void> {
  await storage.truncate(trainingPaths.metrics, training?.metricsBytes ?? 0);
}

/** Adds a line to `metrics.jsonl`. */
export async function appendMetrics(storage: ModelStorage, record: object): Promise<void> {
  await storage.append(trainingPaths.metrics, `${JSON.stringify(record)}\n`);
}
