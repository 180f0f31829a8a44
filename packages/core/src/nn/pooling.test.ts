import { beforeAll, describe, expect, test } from "vitest";
import { normal, weightedSum } from "../../test/draws.ts";
import { everyEngine } from "../../test/engines.ts";
import { expectClose } from "../../test/golden.ts";
import { checkGradients } from "../autograd/gradient-check.ts";
import { engine } from "../engine.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { AttentionPooling } from "./attention-pooling.ts";
import { lastState, maxOverTime, meanOverTime } from "./pooling.ts";

const width = 6;
const lengths = [3, 0, 5, 1];

type Pool = (x: Tensor, lengths?: readonly number[]) => Tensor;
/** Made anew for each engine; attention has parameters. */
const pools: [name: string, make: () => { pool: Pool; parameters: Tensor[] }][] = [
  ["last state", () => ({ pool: (x, valid) => lastState(x, valid), parameters: [] })],
  ["last state of two directions", () => ({ pool: (x, valid) => lastState(x, valid, 2), parameters: [] })],
  ["mean", () => ({ pool: meanOverTime, parameters: [] })],
  ["max", () => ({ pool: maxOverTime, parameters: [] })],
  [
    "attention",
    () => {
      const attention = new AttentionPooling({ inputSize: width, attentionSize: 3, name: "attention" });
      return { pool: (x, valid) => attention.forward(x, valid), parameters: attention.parameters() };
    },
  ],
];

/** x [T, B, F] whose padding holds a number. */
function padded(padding: number, steps: number): Tensor {
  const batch = lengths.length;
  const values = normal([8, batch, width])
    .exactDataSync()
    .subarray(0, steps * batch * width);
  lengths.forEach((length, b) => {
    for (let t = length; t < steps; t++) values.fill(padding, (t * batch + b) * width, (t * batch + b + 1) * width);
  });
  return tensor(values, [steps, batch, width]);
}

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  describe.each(pools)("%s", (_, make) => {
    function run(x: Tensor, valid: readonly number[] = lengths): ArrayLike<number>[] {
      const { pool, parameters } = make();
      x.requiresGrad = true;
      const pooled = pool(x, valid);
      weightedSum(pooled).backward();
      const gradients = parameters.map((parameter) => parameter.grad!.exactDataSync());
      return [pooled.exactDataSync(), x.grad!.exactDataSync(), ...gradients];
    }

    test("padding of NaN changes no bit", () => {
      expect(run(padded(NaN, 5))).toEqual(run(padded(0, 5)));
    });

    test("longer padding changes no bit", () => {
      const [short, long] = [run(padded(1, 5)), run(padded(1, 8))];
      expect(long[0]).toEqual(short[0]);
      expect(long[1].length).toBeGreaterThan(short[1].length);
      expect(Array.from(long[1]).slice(0, short[1].length)).toEqual(Array.from(short[1]));
      expect(long.slice(2)).toEqual(short.slice(2));
    });

    test("a sequence alone has the bits it has in a batch", () => {
      const x = padded(0, 5);
      const values = x.exactDataSync();
      const [together] = run(x);
      lengths.forEach((length, b) => {
        const own = Array.from({ length: length * width }, (_unused, i) => {
          const t = Math.floor(i / width);
          return values[(t * lengths.length + b) * width + (i % width)];
        });
        const { pool } = make();
        const alone = pool(tensor(own, [length, 1, width])).exactDataSync();
        expect(Array.from(alone)).toEqual(Array.from(together).slice(b * width, (b + 1) * width));
      });
    });

    test("a sequence of length 0 gives zeros", () => {
      const [pooled] = run(padded(NaN, 5));
      expect(Array.from(pooled).slice(width, 2 * width)).toEqual(Array(width).fill(0));
    });
  });

  test("the last state of two directions is the end of the one and the start of the other", () => {
    const x = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [3, 2, 2]);
    expectClose(lastState(x, [3, 2], 2), tensor([9, 2, 7, 4], [2, 2]), 0);
    expectClose(lastState(x, [3, 2]), tensor([9, 10, 7, 8], [2, 2]), 0);
  });

  test("the mean is over each sequence's own steps", () => {
    const x = tensor([1, 2, 3, 4, 5, 6], [3, 2, 1]);
    expectClose(meanOverTime(x, [3, 1]), tensor([3, 2], [2, 1]), 1e-6);
    expectClose(meanOverTime(x), tensor([3, 4], [2, 1]), 1e-6);
  });

  test("the maximum is over each sequence's own steps, and its gradient goes to the first step that has it", () => {
    const x = tensor([-1, 5, -3, 9, -1, 7], [3, 2, 1]);
    x.requiresGrad = true;
    const y = maxOverTime(x, [3, 1]);
    expectClose(y, tensor([-1, 5], [2, 1]), 0);
    weightedSum(y).backward();
    const [first, second] = normal([2, 1], 99).exactDataSync();
    expectClose(x.grad, tensor([first, second, 0, 0, 0, 0], [3, 2, 1]), 0);
    expectClose(maxOverTime(tensor([1, NaN, 2], [3, 1, 1])), [NaN], 0);
  });

  test("attention's weights add up to 1 over each sequence's own steps", () => {
    const attention = new AttentionPooling({ inputSize: width });
    const weights = attention.weights(padded(NaN, 5), lengths).dataSync();
    lengths.forEach((length, b) => {
      const own = weights.subarray(b * 5, b * 5 + length);
      const rest = weights.subarray(b * 5 + length, (b + 1) * 5);
      expect(own.reduce((total, weight) => total + weight, 0)).toBeCloseTo(length === 0 ? 0 : 1, 5);
      expect([...rest].every((weight) => weight === 0)).toBe(true);
    });
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test.each(pools)("the gradient of %s is right", (_, make) => {
    const { pool, parameters } = make();
    const x = padded(0, 5);
    checkGradients(() => weightedSum(pool(x, lengths)), [x, ...parameters]);
  });

  test("what does not fit is refused", () => {
    expect(() => meanOverTime(normal([2, 3]))).toThrow("meanOverTime: mismatch in x: got [2, 3], expected [T, B, F]");
    expect(() => meanOverTime(normal([2, 3, 1]), [1, 2])).toThrow("meanOverTime: mismatch in lengths: got 2 numbers");
    expect(() => lastState(normal([2, 1, 3]), [3])).toThrow("lastState: invalid lengths[0]: got 3");
    expect(() => lastState(normal([2, 1, 3]), [2], 2)).toThrow("expected [T, B, D*H] with D = 2");
  });
});
