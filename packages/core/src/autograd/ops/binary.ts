import { HiddenstateError } from "../../errors.ts";
import { binaryOperations } from "../../kernels/signatures/elementwise.ts";
import { runtime } from "../../memory/runtime.ts";
import { elementCount, empty, full, type Tensor } from "../../memory/tensor.ts";
import type { BackwardPass, GradientTarget } from "../backward.ts";
import { record } from "../tape.ts";
import { checkOperand } from "./operands.ts";
import { broadcastShapes, broadcastStrides, withPlan } from "./strides.ts";
import { sumTo } from "./sum-to.ts";

type Operation = (typeof binaryOperations)[number];

/**
 * Adds, element by element.
 *
 * y = a + b
 *
 * Shapes broadcast as in NumPy: aligned at the last axis, an axis of size 1 (or none) repeats. Either may be a number.
 *
 * @throws HiddenstateError `mismatch` if the shapes do not broadcast
 * @example
 * add(tensor([1, 2, 3, 4], [2, 2]), tensor([10, 20]));   // [[11, 22], [13, 24]]
 */
export function add(a: Tensor | number, b: Tensor | number): Tensor {
  return binary("add", a, b);
}

/**
 * Subtracts, element by element.
 *
 * y = a - b
 *
 * Shapes broadcast as in NumPy; either may be a number.
 *
 * @throws HiddenstateError `mismatch` if the shapes do not broadcast
 * @example
 * sub(1, gate);   // 1 - z, of the shape of z
 */
export function sub(a: Tensor | number, b: Tensor | number): Tensor {
  return binary("sub", a, b);
}

/**
 * Multiplies, element by element.
 *
 * y = a ⊙ b
 *
 * Shapes broadcast as in NumPy; either may be a number.
 *
 * @throws HiddenstateError `mismatch` if the shapes do not broadcast
 * @example
 * const loss = sum(mul(error, error));
 */
export function mul(a: Tensor | number, b: Tensor | number): Tensor {
  return binary("mul", a, b);
}

/**
 * Divides, element by element; by 0 as JavaScript does (Infinity or NaN).
 *
 * y = a / b
 *
 * Shapes broadcast as in NumPy; either may be a number.
 *
 * @throws HiddenstateError `mismatch` if the shapes do not broadcast
 * @example
 * div(x, 2);
 */
export function div(a: Tensor | number, b: Tensor | number): Tensor {
  return binary("div", a, b);
}

function binary(name: Operation, left: Tensor | number, right: Tensor | number): Tensor {
  const constants: Tensor[] = [];
  const a = operand(name, "a", left, constants);
  const b = operand(name, "b", right, constants);
  const y = empty(broadcastShapes(name, a.shape, b.shape));
  combine(name, { offset: y.offset, accumulate: 0 }, y.shape, a, b);
  record({
    name,
    inputs: [a, b],
    outputs: [y],
    saved: constants,
    backward: (pass) => addGradients(pass, name, a, b, y),
  });
  return y;
}

/** A tensor as it is, a number as a new scalar, noted in `constants`. */
function operand(where: string, name: string, value: Tensor | number, constants: Tensor[]): Tensor {
  if (typeof value !== "number") {
    checkOperand(where, name, value);
    return value;
  }
  if (Number.isNaN(value)) {
    throw new HiddenstateError("invalid", `${where}: invalid ${name}: got NaN, expected a tensor or a number`);
  }
  const constant = full([], value);
  constants.push(constant);
  return constant;
}

/** dL/da and dL/db: add [1, 1], sub [1, -1], mul [b, a], div [1/b, -y/b], each times dL/dy. */
function addGradients(pass: BackwardPass, name: Operation, a: Tensor, b: Tensor, y: Tensor): void {
  const gradY = { offset: pass.gradient(y), shape: y.shape };
  const linear = name === "add" || name === "sub";
  const toA = pass.target(a);
  if (toA && linear) sumTo(toA, a.shape, gradY.offset, y.shape);
  else if (toA) combineTo(name, toA, a.shape, gradY, b);

  const toB = pass.target(b);
  if (toB && linear) {
    sumTo(toB, b.shape, gradY.offset, y.shape, name === "sub" ? -1 : 1);
  } else if (toB && name === "mul") {
    combineTo("mul", toB, b.shape, gradY, a);
  } else if (toB) {
    const quotient = empty(y.shape);
    combine("div", { offset: quotient.offset, accumulate: 0 }, y.shape, gradY, b);
    combineTo("mul", toB, b.shape, quotient, y, -1);
    quotient.end();
  }
}

/** An array in the heap: a tensor, or a gradient. */
interface Operand {
  readonly offset: number;
  readonly shape: readonly number[];
}

/** target (+)= scale * (a op b), a of the full shape, summed over the axes along which the target's shape broadcasts. */
function combineTo(
  name: Operation,
  target: GradientTarget,
  shape: readonly number[],
  a: Operand,
  b: Operand,
  scale = 1,
): void {
  if (scale === 1 && elementCount(shape) === elementCount(a.shape)) return combine(name, target, a.shape, a, b);
  const term = empty(a.shape);
  combine(name, { offset: term.offset, accumulate: 0 }, a.shape, a, b);
  sumTo(target, shape, term.offset, a.shape, scale);
  term.end();
}

/** target (+)= a op b, both broadcast to `shape`. */
function combine(name: Operation, target: GradientTarget, shape: readonly number[], a: Operand, b: Operand): void {
  const { kernels } = runtime().kernelSet;
  const operation = binaryOperations.indexOf(name);
  const { offset: out, accumulate } = target;
  withPlan(shape, broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape), (plan) =>
    kernels.binary({ out, a: a.offset, b: b.offset, plan, operation, accumulate }),
  );
}
