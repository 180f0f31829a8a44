import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { expectClose, type GoldenArray, goldenTensor, loadFixture, toleranceHere } from "../../test/golden.ts";
import { engine } from "../engine.ts";
import { type Tensor, tensor, zeros } from "../memory/tensor.ts";
import { clipGradNorm, clipGradNormPerParameter, clipGradValue } from "./clip.ts";

interface Case {
  name: string;
  gradients: Record<string, GoldenArray>;
  clipped: Record<string, GoldenArray>;
}

function withGradient(gradient: Tensor): Tensor {
  const parameter = zeros(gradient.shape);
  parameter.requiresGrad = true;
  parameter.grad = gradient;
  return parameter;
}

function parametersOf(gradients: Record<string, GoldenArray>): Tensor[] {
  return Object.values(gradients).map((gradient) => withGradient(goldenTensor(gradient)));
}

const byNorm = loadFixture<{ cases: (Case & { maxNorm: number; norm: number })[] }>("optim/clip-norm.json");
const byValue = loadFixture<{ cases: (Case & { maxValue: number })[] }>("optim/clip-value.json");

describe.each(everyEngine)("clipping on $name", ({ options }) => {
  beforeAll(async () => {
    await engine.init(options);
  });

  test.each(byNorm.cases)("by the global norm: $name", ({ maxNorm, gradients, norm, clipped }) => {
    const parameters = parametersOf(gradients);
    const before = clipGradNorm(parameters, maxNorm);
    const { forward } = toleranceHere(byNorm.tolerance);
    expect(before.shape).toEqual([]);
    expectClose(before, [norm], forward, "norm");
    Object.entries(clipped).forEach(([key, wanted], i) => expectClose(parameters[i].grad, wanted, forward, key));
  });

  test.each(byValue.cases)("by value: $name", ({ maxValue, gradients, clipped }) => {
    const parameters = parametersOf(gradients);
    clipGradValue(parameters, maxValue);
    const { forward } = toleranceHere(byValue.tolerance);
    Object.entries(clipped).forEach(([key, wanted], i) => expectClose(parameters[i].grad, wanted, forward, key));
  });

  test("each parameter on its own", () => {
    const parameters = [withGradient(tensor([3, 4])), withGradient(tensor([0.25]))];
    const norms = clipGradNormPerParameter(parameters, 1);
    expect(norms.map((norm) => norm.itemSync())).toEqual([5, 0.25]);
    expectClose(parameters[0].grad, [0.6, 0.8], 1e-6);
    expectClose(parameters[1].grad, [0.25], 0);
  });

  test("a NaN in one gradient makes all of them NaN", () => {
    const parameters = [withGradient(tensor([NaN])), withGradient(tensor([1]))];
    expect(clipGradNorm(parameters, 1).itemSync()).toBeNaN();
    expect(parameters[1].grad!.itemSync()).toBeNaN();
  });
});

describe("clipping", () => {
  beforeEach(() => engine.init({ backend: "reference" }));

  test("counts a tied parameter once and leaves out those without a gradient", () => {
    const tied = withGradient(tensor([3, 4]));
    expect(clipGradNorm([tied, tied, zeros([2])], 10).itemSync()).toBe(5);
  });

  test("of nothing has the norm 0", () => {
    expect(clipGradNorm([], 1).itemSync()).toBe(0);
  });

  test.each([0, -1, NaN])("refuses the limit %s", (limit) => {
    expect(() => clipGradNorm([], limit)).toThrow(/clipGradNorm: invalid maxNorm: got .+, expected a number above 0/);
    expect(() => clipGradValue([], limit)).toThrow(/clipGradValue: invalid limit/);
    expect(() => clipGradNormPerParameter([], limit)).toThrow(/clipGradNormPerParameter: invalid maxNorm/);
  });
});
