import { beforeAll, describe, expect, test } from "vitest";
import { integers } from "../../test/draws.ts";
import { everyEngine } from "../../test/engines.ts";
import { mul } from "../autograd/ops/binary.ts";
import { concat } from "../autograd/ops/concat.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { noGrad } from "../autograd/tape.ts";
import { engine } from "../engine.ts";
import { Random, randomKey } from "../memory/random.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { GRU } from "./gru.ts";
import { LSTM } from "./lstm.ts";
import type { RecurrentOptions, RecurrentState } from "./recurrent-options.ts";
import type { RecurrentNetwork } from "./recurrent.ts";
import { RNN } from "./rnn.ts";

type Network = RecurrentNetwork<RecurrentState>;

const kinds: { kind: string; make: (options: RecurrentOptions) => Network }[] = [
  { kind: "rnn tanh", make: (options) => new RNN(options) },
  { kind: "rnn relu", make: (options) => new RNN({ ...options, nonlinearity: "relu" }) },
  { kind: "lstm", make: (options) => new LSTM(options) },
  { kind: "gru", make: (options) => new GRU(options) },
  { kind: "gru, reset before", make: (options) => new GRU({ ...options, resetAfter: false }) },
];

const steps = 7;
const batch = 5;
const inputSize = 3;
const hiddenSize = 11;

function randomTensor(shape: number[], path: string): Tensor {
  const random = new Random(randomKey(1, "test", path));
  const count = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float64Array.from({ length: count }, () => random.normal()),
    shape,
  );
}

function timeStep(x: Tensor, t: number): Tensor {
  return reshape(slice(x, { start: t, end: t + 1 }), x.shape.slice(1));
}

