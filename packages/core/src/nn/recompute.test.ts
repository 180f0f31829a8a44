import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { add, mul } from "../autograd/ops/binary.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { noGrad } from "../autograd/tape.ts";
import { engine } from "../engine.ts";
import { Random, randomKey } from "../memory/random.ts";
import { full, type Tensor, tensor } from "../memory/tensor.ts";
import { GRU } from "./gru.ts";
import { LSTM } from "./lstm.ts";
import type { RecurrentOptions, RecurrentState } from "./recurrent-options.ts";
import type { RecurrentNetwork } from "./recurrent.ts";
import { RNN } from "./rnn.ts";

type Network = RecurrentNetwork<RecurrentState>;

const kinds: { kind: string; make: (options: RecurrentOptions) => Network }[] = [
  { kind: "rnn", make: (options) => new RNN(options) },
  { kind: "lstm", make: (options) => new LSTM(options) },
  { kind: "gru", make: (options) => new GRU(options) },
  { kind: "gru, reset before", make: (options) => new GRU({ ...options, resetAfter: false }) },
];

/** 11 steps make chunks of 4, 4 and 3. */
const [steps, batch, inputSize, hiddenSize, twoLayers] = [11, 5, 3, 6, 2];

const cases: { what: string; options: Partial<RecurrentOptions>; lengths?: number[]; losses?: "state" | "output" }[] = [
  { what: "a whole batch", options: {} },
  { what: "one layer without biases", options: { layers: 1, bias: false } },
  { what: "dropout between layers", options: { dropout: 0.4, layers: 3 } },
  { what: "lengths that end in, before and at the end of chunks", options: {}, lengths: [11, 0, 4, 9, 2] },
  { what: "lengths and dropout", options: { dropout: 0.4 }, lengths: [3, 3, 0, 2, 1] },
  { what: "batchFirst", options: { batchFirst: true, dropout: 0.4 }, lengths: [5, 11, 4, 8, 1] },
  { what: "a loss of the final state only", options: {}, losses: "state" },
  { what: "a loss of the output only", options: { dropout: 0.4 }, losses: "output" },
];

function randomTensor(shape: readonly number[], path: string): Tensor {
  const random = new Random(randomKey(3, "test", path));
  const count = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float64Array.from({ length: count }, () => random.normal()),
    shape,
  );
}

function leaf(shape: readonly number[], path: string): Tensor {
  const result = randomTensor(shape, path);
  result.requiresGrad = true;
  return result;
}

/** Everything a forward and backward pass gives. */
function passes(network: Network, { lengths, losses }: (typeof cases)[number], recompute: boolean) {
  const { batchFirst } = network.options;
  const x = leaf(batchFirst ? [batch, steps, inputSize] : [steps, batch, inputSize], "x");
  const state: RecurrentState = network.zeroState(batch);
  state.h = leaf(state.h.shape, "h");
  if (state.c) state.c = leaf(state.c.shape, "c");
  const result = network.forward(x, { state, lengths, recompute });
  const weighted = (values: Tensor, path: string): Tensor => sum(mul(values, randomTensor(values.shape, path)));
  const shares = [
    ...(losses === "state" ? [] : [weighted(result.output, "to output")]),
    ...(losses === "output" ? [] : Object.entries(result.state).map(([part, values]) => weighted(values, part))),
  ];
  shares.reduce((a, b) => add(a, b)).backward();
  return {
    numbers: [result.output, ...Object.values(result.state)].map((values: Tensor) => [...values.exactDataSync()]),
    inputs: [x, ...Object.values(state)].map((input: Tensor) => [...input.grad!.exactDataSync()]),
    parameters: network.parameters().map((parameter) => [...parameter.grad!.exactDataSync()]),
    draws: network.drawCounts(),
  };
}

