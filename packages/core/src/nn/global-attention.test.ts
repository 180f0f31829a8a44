import { beforeAll, describe, expect, test } from "vitest";
import { integers, normal, weightedSum } from "../../test/draws.ts";
import { everyEngine } from "../../test/engines.ts";
import { expectClose, type GoldenArray, goldenTensor, loadFixture, toleranceHere } from "../../test/golden.ts";
import { checkGradients } from "../autograd/gradient-check.ts";
import { mul } from "../autograd/ops/binary.ts";
import { concat } from "../autograd/ops/concat.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { engine } from "../engine.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { GlobalAttention } from "./global-attention.ts";

interface AttentionFixture {
  lengths: number[];
  inputs: { query: GoldenArray; memory: GoldenArray };
  parameters: Record<string, GoldenArray>;
  results: { context: GoldenArray; weights: GoldenArray };
  upstream: GoldenArray;
  gradients: Record<string, GoldenArray>;
}

const scores = ["multiplicative", "additive"] as const;
const lengths = [4, 0, 1, 3];

function attentionOf(score: (typeof scores)[number]): GlobalAttention {
  const sizes = { querySize: 5, memorySize: 6 };
  return new GlobalAttention({ ...sizes, score, ...(score === "additive" && { size: 7 }), name: "attention" });
}

/** Values [S, B, F] of which those past the lengths are `padding`. */
function padded(steps: number, width: number, padding: number, seed: number): Tensor {
  const values = normal([4, lengths.length, width], seed).exactDataSync();
  const result = Float64Array.from({ length: steps * lengths.length * width }, (_, i) => values[i] ?? padding);
  lengths.forEach((length, b) => {
    for (let s = length; s < steps; s++) {
      const start = (s * lengths.length + b) * width;
      result.fill(padding, start, start + width);
    }
  });
  return tensor(result, [steps, lengths.length, width]);
}