describe.each(everyEngine)("on $name", ({ options: engineOptions }) => {
  beforeAll(() => engine.init(engineOptions));

  describe.each(kinds)("$kind", ({ make }) => {
    const options = { inputSize, hiddenSize, layers: 2, name: "network" };

    test("steps that go on no tape have the same bits, and leave the state they were given", () => {
      const network = make(options);
      const x = randomTensor([steps, batch, inputSize], "x");
      const whole = network.forward(x);
      let state = network.zeroState(batch);
      for (let t = 0; t < steps; t++) {
        const result = noGrad(() => network.step(timeStep(x, t), state));
        expect(result.output.requiresGrad).toBe(false);
        expect(result.output.exactDataSync()).toEqual(timeStep(whole.output, t).exactDataSync());
        expect(noGrad(() => network.step(timeStep(x, t), state)).output.exactDataSync()).toEqual(
          result.output.exactDataSync(),
        );
        state = result.state;
      }
      expect(state.h.exactDataSync()).toEqual(whole.state.h.exactDataSync());
      expect(state.c?.exactDataSync()).toEqual(whole.state.c?.exactDataSync());
    });

    test("what a step off the tape gives and its state are numbers of their own", () => {
      const { output, state } = noGrad(() => make(options).step(randomTensor([1, inputSize], "x")));
      const before = state.h.dataSync();
      output.assign(new Float32Array(output.size).fill(9));
      expect(state.h.dataSync()).toEqual(before);
    });

    test("steps one by one give the bits of the whole sequence", () => {
      const network = make(options);
      const x = randomTensor([steps, batch, inputSize], "x");
      const whole = network.forward(x);
      let state: RecurrentState | undefined;
      for (let t = 0; t < steps; t++) {
        const result = network.step(timeStep(x, t), state);
        expect(result.output.exactDataSync()).toEqual(timeStep(whole.output, t).exactDataSync());
        state = result.state;
      }
      expect(state!.h.exactDataSync()).toEqual(whole.state.h.exactDataSync());
      expect(state!.c?.exactDataSync()).toEqual(whole.state.c?.exactDataSync());
    });

    test("chunks with carried state give the bits of the whole sequence", () => {
      const network = make(options);
      const x = randomTensor([steps, batch, inputSize], "x");
      const whole = network.forward(x);
      const first = network.forward(slice(x, { start: 0, end: 3 }));
      const second = network.forward(slice(x, { start: 3 }), { state: first.state });
      const chunked = [...first.output.exactDataSync(), ...second.output.exactDataSync()];
      expect(chunked).toEqual([...whole.output.exactDataSync()]);
      expect(second.state.h.exactDataSync()).toEqual(whole.state.h.exactDataSync());
    });

    test("a row alone gives the bits it gives in a batch", () => {
      const network = make(options);
      const x = randomTensor([steps, batch, inputSize], "x");
      const whole = network.forward(x).output;
      const row = slice(whole, { axis: 1, start: 2, end: 3 });
      const alone = network.forward(slice(x, { axis: 1, start: 2, end: 3 })).output;
      expect(alone.exactDataSync()).toEqual(row.exactDataSync());
    });

    test.each([false, true])("padding of NaN changes nothing (bidirectional: %s)", (bidirectional) => {
      const lengths = [3, 0, 7, 1, 4];
      const run = (padding: number): { values: ArrayLike<number>[]; outputs: number[] } => {
        const network = make({ ...options, bidirectional });
        const x = randomTensor([steps, batch, inputSize], "x");
        const values = x.exactDataSync();
        for (let t = 0; t < steps; t++) {
          for (let b = 0; b < batch; b++) {
            if (t >= lengths[b]) values.fill(padding, (t * batch + b) * inputSize, (t * batch + b + 1) * inputSize);
          }
        }
        x.assign(values);
        x.requiresGrad = true;
        const { output, state } = network.forward(x, { lengths });
        sum(mul(output, randomTensor([...output.shape], "upstream"))).backward();
        const gradients = network.parameters().map((parameter) => parameter.grad!.exactDataSync());
        return {
          values: [output.exactDataSync(), state.h.exactDataSync(), x.grad!.exactDataSync(), ...gradients],
          outputs: [...output.exactDataSync()],
        };
      };
      const clean = run(0);
      expect(run(NaN).values).toEqual(clean.values);
      const width = clean.outputs.length / steps / batch;
      expect(clean.outputs.slice(1 * width, 2 * width)).toEqual(Array(width).fill(0));
      expect(clean.outputs.some((value) => value !== 0)).toBe(true);
    });

    test("a row of length 0 keeps its initial state", () => {
      const network = make(options);
      const h = randomTensor([2, batch, hiddenSize], "h");
      const state = { ...network.zeroState(batch), h };
      const final = network.forward(randomTensor([steps, batch, inputSize], "x"), {
        state,
        lengths: [2, 0, 7, 0, 1],
      }).state;
      for (const row of [1, 3]) {
        const cut = { axis: 1, start: row, end: row + 1 };
        expect(slice(final.h, cut).exactDataSync()).toEqual(slice(h, cut).exactDataSync());
      }
    });

    test("the gradient of a loop of steps is the gradient of the whole sequence", () => {
      const upstream = randomTensor([steps, batch, hiddenSize], "upstream");
      const gradients = [false, true].map((stepwise) => {
        const network = make(options);
        const x = randomTensor([steps, batch, inputSize], "x");
        x.requiresGrad = true;
        let output: Tensor;
        if (stepwise) {
          const outputs: Tensor[] = [];
          let state: RecurrentState | undefined;
          for (let t = 0; t < steps; t++) {
            const result = network.step(timeStep(x, t), state);
            outputs.push(reshape(result.output, [1, batch, hiddenSize]));
            state = result.state;
          }
          output = concat(outputs, 0);
        } else {
          output = network.forward(x).output;
        }
        sum(mul(output, upstream)).backward();
        return [x.grad!.exactDataSync(), ...network.parameters().map((parameter) => parameter.grad!.exactDataSync())];
      });
      for (const [i, whole] of gradients[0].entries()) {
        const steppy = gradients[1][i];
        for (const [j, value] of whole.entries())
          expect(Math.abs(steppy[j] - value)).toBeLessThan(2e-5 * (1 + Math.abs(value)));
      }
    });

    test("batchFirst only changes the order of the axes", () => {
      const x = randomTensor([steps, batch, inputSize], "x");
      const timeMajor = make(options).forward(x).output;
      const values = x.exactDataSync();
      const swapped = tensor(
        Float64Array.from(values, (_, i) => {
          const [b, t, f] = [Math.floor(i / (steps * inputSize)), Math.floor(i / inputSize) % steps, i % inputSize];
          return values[(t * batch + b) * inputSize + f];
        }),
        [batch, steps, inputSize],
      );
      const batchMajor = make({ ...options, batchFirst: true }).forward(swapped).output;
      expect(batchMajor.shape).toEqual([batch, steps, hiddenSize]);
      const row = (whole: Tensor, axis: number): number[] => [
        ...slice(whole, { axis, start: 1, end: 2 }).exactDataSync(),
      ];
      expect(row(batchMajor, 0)).toEqual(row(timeMajor, 1));
    });

    test("dropout between layers depends on seed, name and draw, not on the batch's order", () => {
      const network = make({ ...options, dropout: 0.5 });
      const again = make({ ...options, dropout: 0.5 });
      const x = randomTensor([steps, batch, inputSize], "x");
      const first = network.forward(x).output.exactDataSync();
      expect(again.forward(x).output.exactDataSync()).toEqual(first);
      expect(again.forward(x).output.exactDataSync()).not.toEqual(first);
      const all = make({ ...options, dropout: 0.5 }).forward(x, { lengths: [7, 7, 7, 7, 7] });
      expect(all.output.exactDataSync()).toEqual(first);
      expect(network.eval().forward(x).output.exactDataSync()).toEqual(make(options).forward(x).output.exactDataSync());
    });
  });
});

