import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { checkGradients } from "../autograd/gradient-check.ts";
import { mul } from "../autograd/ops/binary.ts";
import { concat } from "../autograd/ops/concat.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { noGrad } from "../autograd/tape.ts";
import { engine } from "../engine.ts";
import { Random, randomKey } from "../memory/random.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import type { TransformerState } from "./attention-cache.ts";
import { Transformer, type TransformerOptions } from "./transformer.ts";

const inputSize = 5;
const shape = { inputSize, hiddenSize: 24, heads: 2, name: "network" };

function numbers(count: number, key = "x"): Float64Array {
  const random = new Random(randomKey(3, "test", key));
  return Float64Array.from({ length: count }, () => random.normal());
}

function input(steps: number, batch: number, width = inputSize): Tensor {
  return tensor(numbers(steps * batch * width), [steps, batch, width]);
}

/** The steps `from` up to `end` of x [T, B, F]. */
function part(x: Tensor, from: number, end: number): Tensor {
  const [, batch, width] = x.shape as [number, number, number];
  const values = x.exactDataSync().subarray(from * batch * width, end * batch * width);
  return tensor(values, [end - from, batch, width]);
}

describe.each(everyEngine)("a causal Transformer on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("positions past the end of the sequence change no gradient, however many", () => {
    const x = Array.from({ length: 40 }, (_, i) => Math.sin(i * i));
    const gradients = [5, 2 ** 31 - 1].map((positions) => {
      const transformer = new Transformer({ inputSize: 8, hiddenSize: 8, heads: 2, layers: 1, positions, name: "t" });
      const { output } = transformer.forward(tensor(x, [5, 1, 8]));
      sum(mul(output, tensor(x.toReversed(), [5, 1, 8]))).backward();
      return transformer.stateDict().get("layers.0.self_attn.in_proj_weight")!.grad!.dataSync();
    });
    expect(gradients[1]).toEqual(gradients[0]);
    const sizes = { inputSize: 8, hiddenSize: 8, heads: 2 };
    expect(() => new Transformer({ ...sizes, positions: 2 ** 31 })).toThrow(/invalid positions: got 2147483648/);
  });

  test.each([3, 8, 64])("with %i positions has the same bits whole, in chunks and step by step", (positions) => {
    const network = new Transformer({ ...shape, positions });
    const [steps, batch] = [23, 3];
    const x = input(steps, batch);
    noGrad(() => {
      const whole = [...network.forward(x).output.exactDataSync()];
      const inChunks: number[] = [];
      let state: TransformerState | undefined;
      for (const [from, end] of [
        [0, 1],
        [1, 8],
        [8, 10],
        [10, 23],
      ]) {
        const result = network.forward(part(x, from, end), { state });
        inChunks.push(...result.output.exactDataSync());
        state = result.state;
      }
      expect(inChunks).toEqual(whole);
      expect(state!.h.shape[2]).toBe(Math.min(positions - 1, steps));

      const stepwise: number[] = [];
      let after: TransformerState | undefined;
      for (let t = 0; t < steps; t++) {
        const xt = tensor(part(x, t, t + 1).exactDataSync(), [batch, inputSize]);
        const result = network.step(xt, after);
        stepwise.push(...result.output.exactDataSync());
        after = result.state;
      }
      expect(stepwise).toEqual(whole);
      expect([...after!.h.exactDataSync()]).toEqual([...state!.h.exactDataSync()]);
    });
  });

  test("goes on from sequences of various lengths, each with the bits it has alone", () => {
    const network = new Transformer({ ...shape, positions: 6 });
    const lengths = [4, 0, 9, 1];
    const x = input(9, 4);
    const more = tensor(numbers(5 * 4 * inputSize, "more"), [5, 4, inputSize]);
    noGrad(() => {
      const first = network.forward(x, { lengths });
      const second = network.forward(more, { state: first.state, lengths: [5, 3, 2, 5] });
      const outputs = second.output.exactDataSync();
      lengths.forEach((length, b) => {
        const column = (all: Tensor, steps: number): Tensor => {
          const values = all.exactDataSync();
          const at = (t: number): number => (t * 4 + b) * inputSize;
          const rows = Array.from({ length: steps }, (_, t) => [...values.subarray(at(t), at(t) + inputSize)]);
          return tensor(rows.flat(), [steps, 1, inputSize]);
        };
        const ofMore = [5, 3, 2, 5][b];
        const alone = network.forward(column(x, length));
        const then = network.forward(column(more, ofMore), { state: alone.state }).output.exactDataSync();
        for (let t = 0; t < ofMore; t++) {
          const own = outputs.subarray((t * 4 + b) * 24, (t * 4 + b + 1) * 24);
          expect([...own]).toEqual([...then.subarray(t * 24, (t + 1) * 24)]);
        }
      });
    });
  });
});

