import { HiddenstateError, shown } from "../errors.ts";
import { mostAxes, type Tensor, tensor } from "../memory/tensor.ts";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "./safetensors-format.ts";
import { numbersOf } from "./stored-numbers.ts";

/** Tensors by name. */
export type NamedTensors = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

/**
 * Writes tensors into the bytes of a safetensors file: F32 (F64 in an engine of that precision) and I32, exact to the bit.
 * The same tensors and metadata give the same bytes, whatever their order.
 *
 * @param metadata strings that go into the file's header
 *
 * Source: https://github.com/huggingface/safetensors#format
 *
 * @example
 * const bytes = await saveSafetensors(model.stateDict(), { format: "pt" });
 */
export async function saveSafetensors(
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  return encodeSafetensors(storedTensors(tensors), metadata);
}

/**
 * Reads the bytes of a safetensors file, such as a PyTorch state dict saved with `safetensors.torch.save_file`.
 *
 * F32, F64, F16 and BF16 become tensors of the engine's precision; whole numbers and booleans become int32 tensors.
 *
 * @param where the file to name in errors
 * @throws HiddenstateError `corrupt` for a truncated or inconsistent file and `unsupported` for numbers that have no place here, both
 *   naming the tensor
 *
 * Source: https://github.com/huggingface/safetensors#format
 *
 * @example
 * const { tensors } = loadSafetensors(await readFile("lstm.safetensors"));
 * lstm.loadStateDict(tensors);
 */
export function loadSafetensors(
  bytes: Uint8Array,
  where = "loadSafetensors",
): { tensors: Map<string, Tensor>; metadata: Record<string, string> } {
  const { tensors, metadata } = decodeSafetensors(bytes, where);
  return { tensors: tensorsOf(tensors, where), metadata };
}

/** Tensors with the numbers of stored ones. */
export function tensorsOf(tensors: ReadonlyMap<string, StoredTensor>, where: string): Map<string, Tensor> {
  const result = new Map<string, Tensor>();
  for (const [name, entry] of tensors) {
    if (entry.shape.length > mostAxes) {
      throw new HiddenstateError(
        "unsupported",
        `${where}: unsupported shape of tensor "${name}": got ${shown(entry.shape)}, expected at most ${mostAxes} axes; reshape it before it is saved`,
      );
    }
    const numbers = numbersOf(entry, where, name);
    result.set(name, tensor(numbers, entry.shape, { dtype: numbers instanceof Int32Array ? "int32" : "float" }));
  }
  return result;
}

/** Tensors as they go into a file. */
export function storedTensors(tensors: NamedTensors): Map<string, StoredTensor> {
  const entries: Iterable<[string, Tensor]> = tensors instanceof Map ? tensors : Object.entries(tensors);
  return new Map([...entries].map(([name, values]) => [name, stored(values)]));
}

/** A tensor's numbers as they go into a file. */
export function stored(values: Tensor): StoredTensor {
  const { kernelSet } = values.storage.owner;
  const whole = values.dtype === "int32";
  const numbers = whole ? kernelSet.readInts(values.offset, values.size) : values.exactDataSync();
  const dtype = whole ? "I32" : kernelSet.precision === "f64" ? "F64" : "F32";
  return { dtype, shape: values.shape, bytes: new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength) };
}
