import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { type DType, elementCount, Tensor } from "../../memory/tensor.ts";

/** @throws HiddenstateError `invalid` unless an operand is a tensor of the given kind of numbers. */
export function checkOperand(where: string, name: string, value: unknown, dtype: DType = "float"): void {
  if (!(value instanceof Tensor)) {
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid ${name}: got ${shown(value)}, expected a tensor; make one with tensor(values, shape)`,
    );
  }
  if (value.dtype !== dtype) {
    const kinds = { float: "real numbers", int32: 'whole numbers (tensor(values, shape, { dtype: "int32" }))' };
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid ${name}: got a tensor of dtype ${value.dtype}, expected one of ${kinds[dtype]}`,
    );
  }
}

/** The numbers of an int32 tensor, to be checked before a kernel follows them: a copy of a few kilobytes at most. */
export function indicesOf(where: string, name: string, value: Tensor): Int32Array {
  checkOperand(where, name, value, "int32");
  return runtime().kernelSet.readInts(value.offset, value.size);
}

/**
 * An axis counted from the front; negative ones count from the back.
 * @throws HiddenstateError `invalid` if there is no such axis
 */
export function resolveAxis(where: string, axis: number, shape: readonly number[]): number {
  if (!Number.isInteger(axis) || axis < -shape.length || axis >= shape.length) {
    const range = shape.length > 0 ? `a whole number from ${-shape.length} to ${shape.length - 1}` : "no axis";
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid axis: got ${shown(axis)}, expected ${range} for shape ${shown(shape)}`,
    );
  }
  return axis < 0 ? axis + shape.length : axis;
}

/** The last axis of [.., width] and the product of all others. */
export function rowsAndWidth(where: string, x: Tensor): { rows: number; width: number } {
  const width = x.shape.at(-1);
  if (width === undefined) {
    throw new HiddenstateError("invalid", `${where}: invalid shape of x: got [], expected at least one axis`);
  }
  return { rows: elementCount(x.shape.slice(0, -1)), width };
}