describe.each(everyEngine)("a Transformer that looks both ways on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test("takes nothing from the padding, not even NaN, and gives it no gradient", () => {
    const network = new Transformer({ ...shape, causal: false });
    const lengths = [7, 2, 0, 5];
    const clean = input(7, 4);
    const spoilt = tensor(
      clean
        .exactDataSync()
        .map((value, i) => (Math.floor(i / (4 * inputSize)) < lengths[Math.floor(i / inputSize) % 4] ? value : NaN)),
      clean.shape,
    );
    const run = (x: Tensor): { output: number[]; gradients: number[][] } => {
      x.requiresGrad = true;
      for (const parameter of network.parameters()) parameter.grad = null;
      const { output } = network.forward(x, { lengths });
      sum(mul(output, tensor(numbers(output.size, "weights"), output.shape))).backward();
      const all = [...network.parameters(), x].map(({ grad }) => [...grad!.exactDataSync()]);
      return { output: [...output.exactDataSync()], gradients: all };
    };
    const [withNumbers, withNaN] = [run(clean), run(spoilt)];
    expect(withNaN).toEqual(withNumbers);
    expect(withNaN.output.every(Number.isFinite)).toBe(true);
    const ofX = withNaN.gradients.at(-1)!;
    const ofPadding = ofX.filter((_, i) => Math.floor(i / (4 * inputSize)) >= lengths[Math.floor(i / inputSize) % 4]);
    expect(ofPadding.every((value) => value === 0)).toBe(true);
    expect(ofPadding.length).toBe(14 * inputSize);
  });

  test("gives each sequence the bits it has alone", () => {
    const network = new Transformer({ ...shape, causal: false });
    const x = input(6, 2);
    noGrad(() => {
      const together = network.forward(x, { lengths: [6, 4] }).output.exactDataSync();
      const values = x.exactDataSync();
      const second = Array.from({ length: 4 }, (_, t) => [
        ...values.subarray((t * 2 + 1) * inputSize, (t * 2 + 2) * inputSize),
      ]);
      const alone = network.forward(tensor(second.flat(), [4, 1, inputSize])).output.exactDataSync();
      const own = Array.from({ length: 4 }, (_, t) => [...together.subarray((t * 2 + 1) * 24, (t * 2 + 2) * 24)]);
      expect(own.flat()).toEqual([...alone]);
    });
  });
});

