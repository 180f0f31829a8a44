import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { allocateStorage } from "../../memory/storage.ts";

const planAxes = 6;

/** Distances in elements from one index to the next along each axis of a dense array. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides = Array.from(shape, () => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/** Strides that read an array as if it had the larger shape that it broadcasts to. */
export function broadcastStrides(shape: readonly number[], larger: readonly number[]): number[] {
  const own = denseStrides(shape);
  const added = larger.length - shape.length;
  return larger.map((_, axis) => (axis < added || shape[axis - added] === 1 ? 0 : own[axis - added]));
}

/**
 * The shape of `a op b` by NumPy's rules: aligned at the last axis, sizes are equal or one of them is 1.
 * @throws HiddenstateError `mismatch`
 */
export function broadcastShapes(where: string, a: readonly number[], b: readonly number[]): number[] {
  const axes = Math.max(a.length, b.length);
  return Array.from({ length: axes }, (_, axis) => {
    const sizeA = a[axis - axes + a.length] ?? 1;
    const sizeB = b[axis - axes + b.length] ?? 1;
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) {
      throw new HiddenstateError(
        "mismatch",
        `${where}: mismatch in shapes: got ${shown(a)} and ${shown(b)}, expected sizes that are equal or 1, ` +
          "counted from the last axis; reshape one of them",
      );
    }
    return sizeA === 1 ? sizeB : sizeA;
  });
}

/**
 * Runs a kernel with the plan of a walk over `sizes` with two sets of strides: axes that both can take in one stride are one
 * axis in the plan, so that its last axis is long.
 */
export function withPlan(
  sizes: readonly number[],
  first: readonly number[],
  second: readonly number[],
  run: (plan: number) => void,
): void {
  const merged: { size: number; first: number; second: number }[] = [];
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const step = { size: sizes[axis], first: first[axis], second: second[axis] };
    const inner = merged[0];
    if (step.size === 1) continue;
    if (inner && step.first === inner.first * inner.size && step.second === inner.second * inner.size) {
      inner.size *= step.size;
    } else {
      merged.unshift(step);
    }
  }
  while (merged.length < planAxes) merged.unshift({ size: 1, first: 0, second: 0 });
  const storage = allocateStorage(3 * planAxes * 4, [3 * planAxes]);
  runtime().kernelSet.writeInts(storage.offset, [
    ...merged.map((axis) => axis.size),
    ...merged.map((axis) => axis.first),
    ...merged.map((axis) => axis.second),
  ]);
  run(storage.offset);
  storage.release();
}
