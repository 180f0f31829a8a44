import { unaryOperations } from "../../kernels/signatures/elementwise.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import { record } from "../tape.ts";
import { checkOperand } from "./operands.ts";

/**
 * The hyperbolic tangent, element by element.
 *
 * y = tanh(x), between -1 and 1; dL/dx = dL/dy ⊙ (1 - y²)
 *
 * @throws HiddenstateError `invalid` if x is no tensor of real numbers
 * @example
 * tanh(tensor([0, 1]));   // [0, 0.7616]
 */
export function tanh(x: Tensor): Tensor {
  return unary("tanh", x);
}

/**
 * The logistic function, element by element.
 *
 * y = 1 / (1 + exp(-x)), between 0 and 1; dL/dx = dL/dy ⊙ y ⊙ (1 - y)
 *
 * @throws HiddenstateError `invalid` if x is no tensor of real numbers
 * @example
 * sigmoid(tensor([0, 2]));   // [0.5, 0.8808]
 */
export function sigmoid(x: Tensor): Tensor {
  return unary("sigmoid", x);
}

/**
 * The rectifier, element by element.
 *
 * y = max(x, 0); dL/dx = dL/dy where x > 0, else 0 (also at x = 0)
 *
 * @throws HiddenstateError `invalid` if x is no tensor of real numbers
 * @example
 * relu(tensor([-1, 2]));   // [0, 2]
 */
export function relu(x: Tensor): Tensor {
  return unary("relu", x);
}

/**
 * The Gaussian error linear unit, element by element, in its tanh form: a smooth rectifier.
 *
 * y = x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
 *
 * @throws HiddenstateError `invalid` if x is no tensor of real numbers
 *
 * Source: Hendrycks & Gimpel, "Gaussian error linear units (GELUs)", 2016.
 *
 * @example
 * gelu(tensor([-1, 0, 1]));   // [-0.1588, 0, 0.8412]
 */
export function gelu(x: Tensor): Tensor {
  return unary("gelu", x);
}

/**
 * The exponential function, element by element.
 *
 * y = e^x; dL/dx = dL/dy ⊙ y
 *
 * @throws HiddenstateError `invalid` if x is no tensor of real numbers
 * @example
 * exp(tensor([0, 1]));   // [1, 2.7183]
 */
export function exp(x: Tensor): Tensor {
  return unary("exp", x);
}

/**
 * The natural logarithm, element by element: -Infinity at 0, NaN below.
 *
 * y = ln x; dL/dx = dL/dy / x
 *
 * @throws HiddenstateError `invalid` if x is no tensor of real numbers
 * @example
 * log(tensor([1, Math.E]));   // [0, 1]
 */
export function log(x: Tensor): Tensor {
  return unary("log", x);
}

function unary(name: (typeof unaryOperations)[number], x: Tensor): Tensor {
  checkOperand(name, "x", x);
  const { kernels } = runtime().kernelSet;
  const operation = unaryOperations.indexOf(name);
  const count = x.size;
  const y = empty(x.shape);
  kernels.unary({ out: y.offset, x: x.offset, count, operation });
  record({
    name,
    inputs: [x],
    outputs: [y],
    backward: (pass) => {
      const target = pass.target(x);
      if (!target) return;
      const { offset: gradX, accumulate } = target;
      kernels.unaryBackward({ gradX, gradY: pass.gradient(y), x: x.offset, y: y.offset, count, operation, accumulate });
    },
  });
  return y;
}
