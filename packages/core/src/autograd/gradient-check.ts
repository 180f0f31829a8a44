import { HiddenstateError } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { scope } from "../memory/scope.ts";
import { type Tensor, zeros } from "../memory/tensor.ts";
import { resolveOptions } from "../options.ts";
import { noGrad } from "./tape.ts";

export interface GradientCheckOptions {
  /** How far each number is moved to either side. Default 1e-5. */
  epsilon?: number;
  /** The largest error to pass. Default 1e-7. */
  tolerance?: number;
}

/** Where `backward` and the finite difference differ most. */
export interface GradientCheck {
  /** |analytic - numeric| / (1 + |numeric|) */
  error: number;
  /** The input's name (or its number in the list), and the element in it. */
  input: string;
  element: number;
  analytic: number;
  numeric: number;
}

/**
 * Compares `backward` with central finite differences, for every element of every input.
 *
 * dL/dx ≈ (L(x + ε) - L(x - ε)) / 2ε
 *
 * Inputs keep their numbers, their gradients and their `requiresGrad`. The engine must compute in f64: in f32 the differences
 * would be noise.
 *
 * @param fn computes a scalar from the inputs; run often, so it must give the same every time
 * @param inputs the tensors it depends on, in a list or by name
 * @returns the worst place
 * @throws HiddenstateError `mismatch` if the error there is above the tolerance (or NaN), `unsupported` in f32
 * @example
 * await engine.init({ backend: "reference", precision: "f64" });
 * checkGradients(() => sum(tanh(x)), { x });
 */
export function checkGradients(
  fn: () => Tensor,
  inputs: readonly Tensor[] | Readonly<Record<string, Tensor>>,
  options: GradientCheckOptions = {},
): GradientCheck {
  const { epsilon, tolerance } = resolveOptions("checkGradients", options, {
    epsilon: { type: "number", above: 0, default: 1e-5 },
    tolerance: { type: "number", above: 0, default: 1e-7 },
  });
  if (runtime().kernelSet.precision !== "f64") {
    throw new HiddenstateError(
      "unsupported",
      'checkGradients: unsupported precision "f32"; call engine.init({ backend: "reference", precision: "f64" }) first',
    );
  }
  const named = Object.entries(inputs);
  const analytic = analyticGradients(
    fn,
    named.map(([, tensor]) => tensor),
  );
  let worst: GradientCheck = { error: -1, input: "", element: 0, analytic: 0, numeric: 0 };
  named.forEach(([input, tensor], i) => {
    const numeric = finiteDifferences(fn, tensor, epsilon);
    for (let element = 0; element < tensor.size; element++) {
      const [a, b] = [analytic[i][element], numeric[element]];
      const error = Math.abs(a - b) / (1 + Math.abs(b));
      // A comparison the other way round would pass over NaN.
      if (!(error <= worst.error) && !Number.isNaN(worst.error))
        worst = { error, input, element, analytic: a, numeric: b };
    }
  });
  if (!(worst.error <= tolerance)) {
    throw new HiddenstateError(
      "mismatch",
      `checkGradients: mismatch in the gradient of ${worst.input}, element ${worst.element}: got ${worst.analytic}, ` +
        `expected ${worst.numeric} (error ${worst.error.toExponential(1)}, tolerance ${tolerance})`,
    );
  }
  return worst;
}

/** dL/d(input) as `backward` gives it; zeros where the function does not depend on an input. */
function analyticGradients(fn: () => Tensor, inputs: readonly Tensor[]): ArrayLike<number>[] {
  const before = inputs.map(({ grad, spareGrad, requiresGrad }) => ({ grad, spareGrad, requiresGrad }));
  for (const input of inputs) Object.assign(input, { grad: null, spareGrad: null, requiresGrad: true });
  try {
    return scope(() => {
      fn().backward();
      return inputs.map((input) => (input.grad ?? zeros(input.shape)).exactDataSync());
    });
  } finally {
    inputs.forEach((input, i) => {
      input.grad?.end();
      Object.assign(input, before[i]);
    });
  }
}

function finiteDifferences(fn: () => Tensor, input: Tensor, epsilon: number): number[] {
  const values = Float64Array.from(input.exactDataSync());
  const lossWith = (element: number, value: number): number => {
    input.assign(values.with(element, value));
    return noGrad(() => scope(() => fn().itemSync()));
  };
  const differences = Array.from(values, (value, element) => {
    const [below, above] = [value - epsilon, value + epsilon];
    return (lossWith(element, above) - lossWith(element, below)) / (above - below);
  });
  input.assign(values);
  return differences;
}
