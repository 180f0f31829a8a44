import type { KernelArguments } from "../kernels.ts";
import { binaryOperations, unaryOperations } from "../signatures/elementwise.ts";
import type { ReferenceHeap } from "./heap.ts";

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** max(x, 0), with NaN staying NaN. */
export function relu(x: number): number {
  return x <= 0 ? 0 : x;
}

/** 2 sqrt(2 / pi), and the weight of the cube, in GELU's tanh approximation. */
const [geluSlope, geluCube] = [2 * Math.sqrt(2 / Math.PI), 0.044715];

/** x sigmoid(2u) = x/2 (1 + tanh u), u = sqrt(2 / pi) (x + 0.044715 x^3) (Hendrycks & Gimpel 2016). */
function gelu(x: number): number {
  return x * sigmoid(geluSlope * x * (1 + geluCube * x * x));
}

/** Farther out than 12 the slope is 0 or 1. */
function geluSlopeAt(x: number): number {
  const c = Math.max(-12, Math.min(12, x));
  const s = sigmoid(geluSlope * c * (1 + geluCube * c * c));
  return s + c * s * (1 - s) * geluSlope * (1 + 3 * geluCube * c * c);
}

type UnaryOperation = (typeof unaryOperations)[number];
type BinaryOperation = (typeof binaryOperations)[number];

const functions: Record<UnaryOperation, (x: number) => number> = {
  tanh: Math.tanh,
  sigmoid,
  relu,
  exp: Math.exp,
  log: Math.log,
  gelu,
};

/** dL/dx from dL/dy, x and y = f(x). A select where f is flat, so that an infinite dL/dy does not become NaN there. */
const gradients: Record<UnaryOperation, (gradY: number, x: number, y: number) => number> = {
  tanh: (gradY, _x, y) => gradY * (1 - y * y),
  sigmoid: (gradY, _x, y) => gradY * y * (1 - y),
  relu: (gradY, x) => (x <= 0 ? 0 : gradY),
  exp: (gradY, _x, y) => gradY * y,
  log: (gradY, x) => gradY / x,
  gelu: (gradY, x) => gradY * geluSlopeAt(x),
};

const combinations: Record<BinaryOperation, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
};

export function fill(heap: ReferenceHeap, args: KernelArguments<"fill">): void {
  const out = heap.at(args.out);
  heap.floats.fill(args.value, out, out + args.count);
}

export function unary(heap: ReferenceHeap, args: KernelArguments<"unary">): void {
  const f = heap.floats;
  const out = heap.at(args.out);
  const x = heap.at(args.x);
  const apply = functions[unaryOperations[args.operation]];
  for (let i = 0; i < args.count; i++) f[out + i] = apply(f[x + i]);
}

export function unaryBackward(heap: ReferenceHeap, args: KernelArguments<"unaryBackward">): void {
  const f = heap.floats;
  const gradX = heap.at(args.gradX);
  const gradY = heap.at(args.gradY);
  const x = heap.at(args.x);
  const y = heap.at(args.y);
  const gradient = gradients[unaryOperations[args.operation]];
  for (let i = 0; i < args.count; i++) {
    const sum = args.accumulate ? f[gradX + i] : 0;
    f[gradX + i] = sum + gradient(f[gradY + i], f[x + i], f[y + i]);
  }
}

/** The six sizes and two times six strides of a plan. */
function readPlan(heap: ReferenceHeap, plan: number): [sizes: Int32Array, first: Int32Array, second: Int32Array] {
  const at = heap.intAt(plan);
  return [heap.ints.slice(at, at + 6), heap.ints.slice(at + 6, at + 12), heap.ints.slice(at + 12, at + 18)];
}

/** Calls visit with the two element positions of every index of a box, the last axis fastest. */
function visitBox(
  sizes: ArrayLike<number>,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  visit: (first: number, second: number) => void,
): void {
  const walk = (axis: number, at: number, other: number): void => {
    if (axis === sizes.length) return visit(at, other);
    for (let i = 0; i < sizes[axis]; i++) walk(axis + 1, at + i * first[axis], other + i * second[axis]);
  };
  walk(0, 0, 0);
}

export function binary(heap: ReferenceHeap, args: KernelArguments<"binary">): void {
  const f = heap.floats;
  const a = heap.at(args.a);
  const b = heap.at(args.b);
  const combine = combinations[binaryOperations[args.operation]];
  const [sizes, aStrides, bStrides] = readPlan(heap, args.plan);
  let out = heap.at(args.out);
  visitBox(sizes, aStrides, bStrides, (i, j) => {
    const sum = args.accumulate ? f[out] : 0;
    f[out++] = sum + combine(f[a + i], f[b + j]);
  });
}

export function stridedCopy(heap: ReferenceHeap, args: KernelArguments<"stridedCopy">): void {
  const f = heap.floats;
  const out = heap.at(args.out);
  const x = heap.at(args.x);
  const [sizes, outStrides, xStrides] = readPlan(heap, args.plan);
  // Axes that are summed over (out does not move along them) become the inner loop, so that a sum is one chain in double.
  const summed = [...outStrides].map((stride) => args.accumulate !== 0 && stride === 0);
  const kept = sizes.map((size, axis) => (summed[axis] ? 1 : size));
  const inner = sizes.map((size, axis) => (summed[axis] ? size : 1));
  visitBox(kept, outStrides, xStrides, (i, j) => {
    let sum = args.accumulate ? f[out + i] : 0;
    visitBox(inner, outStrides, xStrides, (_, l) => (sum += f[x + j + l]));
    f[out + i] = sum;
  });
}

export function reduceSum(heap: ReferenceHeap, args: KernelArguments<"reduceSum">): void {
  const { outer, reduced, inner } = args;
  const f = heap.floats;
  const out = heap.at(args.out);
  const x = heap.at(args.x);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let sum = 0;
      for (let r = 0; r < reduced; r++) sum += f[x + (o * reduced + r) * inner + i];
      const start = args.accumulate ? f[out + o * inner + i] : 0;
      f[out + o * inner + i] = start + args.scale * sum;
    }
  }
}
