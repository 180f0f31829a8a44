import { beforeAll, describe, expect, test } from "vitest";
import { normal } from "../../../test/draws.ts";
import { everyEngine } from "../../../test/engines.ts";
import { expectClose } from "../../../test/golden.ts";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { checkGradients } from "../gradient-check.ts";
import { huberLoss, meanSquaredError } from "./regression-loss.ts";

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("the squared error is the mean over all elements", () => {
    expectClose(meanSquaredError(tensor([1, 2, 3, 4], [2, 2]), tensor([1, 0, 3, 1], [2, 2])), [13 / 4], 1e-6);
  });

  test("the Huber loss is squared up to delta and linear beyond, on both sides", () => {
    const prediction = tensor([0.5, -1, 3, -4]);
    expectClose(huberLoss(prediction, tensor([0, 0, 0, 0])), [(0.125 + 0.5 + 2.5 + 3.5) / 4], 1e-6);
    expectClose(huberLoss(prediction, tensor([0, 0, 0, 0]), { delta: 2 }), [(0.125 + 0.5 + 4 + 6) / 4], 1e-6);
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test("gradients are right, to both sides", () => {
    const [prediction, target] = [normal([5, 3]), normal([5, 3], 1)];
    checkGradients(() => meanSquaredError(prediction, target), { prediction, target });
    checkGradients(() => huberLoss(prediction, target, { delta: 0.7 }), { prediction, target });
  });

  test("what does not fit is refused", () => {
    expect(() => meanSquaredError(normal([2, 1]), normal([2]))).toThrow(
      "meanSquaredError: mismatch in target: got [2], expected the prediction's shape [2, 1]",
    );
    expect(() => huberLoss(normal([2]), normal([2]), { delta: 0 })).toThrow("invalid delta: got 0");
  });
});
