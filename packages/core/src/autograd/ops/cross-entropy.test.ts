import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../../test/engines.ts";
import { integers, normal } from "../../../test/draws.ts";
import { expectClose } from "../../../test/golden.ts";
import { padTokens } from "../../data/padding.ts";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { checkGradients } from "../gradient-check.ts";
import { add, mul } from "./binary.ts";
import { crossEntropy } from "./cross-entropy.ts";

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("equal logits cost ln V nats", () => {
    expectClose(crossEntropy(tensor([7, 7, 7, 7], [1, 4]), [2]), tensor([Math.log(4)], []), 1e-6);
  });

  test("targets may be numbers, an Int32Array or an int32 tensor of any shape", () => {
    const logits = normal([2, 2, 3]);
    const loss = crossEntropy(logits, [0, 1, 2, 0]);
    expectClose(crossEntropy(logits, Int32Array.of(0, 1, 2, 0)), loss, 0);
    expectClose(crossEntropy(logits, integers([0, 1, 2, 0], [2, 2])), loss, 0);
  });

  test("the gradient does not change when a number is added to all logits of a row", () => {
    const gradient = (shift: number): Float32Array => {
      const logits = tensor([shift, shift + 2, shift - 1], [1, 3]);
      logits.requiresGrad = true;
      crossEntropy(logits, [0], { labelSmoothing: 0.1 }).backward();
      return logits.grad!.dataSync();
    };
    expect(gradient(1e6)).toEqual(gradient(0));
  });

  test("targets of a tensor are checked before a kernel follows them, such as padding that nobody ignores", () => {
    const logits = normal([4, 3]);
    const padded = integers([...padTokens([[1, 2], [0]]).values]);
    expect(() => crossEntropy(logits, padded)).toThrow(
      /invalid targets\[\d\]: got -1, expected a class from 0 to 2 or the ignoreIndex -100; padTokens pads with -1/,
    );
    expect(() => crossEntropy(logits, integers([0, 1, 3, 0]))).toThrow(/invalid targets\[2\]: got 3/);
    expect(crossEntropy(logits, padded, { ignoreIndex: -1 }).itemSync()).toBeGreaterThan(0);
  });

  test.each(["mean", "sum"] as const)("NaN in the logits of ignored rows changes nothing (%s)", (reduction) => {
    const values = normal([3, 4]).dataSync();
    const run = (middle: number): { loss: Float32Array; gradient: Float32Array } => {
      const logits = tensor(values.fill(middle, 4, 8), [3, 4]);
      logits.requiresGrad = true;
      const loss = crossEntropy(logits, [1, -100, 3], { reduction, labelSmoothing: 0.1 });
      loss.backward();
      return { loss: loss.dataSync(), gradient: logits.grad!.dataSync() };
    };
    expect(run(NaN)).toEqual(run(0));
    expect(run(NaN).gradient.subarray(4, 8)).toEqual(new Float32Array(4));
  });

  test.each(["mean", "sum"] as const)("no row that counts costs 0 and has gradient 0 (%s)", (reduction) => {
    const logits = tensor([1, NaN], [1, 2]);
    logits.requiresGrad = true;
    const loss = crossEntropy(logits, [-100], { reduction });
    loss.backward();
    expectClose(loss, [0], 0);
    expectClose(logits.grad, [0, 0], 0);
  });

  test("weights of 1 change no bit, and a weight of 0 makes a class cost nothing whatever its logits", () => {
    const logits = normal([3, 4]);
    const plain = crossEntropy(logits, [1, 0, 3], { labelSmoothing: 0.1 }).dataSync();
    expect(crossEntropy(logits, [1, 0, 3], { labelSmoothing: 0.1, weights: [1, 1, 1, 1] }).dataSync()).toEqual(plain);
    const impossible = tensor([-Infinity, 1, 2, -Infinity, 2, 1], [2, 3]);
    impossible.requiresGrad = true;
    const loss = crossEntropy(impossible, [1, 0], { labelSmoothing: 0.1, weights: [0, 1, 1] });
    loss.backward();
    expect([...loss.dataSync(), ...impossible.grad!.dataSync()].every(Number.isFinite)).toBe(true);
  });

  test("a mean is over the weights of the targets", () => {
    // -ln p of the targets: ln 2 (weight 3) and ln 4 (weight 1).
    const logits = tensor([0, 0, -Infinity, -Infinity, 0, 0, 0, 0], [2, 4]);
    const weights = [3, 5, 1, 7];
    expectClose(crossEntropy(logits, [0, 2], { weights }), [(3 * Math.log(2) + Math.log(4)) / 4], 1e-6);
    expectClose(crossEntropy(logits, [0, 2], { weights, reduction: "sum" }), [3 * Math.log(2) + Math.log(4)], 1e-6);
    expectClose(crossEntropy(logits, [0, 2], { weights: tensor([0, 1, 0, 1]) }), [0], 0);
  });

  test("nothing but the gradient is left after the way back", () => {
    const logits = normal([4, 3]);
    const before = engine.info().bytesInUse;
    crossEntropy(logits, [0, 1, 2, 0]).end();
    expect(engine.info().bytesInUse).toBe(before);
    logits.requiresGrad = true;
    const loss = crossEntropy(logits, [0, 1, 2, 0]);
    loss.backward();
    loss.end();
    logits.grad!.end();
    expect(engine.info().bytesInUse).toBe(before);
  });

  test("logits may be as large as they like", () => {
    const logits = tensor([1e4, -1e4, 0], [1, 3]);
    logits.requiresGrad = true;
    const loss = crossEntropy(logits, [1]);
    loss.backward();
    expectClose(loss, [2e4], 1e-6);
    expectClose(logits.grad, [1, -1, 0], 1e-6);
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  for (const reduction of ["mean", "sum"] as const) {
    test.each([0, 0.1, 0.9])(`the gradient of the ${reduction} with label smoothing %d is right`, (labelSmoothing) => {
      const logits = normal([4, 5]);
      const options = { reduction, labelSmoothing, ignoreIndex: 2 };
      checkGradients(() => crossEntropy(logits, [4, 2, 0, 4], options), { logits });
    });
  }

  test.each(["mean", "sum"] as const)("the gradient of the %s with class weights is right", (reduction) => {
    const logits = normal([4, 5]);
    const options = { reduction, labelSmoothing: 0.2, ignoreIndex: 2, weights: [1, 0.5, 0, 2, 3] };
    checkGradients(() => crossEntropy(logits, [4, 2, 0, 1], options), { logits });
    checkGradients(() => crossEntropy(logits, [4, 2, 0, 1], { ...options, labelSmoothing: 0 }), { logits });
  });

  test("the gradients of two losses of the same logits add up, each with its weight", () => {
    const logits = normal([2, 3]);
    checkGradients(() => add(mul(crossEntropy(logits, [0, 1]), 0.3), mul(crossEntropy(logits, [2, 2]), -2)), {
      logits,
    });
  });

  test("targets that are no classes are errors that name the place", () => {
    const logits = normal([2, 3]);
    expect(() => crossEntropy(logits, [0, 3])).toThrow(
      "crossEntropy: invalid targets[1]: got 3, expected a class from 0 to 2 or the ignoreIndex -100",
    );
    expect(() => crossEntropy(logits, [-1, 0])).toThrow("invalid targets[0]: got -1");
    expect(() => crossEntropy(logits, [0.5, 0])).toThrow("invalid targets[0]: got 0.5");
    expect(() => crossEntropy(logits, [NaN, 0])).toThrow("invalid targets[0]: got NaN");
    expect(() => crossEntropy(logits, [0])).toThrow("crossEntropy: mismatch in targets: got 1, expected 2");
    expect(() => crossEntropy(logits, normal([2]))).toThrow(
      "crossEntropy: invalid targets: got a tensor of dtype float",
    );
  });

  test("weights that are none are errors", () => {
    expect(() => crossEntropy(normal([1, 2]), [0], { weights: [1] })).toThrow(
      "crossEntropy: mismatch in weights: got 1, expected 2, one for each class",
    );
    expect(() => crossEntropy(normal([1, 2]), [0], { weights: [1, -1] })).toThrow("invalid weights[1]: got -1");
    expect(() => crossEntropy(normal([1, 2]), [0], { weights: [NaN, 1] })).toThrow("invalid weights[0]: got NaN");
  });

  test("options out of range are errors", () => {
    expect(() => crossEntropy(normal([1, 2]), [0], { labelSmoothing: 1 })).toThrow("at least 0 and below 1");
    // @ts-expect-error not a reduction
    expect(() => crossEntropy(normal([1, 2]), [0], { reduction: "none" })).toThrow("expected one of mean, sum");
    // @ts-expect-error PyTorch's spelling
    expect(() => crossEntropy(normal([1, 2]), [0], { ignore_index: 1 })).toThrow('did you mean "ignoreIndex"?');
  });
});