describe("bad input", () => {
  beforeAll(() => engine.init({ backend: "reference" }));
  const lstm = (): LSTM => new LSTM({ inputSize, hiddenSize });
  const x = (): Tensor => randomTensor([steps, batch, inputSize], "x");

  test.each<[string, () => unknown]>([
    [
      "lstm.forward: mismatch in x: got [7, 5, 4], expected [T, B, 3] (inputSize 3)",
      () => lstm().forward(randomTensor([steps, batch, 4], "x")),
    ],
    [
      "lstm.step: mismatch in x: got [5, 4], expected [B, 3] (inputSize 3)",
      () => lstm().step(randomTensor([batch, 4], "x")),
    ],
    ["mismatch in lengths: got 2 numbers, expected 5", () => lstm().forward(x(), { lengths: [1, 2] })],
    [
      "invalid lengths[3]: got 8, expected a whole number from 0 to 7",
      () => lstm().forward(x(), { lengths: [1, 2, 3, 8, 1] }),
    ],
    [
      "mismatch in state.h: got [1, 4, 11], expected [1, 5, 11]",
      () => lstm().forward(x(), { state: lstm().zeroState(4) }),
    ],
    ["missing state.c", () => lstm().forward(x(), { state: { h: lstm().zeroState(batch).h } as never })],
    [
      "unsupported for a bidirectional network",
      () => new LSTM({ inputSize, hiddenSize, bidirectional: true }).step(x()),
    ],
    ['unknown option "hidenSize"; did you mean "hiddenSize"?', () => new GRU({ inputSize, hidenSize: 3 } as never)],
    [
      "invalid dropout: got 1, expected a number at least 0 and below 1",
      () => new GRU({ inputSize, hiddenSize, dropout: 1 }),
    ],
    [
      'lstm.forward: unknown option "lenghts"; did you mean "lengths"?',
      () => lstm().forward(x(), { lenghts: [1] } as never),
    ],
    [
      "lstm.forward: invalid options: got a state, which goes in { state }",
      () => lstm().forward(x(), lstm().zeroState(batch) as never),
    ],
    [
      "lstm.forward: invalid options: got a state, which goes in { state }",
      () => lstm().forward(x(), lstm().zeroState(batch).h as never),
    ],
    [
      "lstm.forward: invalid x: got a tensor of dtype int32",
      () => lstm().forward(integers([1, 2, 3, 4, 5, 6], [2, 1, inputSize])),
    ],
    ["lstm.step: invalid x: got a tensor of dtype int32", () => lstm().step(integers([1, 2, 3], [1, inputSize]))],
    [
      "lstm.step: invalid state.h: got a tensor of dtype int32",
      () => {
        const state = lstm().zeroState(1);
        const h = integers(Array.from(state.h.dataSync(), Math.round), [...state.h.shape]);
        lstm().step(randomTensor([1, inputSize], "x"), { ...state, h });
      },
    ],
    ["invalid hiddenSize: got NaN", () => new RNN({ inputSize, hiddenSize: NaN })],
  ])("%s", (message, run) => {
    expect(run).toThrow(message);
  });
});
