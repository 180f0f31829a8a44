import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { normal, weightedSum } from "../../../test/draws.ts";
import { expectClose } from "../../../test/golden.ts";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { LayerNorm } from "../../nn/layer-norm.ts";
import { checkGradients } from "../gradient-check.ts";
import { noGrad } from "../tape.ts";
import { mul } from "./binary.ts";
import { layerNorm } from "./layer-norm.ts";
import { mean } from "./reduce.ts";

describe.each(everyEngine)("layer norm on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("each row has mean 0 and variance 1", () => {
    const y = layerNorm(normal([5, 19]), null, null, 1e-9);
    expectClose(mean(y, { axis: -1 }), new Float64Array(5), 1e-6);
    expectClose(mean(mul(y, y), { axis: -1 }), new Float64Array(5).fill(1), 1e-5);
  });

  test("a constant row becomes the shift", () => {
    expectClose(layerNorm(tensor([7, 7, 7]), tensor([2, 2, 2]), tensor([1, 2, 3])), [1, 2, 3], 1e-6);
  });

  test("has the same bits on the tape and off it", () => {
    const module = new LayerNorm({ size: 33 });
    module.weight.assign(normal([33], 1).dataSync());
    const x = normal([4, 33]);
    const off = noGrad(() => module.forward(x)).exactDataSync();
    expect(module.forward(x).exactDataSync()).toEqual(off);
  });

  test("no rows are fine", () => {
    expect(layerNorm(tensor([], [0, 3]), null, null).shape).toEqual([0, 3]);
  });
});

describe("layer norm in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test.each([[[4]], [[3, 5]], [[2, 2, 3]]])("the gradients for shape %j are right", (shape) => {
    const [x, gain, shift] = [normal(shape), normal([shape.at(-1)!], 1), normal([shape.at(-1)!], 2)];
    checkGradients(() => weightedSum(layerNorm(x, gain, shift)), { x, gain, shift });
    checkGradients(() => weightedSum(layerNorm(x, null, null)), { x });
    checkGradients(() => weightedSum(mul(x, layerNorm(x, gain, null))), { x, gain });
  });

  test("sizes that do not fit are refused, with what is expected", () => {
    expect(() => layerNorm(normal([2, 3]), normal([2]), null)).toThrow(
      "layerNorm: mismatch in gain: got [2], expected [3]",
    );
    expect(() => new LayerNorm({ size: 4 }).forward(normal([2, 3]))).toThrow(
      "layerNorm.forward: mismatch in x: got [2, 3], expected [.., 4] (size 4)",
    );
  });
});
