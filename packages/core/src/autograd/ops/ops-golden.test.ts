import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { expectClose, type GoldenArray, goldenTensor, loadFixture, toleranceHere } from "../../../test/golden.ts";
import { engine } from "../../engine.ts";
import type { Tensor } from "../../memory/tensor.ts";
import { add, mul, sub } from "./binary.ts";
import { concat } from "./concat.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { embedding } from "./embedding.ts";
import { layerNorm } from "./layer-norm.ts";
import { linear } from "./linear.ts";
import { matmul } from "./matmul.ts";
import { mean, sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { slice } from "./slice.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { transpose } from "./transpose.ts";
import { gelu, relu, sigmoid, tanh } from "./unary.ts";

interface OperationCase {
  op: string;
  name: string;
  options: { axes: number[]; shape: number[]; axis: number; parts?: string[]; ids: GoldenArray };
  inputs: Record<string, GoldenArray>;
  output: GoldenArray;
  upstream: GoldenArray;
  gradients: Record<string, GoldenArray>;
}

interface LossCase {
  name: string;
  ignoreIndex: number;
  labelSmoothing: number;
  reduction: "mean" | "sum";
  logits: GoldenArray;
  targets: GoldenArray;
  weights?: GoldenArray;
  loss: number;
  gradient: GoldenArray;
}

const operations: Record<string, (x: Record<string, Tensor>, options: OperationCase["options"]) => Tensor> = {
  add: ({ a, b }) => add(a, b),
  sub: ({ a, b }) => sub(a, b),
  mul: ({ a, b }) => mul(a, b),
  tanh: ({ x }) => tanh(x),
  sigmoid: ({ x }) => sigmoid(x),
  relu: ({ x }) => relu(x),
  gelu: ({ x }) => gelu(x),
  embedding: ({ weight }, { ids }) => embedding(weight, goldenTensor(ids, { dtype: "int32" })),
  linear: ({ x, weight, bias }) => linear(x, weight, bias ?? null),
  layerNorm: ({ x, weight, bias }) => layerNorm(x, weight ?? null, bias ?? null),
  matmul: ({ a, b }) => matmul(a, b),
  sum: ({ x }, options) => sum(x, options),
  mean: ({ x }, options) => mean(x, options),
  concat: (inputs, { parts = Object.keys(inputs), axis }) =>
    concat(
      parts.map((name) => inputs[name]),
      axis,
    ),
  slice: ({ x }, options) => slice(x, options),
  transpose: ({ x }, { axes }) => transpose(x, axes),
  reshape: ({ x }, { shape }) => reshape(x, shape),
  softmax: ({ x }) => softmax(x),
  logSoftmax: ({ x }) => logSoftmax(x),
};

const files = ["broadcast", "elementwise", "embedding", "layer-norm", "linear", "matmul", "reduce", "shape", "softmax"];

describe.each(everyEngine)("golden numbers on $name", ({ options: engineOptions }) => {
  beforeAll(() => engine.init(engineOptions));

  for (const file of files) {
    const { cases, tolerance } = loadFixture<{ cases: OperationCase[] }>(`ops/${file}.json`);
    for (const { op, name, options, inputs, output, upstream, gradients } of cases) {
      test(`${op}, ${name}: output and gradients are PyTorch's`, () => {
        const allowed = toleranceHere(tolerance);
        const tensors = Object.fromEntries(
          Object.entries(inputs).map(([key, array]) => [key, goldenTensor(array, { requiresGrad: key in gradients })]),
        );
        engine.scope(() => {
          const y = operations[op](tensors, options);
          expectClose(y, output, allowed.forward, "output");
          sum(mul(y, goldenTensor(upstream))).backward();
        });
        for (const [key, gradient] of Object.entries(gradients)) {
          expectClose(tensors[key].grad, gradient, allowed.gradient, `gradient of ${key}`);
        }
      });
    }
  }

  const { cases, tolerance } = loadFixture<{ cases: LossCase[] }>("loss/cross-entropy.json");
  for (const { name, logits, targets, loss, gradient, ...options } of cases) {
    test(`cross-entropy, ${name}: loss and gradient are PyTorch's`, () => {
      const allowed = toleranceHere(tolerance);
      const { ignoreIndex, labelSmoothing, reduction, weights } = options;
      const x = goldenTensor(logits, { requiresGrad: true });
      const y = crossEntropy(x, targets.data, { ignoreIndex, labelSmoothing, reduction, weights: weights?.data });
      expect(y.shape).toEqual([]);
      expectClose(y, [loss], allowed.forward, "loss");
      y.backward();
      expectClose(x.grad, gradient, allowed.gradient, "gradient of the logits");
    });
  }
});
