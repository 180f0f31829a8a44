import { tokenizerFromJSON } from "../data/make-tokenizer.ts";
import type { Tokenizer } from "../data/tokenizer.ts";
import { HiddenstateError } from "../errors.ts";
import type { Tensor } from "../memory/tensor.ts";
import type { ModelStorage, ReadableStorage } from "./model-storage.ts";
import { type NamedTensors, storedTensors, tensorsOf } from "./safetensors.ts";
import { decodeVerified, decodeVerifiedJson, encodeVerified, encodeVerifiedJson } from "./verified.ts";

/** The files of a model. */
export const modelPaths = {
  config: "config.json",
  parameters: "model.safetensors",
  tokenizer: "tokenizer.json",
} as const;

/** A model as it lies in a storage. */
export interface SavedModel {
  /** Task, architecture, preprocessing, library version: whatever makes the model again, as JSON. */
  config: Record<string, unknown>;
  parameters: Map<string, Tensor>;
  /** Null where the model has no text. */
  tokenizer: Tokenizer | null;
}

/** What to save of a model; parts left out stay as they are in the storage. */
export interface ModelToSave {
  config?: object;
  /** By PyTorch's names: `model.stateDict()`. */
  parameters?: NamedTensors;
  tokenizer?: Tokenizer | null;
}

/**
 * Writes `config.json`, `tokenizer.json` and `model.safetensors`, in this order, each as a whole and with checksums. Nothing of
 * the time or the machine goes in: the same model gives the same bytes.
 *
 * @throws HiddenstateError `storage` where a file can't be written; the one from before stays whole
 *
 * @example
 * await saveModel(storage, { config: { task: "lm" }, tokenizer, parameters: model.stateDict() });
 * await saveModel(storage, { parameters: model.stateDict() });   // a better one, later
 */
export async function saveModel(storage: ModelStorage, { config, parameters, tokenizer }: ModelToSave): Promise<void> {
  // All numbers are read before the first wait: the caller may go on training meanwhile.
  const files: [string, Uint8Array][] = [];
  if (config) files.push([modelPaths.config, encodeVerifiedJson(config)]);
  if (tokenizer) files.push([modelPaths.tokenizer, encodeVerifiedJson(tokenizer.toJSON())]);
  if (parameters) files.push([modelPaths.parameters, encodeVerified(storedTensors(parameters))]);
  for (const [path, bytes] of files) await storage.write(path, bytes);
}

/**
 * Reads a model and verifies every file.
 *
 * A `model.safetensors` without checksums (saved by PyTorch, say) is taken as it is.
 *
 * @throws HiddenstateError `missing` if there is no model, `corrupt`, naming the file and the tensor, if one was altered or cut
 *
 * @example
 * const { config, parameters, tokenizer } = await loadModel(storage);
 */
export async function loadModel(storage: ReadableStorage): Promise<SavedModel> {
  const config = await loadConfig(storage);
  const tokenizer = await loadTokenizer(storage);
  const bytes = await storage.read(modelPaths.parameters);
  if (!bytes) throw missingFile(storage, modelPaths.parameters);
  const where = pathIn(storage, modelPaths.parameters);
  return { config, tokenizer, parameters: tensorsOf(decodeVerified(bytes, where, false).tensors, where) };
}

/**
 * Reads `config.json` alone.
 * @throws HiddenstateError `missing` or `corrupt`
 */
export async function loadConfig(storage: ReadableStorage): Promise<Record<string, unknown>> {
  const bytes = await storage.read(modelPaths.config);
  if (!bytes) throw missingFile(storage, modelPaths.config);
  return decodeVerifiedJson(bytes, pathIn(storage, modelPaths.config));
}

/**
 * Reads `tokenizer.json` alone; null where there is none.
 * @throws HiddenstateError `corrupt`
 */
export async function loadTokenizer(storage: ReadableStorage): Promise<Tokenizer | null> {
  const bytes = await storage.read(modelPaths.tokenizer);
  if (!bytes) return null;
  const where = pathIn(storage, modelPaths.tokenizer);
  return tokenizerFromJSON(decodeVerifiedJson(bytes, where), where);
}

/** A file's name for messages. */
export function pathIn(storage: ReadableStorage, path: string): string {
  return `${storage.location}/${path}`;
}

function missingFile(storage: ReadableStorage, path: string): HiddenstateError {
  return new HiddenstateError("missing", `${storage.location}: missing ${path}; there is no complete model there`);
}
