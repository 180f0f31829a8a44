import { beforeAll, describe, expect, test } from "vitest";
import { checkGradients } from "../autograd/gradient-check.ts";
import { add, mul } from "../autograd/ops/binary.ts";
import { concat } from "../autograd/ops/concat.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { engine } from "../engine.ts";
import { Random, randomKey } from "../memory/random.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { GRU } from "./gru.ts";
import { LSTM } from "./lstm.ts";
import type { RecurrentOptions, RecurrentState } from "./recurrent-options.ts";
import type { RecurrentNetwork } from "./recurrent.ts";
import { RNN } from "./rnn.ts";

type Network = RecurrentNetwork<RecurrentState>;

const kinds: [string, (options: RecurrentOptions) => Network][] = [
  ["rnn tanh", (options) => new RNN(options)],
  ["rnn relu", (options) => new RNN({ ...options, nonlinearity: "relu" })],
  ["lstm", (options) => new LSTM(options)],
  ["gru", (options) => new GRU(options)],
  ["gru, reset before", (options) => new GRU({ ...options, resetAfter: false })],
];

const [steps, batch, inputSize, hiddenSize] = [4, 3, 2, 3];

const everyOption = [1, 2].flatMap((layers) =>
  [false, true].flatMap((bidirectional) =>
    [true, false].flatMap((bias) =>
      [null, [2, 0, 4]].map((lengths) => ({ layers, bidirectional, bias, lengths, batchFirst: bias && layers === 2 })),
    ),
  ),
);

function randomTensor(shape: readonly number[], path: string): Tensor {
  const random = new Random(randomKey(2, "test", path));
  const result = tensor(
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  );
  result.requiresGrad = true;
  return result;
}

/** Biases that are not zero keep a relu away from its kink. */
function withRandomBiases(network: Network): Network {
  for (const [name, parameter] of network.namedParameters()) {
    if (name.startsWith("bias")) parameter.assign(randomTensor(parameter.shape, name).exactDataSync());
  }
  return network;
}

/** A scalar that depends on every element of some tensors in its own way. */
function mixed(tensors: Record<string, Tensor>): Tensor {
  const shares = Object.entries(tensors).map(([name, values]) =>
    sum(mul(values, randomTensor(values.shape, `weight of ${name}`))),
  );
  return shares.reduce((a, b) => add(a, b));
}

beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

describe.each(kinds)("finite differences agree with backward: %s", (_, make) => {
  test.each(everyOption)(
    "layers $layers, bidirectional $bidirectional, bias $bias, lengths $lengths",
    ({ lengths, ...options }) => {
      const dropout = options.layers === 2 ? 0.4 : 0;
      const network = withRandomBiases(make({ inputSize, hiddenSize, ...options, dropout, name: "network" }));
      const x = randomTensor(options.batchFirst ? [batch, steps, inputSize] : [steps, batch, inputSize], "x");
      const state: RecurrentState = network.zeroState(batch);
      state.h = randomTensor(state.h.shape, "h");
      if (state.c) state.c = randomTensor(state.c.shape, "c");
      const draws = network.drawCounts();
      const loss = (): Tensor => {
        network.restoreDrawCounts(draws);
        const result = network.forward(x, { state, lengths: lengths ?? undefined });
        return mixed({ output: result.output, ...result.state });
      };
      checkGradients(loss, [x, ...Object.values(state), ...network.parameters()]);
    },
  );

  test("a loop of steps", () => {
    const network = withRandomBiases(make({ inputSize, hiddenSize, layers: 2, name: "network" }));
    const x = randomTensor([steps, batch, inputSize], "x");
    const initial = network.zeroState(batch);
    initial.h.requiresGrad = true;
    const loss = (): Tensor => {
      let state = initial;
      const outputs: Tensor[] = [];
      for (let t = 0; t < steps; t++) {
        const result = network.step(reshape(slice(x, { start: t, end: t + 1 }), [batch, inputSize]), state);
        outputs.push(result.output);
        state = result.state;
      }
      return mixed({ output: concat(outputs, 0), ...state });
    };
    checkGradients(loss, [x, initial.h, ...network.parameters()]);
  });

  test("the gradient of the shared recurrent weight is the sum of its gradients at each time step", () => {
    const whole = make({ inputSize, hiddenSize, name: "network" });
    // The same weights, but a copy of its own for each time step.
    const copies = Array.from({ length: steps }, () => make({ inputSize, hiddenSize, name: "network" }));
    const x = randomTensor([steps, batch, inputSize], "x");
    const at = (t: number): Tensor => reshape(slice(x, { start: t, end: t + 1 }), [batch, inputSize]);

    mixed({ output: reshape(whole.forward(x).output, [steps * batch, hiddenSize]) }).backward();
    let state: RecurrentState | undefined;
    const outputs = copies.map((copy, t) => {
      const result = copy.step(at(t), state);
      state = result.state;
      return result.output;
    });
    mixed({ output: concat(outputs, 0) }).backward();

    for (const [name, parameter] of whole.namedParameters()) {
      const perStep = copies.map((copy) => copy.stateDict().get(name)!.grad!.exactDataSync());
      parameter.grad!.exactDataSync().forEach((value, i) => {
        const total = perStep.reduce((all, gradient) => all + gradient[i], 0);
        expect(Math.abs(total - value)).toBeLessThan(1e-12 * (1 + Math.abs(value)));
      });
      expect(perStep[2].some((value) => value !== 0)).toBe(true);
    }
  });
});
