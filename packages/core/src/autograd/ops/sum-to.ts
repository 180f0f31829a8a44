import { runtime } from "../../memory/runtime.ts";
import { elementCount, empty, type Tensor } from "../../memory/tensor.ts";
import type { GradientTarget } from "../backward.ts";

/** Neighbouring axes that are all summed over, or all kept. */
interface AxisGroup {
  size: number;
  summed: boolean;
}

/**
 * target (+)= scale * x, summed over the axes along which the target's shape broadcasts to x's: one call of reduceSum for
 * each run of such axes, innermost first.
 *
 * @param x offset of an array of shape `shape`
 * @param targetShape broadcasts to `shape`
 */
export function sumTo(
  target: GradientTarget,
  targetShape: readonly number[],
  x: number,
  shape: readonly number[],
  scale = 1,
): void {
  const { kernels } = runtime().kernelSet;
  const groups = groupAxes(shape, targetShape);
  let from = x;
  let temporary: Tensor | null = null;
  for (;;) {
    const last = groups.findLastIndex((group) => group.summed);
    const outer = elementCount(groups.slice(0, last).map((group) => group.size));
    const inner = elementCount(groups.slice(last + 1).map((group) => group.size));
    const reduced = groups[last]?.size ?? 1;
    if (last >= 0) groups.splice(last, 1);
    if (!groups.some((group) => group.summed)) {
      const { offset: out, accumulate } = target;
      kernels.reduceSum({ out, x: from, outer: last < 0 ? 1 : outer, reduced, inner, scale, accumulate });
      temporary?.end();
      return;
    }
    const partial = empty([outer, inner]);
    kernels.reduceSum({ out: partial.offset, x: from, outer, reduced, inner, scale: 1, accumulate: 0 });
    temporary?.end();
    temporary = partial;
    from = partial.offset;
  }
}

function groupAxes(shape: readonly number[], targetShape: readonly number[]): AxisGroup[] {
  const added = shape.length - targetShape.length;
  const groups: AxisGroup[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const summed = axis < added || targetShape[axis - added] === 1;
    const group = groups.at(-1);
    if (group?.summed === summed) group.size *= size;
    else groups.push({ size, summed });
  });
  return groups;
}
