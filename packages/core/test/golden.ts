import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runtime } from "../src/memory/runtime.ts";
import { Tensor, tensor } from "../src/memory/tensor.ts";

/** An array in a fixture: flat, row-major. */
export interface GoldenArray {
  shape: number[];
  data: number[];
}

/** How far off is allowed, and why: the format of fixtures/README.md. */
export interface Tolerance {
  f64: number;
  f32: number;
  f32Gradient: number;
  reason: string;
}

/**
 * Reads a fixture.
 * @param path below fixtures/, such as `"ops/linear.json"`
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what is in the file
export function loadFixture<T = Record<string, unknown>>(path: string): T & { name: string; tolerance: Tolerance } {
  const file = fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url));
  return JSON.parse(readFileSync(file, "utf8")) as T & { name: string; tolerance: Tolerance };
}

/** A fixture's array as a tensor of the current engine; `requiresGrad` where its gradient is to be compared. */
export function goldenTensor(array: GoldenArray, options: { requiresGrad?: boolean; dtype?: "int32" } = {}): Tensor {
  const result = tensor(array.data, array.shape, { dtype: options.dtype });
  result.requiresGrad = options.requiresGrad ?? false;
  return result;
}

/** The fixture's tolerances for the precision of the current engine. */
export function toleranceHere(tolerance: Tolerance): { forward: number; gradient: number } {
  return runtime().kernelSet.precision === "f64"
    ? { forward: tolerance.f64, gradient: tolerance.f64 }
    : { forward: tolerance.f32, gradient: tolerance.f32Gradient };
}

/**
 * Fails unless |a - b| <= tolerance * (1 + |b|) for every element, b the expected one, and the shapes are equal. NaN equals NaN only.
 *
 * @param actual a tensor (or null, a missing gradient, which always fails) or plain numbers
 * @param expected a fixture's array, a tensor or plain numbers; shapes are compared where both have one
 * @param what named in the failure
 */
export function expectClose(
  actual: Tensor | ArrayLike<number> | null,
  expected: GoldenArray | Tensor | ArrayLike<number>,
  tolerance: number,
  what = "values",
): void {
  if (!actual) throw new Error(`${what}: nothing there`);
  const got = numbersOf(actual);
  const wanted = numbersOf(expected);
  if (got.shape && wanted.shape && got.shape.join() !== wanted.shape.join()) {
    throw new Error(`${what}: got shape [${got.shape.join(", ")}], expected [${wanted.shape.join(", ")}]`);
  }
  if (got.data.length !== wanted.data.length) {
    throw new Error(`${what}: got ${got.data.length} numbers, expected ${wanted.data.length}`);
  }
  let worst = { excess: 0, place: -1 };
  for (let i = 0; i < wanted.data.length; i++) {
    const [a, b] = [got.data[i], wanted.data[i]];
    if (Object.is(a, b) || a === b) continue;
    const excess = Math.abs(a - b) / (tolerance * (1 + Math.abs(b)));
    if (!(excess <= 1) && !(excess <= worst.excess)) worst = { excess, place: i };
    if (Number.isNaN(excess)) break;
  }
  if (worst.place < 0) return;
  throw new Error(
    `${what}: element ${worst.place} is ${got.data[worst.place]}, expected ${wanted.data[worst.place]}: ` +
      `${worst.excess.toPrecision(3)} times the tolerance ${tolerance}`,
  );
}

function numbersOf(values: GoldenArray | Tensor | ArrayLike<number>): {
  shape: readonly number[] | null;
  data: ArrayLike<number>;
} {
  if (values instanceof Tensor) {
    return { shape: values.shape, data: values.exactDataSync() };
  }
  return "data" in values ? values : { shape: null, data: values };
}