describe.each(everyEngine)("on $name", ({ options: engineOptions }) => {
  beforeAll(() => engine.init(engineOptions));

  describe.each(kinds)("$kind", ({ make }) => {
    test.each(cases)("recomputing gives the numbers and the gradients of the plain network: $what", (one) => {
      const network = (): Network =>
        make({ inputSize, hiddenSize, layers: twoLayers, name: "network", ...one.options });
      const plain = passes(network(), one, false);
      const again = passes(network(), one, true);
      expect(again.numbers).toEqual(plain.numbers);
      expect(again.draws).toEqual(plain.draws);
      expect(again.inputs).toEqual(plain.inputs);
      // Summed chunk by chunk, from the last to the first.
      const tolerance = engineOptions.precision === "f64" ? 1e-12 : 2e-5;
      again.parameters.forEach((gradient, i) =>
        gradient.forEach((value, j) => {
          const expected = plain.parameters[i][j];
          expect(Math.abs(value - expected)).toBeLessThan(tolerance * (1 + Math.abs(expected)));
        }),
      );
    });
  });
});

describe("recomputing", () => {
  beforeAll(() => engine.init());

  test("gives the same numbers where nothing is recorded, and for one step", () => {
    const lstm = new LSTM({ inputSize, hiddenSize, layers: twoLayers }).eval();
    for (const x of [randomTensor([steps, batch, inputSize], "x"), randomTensor([1, batch, inputSize], "x")]) {
      const run = (recompute: boolean): number[] =>
        noGrad(() => [...lstm.forward(x, { recompute }).output.exactDataSync()]);
      expect(run(true)).toEqual(run(false));
    }
  });

  test("leaves frozen weights without a gradient", () => {
    const gru = new GRU({ inputSize, hiddenSize });
    const [frozen, ...trained] = gru.parameters();
    frozen.requiresGrad = false;
    sum(gru.forward(randomTensor([steps, batch, inputSize], "x"), { recompute: true }).output).backward();
    expect(frozen.grad).toBe(null);
    for (const parameter of trained) expect(parameter.grad).not.toBe(null);
  });

  test("notices weights that changed before the backward pass", () => {
    const gru = new GRU({ inputSize, hiddenSize });
    const loss = sum(gru.forward(randomTensor([steps, batch, inputSize], "x"), { recompute: true }).output);
    gru.parameters()[0].assign(new Float32Array(gru.parameters()[0].size));
    expect(() => loss.backward()).toThrow("was changed after the forward pass");
  });

  test("is refused for a bidirectional network", () => {
    const lstm = new LSTM({ inputSize, hiddenSize, bidirectional: true });
    expect(() => lstm.forward(randomTensor([steps, batch, inputSize], "x"), { recompute: true })).toThrow(
      "lstm.forward: unsupported recompute for a bidirectional network",
    );
  });
});

describe("memory", () => {
  /** The most that a forward and backward pass takes besides what was there before. */
  async function activationBytes(cell: typeof LSTM | typeof GRU, layers: number, recompute: boolean): Promise<number> {
    await engine.init();
    const network = new cell({ inputSize: 32, hiddenSize: 32, layers, dropout: 0.3 });
    const x = full([2048, 4, 32], 0.1);
    // With one layer, the output and the gradients of it and of the input are a third of what there is.
    x.requiresGrad = layers > 1;
    const go = (input: Tensor): void =>
      engine.scope(() => sum(network.forward(input, { recompute }).output).backward());
    // What belongs to the parameters is there from the first time on.
    go(full([1, 1, 32], 0.1));
    const before = engine.info().bytesInUse;
    go(x);
    return engine.info().peakBytes - before;
  }

  test.each([
    ["one LSTM layer", LSTM, 1],
    ["two LSTM layers", LSTM, 2],
    ["two GRU layers", GRU, 2],
  ] as const)("of a long sequence is five times less: %s", async (_, cell, layers) => {
    const plain = await activationBytes(cell, layers, false);
    const recomputed = await activationBytes(cell, layers, true);
    expect(plain / recomputed).toBeGreaterThan(5);
  });

  test("is all given back", async () => {
    await engine.init();
    const lstm = new LSTM({ inputSize, hiddenSize, layers: twoLayers });
    const step = (): void =>
      engine.scope(() => {
        sum(lstm.forward(randomTensor([steps, batch, inputSize], "x"), { recompute: true }).output).backward();
      });
    step();
    const before = engine.info().bytesInUse;
    step();
    expect(engine.info().bytesInUse).toBe(before);
  });
});