describe.each(everyEngine)("on $name", ({ options }) => {
  beforeAll(() => engine.init(options));

  test.each(scores)("%s: contexts, weights and gradients are PyTorch's", (score) => {
    const fixture = loadFixture<AttentionFixture>(`attention/${score}.json`);
    const { forward, gradient } = toleranceHere(fixture.tolerance);
    const attention = attentionOf(score);
    attention.loadStateDict(
      Object.fromEntries(Object.entries(fixture.parameters).map(([name, values]) => [name, goldenTensor(values)])),
    );
    const query = goldenTensor(fixture.inputs.query, { requiresGrad: true });
    const memory = goldenTensor(fixture.inputs.memory, { requiresGrad: true });
    const { context, weights } = attention.forward(query, attention.memory(memory, fixture.lengths));
    expectClose(context, fixture.results.context, forward, "context");
    expectClose(weights, fixture.results.weights, forward, "weights");
    sum(mul(context, goldenTensor(fixture.upstream))).backward();
    for (const [name, leaf] of [["query", query], ["memory", memory], ...attention.stateDict()] as const)
      expectClose(leaf.grad, fixture.gradients[name], gradient, `gradient of ${name}`);
  });

  test.each(scores)("%s: one query after the other has the bits of all at once", (score) => {
    const attention = attentionOf(score);
    const memory = attention.memory(normal([4, 4, 6]), lengths);
    const query = normal([3, 4, 5], 1);
    const { context, weights } = attention.forward(query, memory);
    const steps = [0, 1, 2].map((t) => attention.step(reshape(slice(query, { start: t, end: t + 1 }), [4, 5]), memory));
    expect(concat(steps.map((step) => step.context)).dataSync()).toEqual(context.dataSync());
    expect(concat(steps.map((step) => step.weights)).dataSync()).toEqual(weights.dataSync());
  });

  test.each(scores)("%s: padding of NaN, and more of it, changes no bit of contexts and gradients", (score) => {
    const run = (steps: number, padding: number): ArrayLike<number>[] => {
      const attention = attentionOf(score);
      const [values, query] = [padded(steps, 6, padding, 2), padded(steps, 5, padding, 3)];
      values.requiresGrad = query.requiresGrad = true;
      const { context, weights } = attention.forward(query, attention.memory(values, lengths), lengths);
      const counted = slice(context, { end: 4 });
      weightedSum(counted).backward();
      const shown = [counted, slice(values.grad!, { end: 4 }), slice(query.grad!, { end: 4 })];
      expect(weights.shape).toEqual([steps, 4, steps]);
      return [...shown, ...attention.parameters().map(({ grad }) => grad!)].map((each) => each.dataSync());
    };
    const expected = run(4, 0);
    expect(run(4, NaN)).toEqual(expected);
    expect(run(6, NaN)).toEqual(expected);
  });

  test("weights are a distribution over a memory's own places, and nothing where there are none", () => {
    const attention = attentionOf("additive");
    const { context, weights } = attention.forward(normal([2, 4, 5]), attention.memory(normal([4, 4, 6]), lengths));
    const all = weights.dataSync();
    for (let row = 0; row < 8; row++) {
      const length = lengths[row % 4];
      const own = all.slice(row * 4, row * 4 + 4);
      expect(own.reduce((total, weight) => total + weight, 0)).toBeCloseTo(length === 0 ? 0 : 1, 6);
      expect(own.slice(length)).toEqual(new Float32Array(4 - length));
    }
    expect(context.dataSync().slice(6, 12)).toEqual(new Float32Array(6));
  });

  test("rows that share a memory find what they would alone", () => {
    const attention = attentionOf("multiplicative");
    const memory = attention.memory(normal([4, 4, 6]), lengths);
    const query = normal([6, 5], 1);
    const owners = [3, 0, 0, 1, 3, 2];
    const together = attention.step(query, memory, integers(owners)).context.dataSync();
    owners.forEach((owner, row) => {
      const alone = attention.step(slice(query, { start: row, end: row + 1 }), memory, integers([owner]));
      expect(alone.context.dataSync()).toEqual(together.slice(row * 6, row * 6 + 6));
    });
  });
});

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

  test.each(scores)("%s: gradients are those of finite differences, with several looks at one memory", (score) => {
    const attention = attentionOf(score);
    const [values, query] = [normal([4, 4, 6]), normal([3, 4, 5], 1)];
    const loss = (): Tensor => {
      const memory = attention.memory(values, lengths);
      const first = attention.forward(query, memory, [3, 2, 0, 1]);
      const again = attention.step(reshape(slice(query, { end: 1 }), [4, 5]), memory, integers([3, 3, -1, 0]));
      return weightedSum(concat([reshape(first.context, [12, 6]), again.context]));
    };
    checkGradients(loss, { values, query, ...Object.fromEntries(attention.stateDict()) });
  });

  test("frozen parts get no gradient", () => {
    const attention = attentionOf("additive");
    attention.vector!.requiresGrad = false;
    sum(attention.forward(normal([2, 4, 5]), attention.memory(normal([4, 4, 6]))).context).backward();
    expect(attention.vector!.grad).toBeNull();
    expect(attention.key.weight.grad).not.toBeNull();
  });

  test("what does not fit is refused", () => {
    const attention = attentionOf("multiplicative");
    const memory = attention.memory(normal([4, 4, 6]), lengths);
    expect(() => attention.memory(normal([4, 4, 5]))).toThrow(
      "globalAttention.memory: mismatch in values: got [4, 4, 5], expected [S, B, 6] (memorySize 6)",
    );
    expect(() => attention.memory(normal([4, 4, 6]), [5, 0, 0, 0])).toThrow("memory: invalid lengths[0]: got 5");
    expect(() => attention.forward(normal([2, 3, 5]), memory)).toThrow(
      "mismatch in query: got [2, 3, 5], expected [T, 4, 5]",
    );
    expect(() => attention.step(normal([3, 5]), memory)).toThrow("mismatch in query: got [3, 5], expected [4, 5]");
    expect(() => new GlobalAttention({ querySize: 1, memorySize: 1, size: 3 })).toThrow("mismatch in size");
  });
});