describe("a Transformer's gradients are those of finite differences", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  const cases: { what: string; options: Partial<TransformerOptions>; lengths?: number[] }[] = [
    { what: "causal", options: {} },
    { what: "causal, few positions, lengths", options: { positions: 2 }, lengths: [4, 0, 2] },
    { what: "both ways, ReLU, lengths", options: { causal: false, activation: "relu" }, lengths: [3, 4, 1] },
    { what: "as wide as its input, three heads, narrow inside", options: { inputSize: 12, heads: 3, feedForward: 5 } },
  ];
  test.each(cases)("$what", ({ options, lengths }) => {
    const network = new Transformer({ inputSize, hiddenSize: 12, heads: 2, layers: 2, name: "network", ...options });
    const x = input(4, 3, network.options.inputSize);
    x.requiresGrad = true;
    const weights = tensor(numbers(4 * 3 * 12, "weights"), [4, 3, 12]);
    const inputs = { x, ...Object.fromEntries(network.stateDict()) };
    checkGradients(() => sum(mul(network.forward(x, { lengths }).output, weights)), inputs);
  });

  test.each([2, 64])("through states, with %i positions and various lengths", (positions) => {
    const network = new Transformer({
      inputSize,
      hiddenSize: 4,
      heads: 1,
      layers: 2,
      feedForward: 4,
      positions,
      name: "network",
    });
    const parts = ["first", "second", "third"].map((name) => {
      const x = tensor(numbers(2 * 3 * inputSize, name), [2, 3, inputSize]);
      x.requiresGrad = true;
      return x;
    });
    const weights = tensor(numbers(2 * 3 * 4, "weights"), [2, 3, 4]);
    const loss = (): Tensor => {
      const first = network.forward(parts[0], { lengths: [2, 0, 1] });
      const second = network.forward(parts[1], { state: first.state, lengths: [1, 2, 2] });
      return sum(mul(network.forward(parts[2], { state: second.state }).output, weights));
    };
    const [first, second, third] = parts;
    checkGradients(loss, { first, second, third, ...Object.fromEntries(network.stateDict()) });
  });

  test("step by step, as over the whole sequence; a state that is detached cuts them", () => {
    const network = new Transformer({ ...shape, positions: 4 });
    const x = input(7, 2);
    const gradientsOf = (output: (from: Tensor) => Tensor): number[][] => {
      for (const parameter of network.parameters()) parameter.grad = null;
      const all = output(x);
      sum(mul(all, tensor(numbers(all.size, "weights"), all.shape))).backward();
      return network.parameters().map(({ grad }) => [...grad!.exactDataSync()]);
    };
    const stepwise = (cut: boolean) => (): Tensor => {
      let state: TransformerState | undefined;
      const outputs: Tensor[] = [];
      for (let t = 0; t < 7; t++) {
        const next = network.step(tensor(part(x, t, t + 1).exactDataSync(), [2, inputSize]), state);
        outputs.push(reshape(next.output, [1, 2, 24]));
        state = cut ? { h: next.state.h.detach(), positions: next.state.positions } : next.state;
      }
      return concat(outputs, 0);
    };
    const whole = gradientsOf((from) => network.forward(from).output);
    const largestOff = (gradients: number[][]): number =>
      Math.max(...gradients.flatMap((values, i) => values.map((value, j) => Math.abs(value - whole[i][j]))));
    expect(largestOff(gradientsOf(stepwise(false)))).toBeLessThan(1e-9);
    expect(largestOff(gradientsOf(stepwise(true)))).toBeGreaterThan(1e-3);
  });
});

describe("a Transformer", () => {
  beforeAll(() => engine.init());

  test("drops values while training only, the same ones for the same draw", () => {
    const make = (): Transformer => new Transformer({ ...shape, dropout: 0.5 });
    const [one, other] = [make(), make()];
    const x = input(4, 2);
    const [first, second, same] = noGrad(() => [one.forward(x), one.forward(x), other.forward(x)]).map(({ output }) => [
      ...output.dataSync(),
    ]);
    expect(same).toEqual(first);
    expect(second).not.toEqual(first);
    one.eval();
    const plain = noGrad(() => [one.forward(x), one.forward(x)]).map(({ output }) => [...output.dataSync()]);
    expect(plain[1]).toEqual(plain[0]);
  });

  test("refuses what does not fit, in one sentence", () => {
    expect(() => new Transformer({ inputSize: 4, hiddenSize: 30, heads: 4 })).toThrow(
      "new Transformer: invalid hidden size: got 30, expected a multiple of 8 (2 x heads 4); use 32, or another number of heads",
    );
    const both = new Transformer({ ...shape, causal: false, positions: 5 });
    expect(() => both.forward(input(6, 1))).toThrow(
      "transformer.forward: invalid length: got a sequence of 6 steps, expected at most 5, the Transformer's positions; " +
        "cut the sequence, or make a network with more positions",
    );
    expect(() => both.step(tensor([1, 2, 3, 4, 5], [1, 5]))).toThrow("transformer.step: unsupported");
    const causal = new Transformer(shape);
    expect(() => causal.forward(input(2, 1), { state: causal.zeroState(3) })).toThrow(
      "transformer.forward: mismatch in state",
    );
    expect(() => causal.forward(input(2, 1, 4))).toThrow("expected [T, B, 5] (inputSize 5)");
    expect(() => causal.forward(input(2, 1), { recompute: true })).toThrow("unsupported recompute");
    expect(() => causal.forward(input(2, 1), causal.zeroState(1) as never)).toThrow(
      "transformer.forward: invalid options: got a state, which goes in { state }",
    );
    expect(() => causal.forward(input(2, 1), { lengths: [3] })).toThrow("invalid lengths[0]");
  });
});
