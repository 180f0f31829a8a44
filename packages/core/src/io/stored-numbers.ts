import { HiddenstateError } from "../errors.ts";
import type { StoredTensor } from "./safetensors-format.ts";

/** Numbers out of a file, in the narrowest array that holds them exactly. */
export type StoredNumbers = Float32Array | Float64Array | Int32Array;

/**
 * The numbers of a stored tensor: reals as Float32Array (F64: Float64Array), whole numbers and booleans as Int32Array.
 *
 * @param where the file to name in errors
 * @throws HiddenstateError `unsupported` for 8-bit reals and for whole numbers beyond 32 bits, naming the tensor
 */
export function numbersOf(stored: StoredTensor, where: string, name: string): StoredNumbers {
  // The copy starts at a multiple of 8 bytes, as typed arrays need; all hosts of JavaScript are little-endian, like the files.
  // (Not slice(): that of Node's Buffer copies nothing.)
  const { buffer } = new Uint8Array(stored.bytes);
  switch (stored.dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F64":
      return new Float64Array(buffer);
    case "I32":
      return new Int32Array(buffer);
    case "F16":
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case "BF16":
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
    case "BOOL":
    case "U8":
      return Int32Array.from(new Uint8Array(buffer));
    case "I8":
      return Int32Array.from(new Int8Array(buffer));
    case "U16":
      return Int32Array.from(new Uint16Array(buffer));
    case "I16":
      return Int32Array.from(new Int16Array(buffer));
    case "U32":
      return narrowed(new Uint32Array(buffer), where, name);
    case "I64":
      return narrowed(new BigInt64Array(buffer), where, name);
    case "U64":
      return narrowed(new BigUint64Array(buffer), where, name);
    default:
      throw new HiddenstateError(
        "unsupported",
        `${where}: unsupported dtype of tensor "${name}": got ${stored.dtype}; save it as F32 or F16`,
      );
  }
}

/** IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function narrowed(values: Uint32Array | BigInt64Array | BigUint64Array, where: string, name: string): Int32Array {
  const result = new Int32Array(values.length);
  for (const [i, value] of values.entries()) {
    result[i] = Number(value);
    if (result[i] === Number(value)) continue;
    throw new HiddenstateError(
      "unsupported",
      `${where}: unsupported number in tensor "${name}": got ${value}, expected whole numbers of 32 bits`,
    );
  }
  return result;
}
