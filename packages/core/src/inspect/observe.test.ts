import { beforeAll, describe, expect, test } from "vitest";
import { everyEngine } from "../../test/engines.ts";
import { expectClose } from "../../test/golden.ts";
import { everyCell } from "../../test/networks.ts";
import { mul } from "../autograd/ops/binary.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { slice } from "../autograd/ops/slice.ts";
import { engine } from "../engine.ts";
import { Random, randomKey } from "../memory/random.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { LSTM } from "../nn/lstm.ts";
import { type ObservedLayer, observe } from "./observe.ts";

const [steps, batch, inputSize, hiddenSize] = [6, 4, 3, 9];
const lengths = [6, 2, 5, 1];

function randomTensor(shape: number[], path: string): Tensor {
  const random = new Random(randomKey(1, "test", path));
  const count = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float64Array.from({ length: count }, () => random.normal()),
    shape,
  );
}

/** One row [H] of what was observed. */
function rowOf(layer: ObservedLayer, values: ArrayLike<number>, b: number, t: number): number[] {
  const row = layer.batchRow.findIndex((other, i) => other === b && layer.time[i] === t);
  return Array.from(values).slice(row * layer.hiddenSize, (row + 1) * layer.hiddenSize);
}

describe.each(everyEngine)("on $name", ({ options: engineOptions }) => {
  beforeAll(() => engine.init({ ...engineOptions, seed: 0 }));

  test.each(everyCell)("$kind: the observed states are the outputs, padding left out", ({ kind, make }) => {
    const network = make({ inputSize, hiddenSize, layers: 2, name: "network" });
    const x = randomTensor([steps, batch, inputSize], "x");
    let output!: Float32Array | Float64Array;
    const layers = observe(network, () => {
      output = network.forward(x, { lengths }).output.exactDataSync();
    });
    expect(layers.map(({ layer }) => layer)).toEqual([0, 1]);
    expect(layers[1].rows).toBe(14);
    for (const b of lengths.keys()) {
      for (let t = 0; t < lengths[b]; t++) {
        const start = (t * batch + b) * hiddenSize;
        const expected = [...output.subarray(start, start + hiddenSize)];
        expect(rowOf(layers[1], layers[1].hidden, b, t)).toEqual(expected);
        // The plain RNN's one gate is its state itself.
        const { state = layers[1].hidden } = layers[1].gates;
        expect(rowOf(layers[1], kind.startsWith("rnn") ? state : layers[1].hidden, b, t)).toEqual(expected);
      }
    }
    expect(network.observer).toBe(null);
  });

  test("the LSTM's cell states follow from its gates, in both directions", () => {
    const lstm = new LSTM({ inputSize, hiddenSize, bidirectional: true, name: "network" });
    const x = randomTensor([steps, batch, inputSize], "x");
    for (const observed of observe(lstm, () => void lstm.forward(x, { lengths }))) {
      const { gates, cell, hidden } = observed;
      for (let i = 0; i < hidden.length; i++) {
        expect(Math.abs(hidden[i] - gates.output[i] * Math.tanh(cell![i]))).toBeLessThan(1e-6);
      }
      const earlier = observed.direction === "forward" ? -1 : 1;
      const at = (values: ArrayLike<number>, t: number): number => rowOf(observed, values, 2, t)[4];
      const expected = at(gates.forget, 2) * at(cell!, 2 + earlier) + at(gates.input, 2) * at(gates.candidate, 2);
      expect(Math.abs(at(cell!, 2) - expected)).toBeLessThan(1e-6);
    }
  });

  test.each(everyCell)("$kind: dL/dh of each step is what a step-by-step tape says", ({ make }) => {
    const network = make({ inputSize, hiddenSize, layers: 1, name: "network" });
    const x = randomTensor([steps, batch, inputSize], "x");
    const weights = randomTensor([1, batch, hiddenSize], "weights");
    // One loss at the last step, so that the gradient at step t is the one that the state is given back there.
    const lossOf = (output: Tensor): Tensor => sum(mul(slice(output, { start: -1 }), weights));
    const [observed] = observe(network, () => lossOf(network.forward(x).output));
    for (const t of [0, 2, 4]) {
      const { state } = network.forward(slice(x, { start: 0, end: t + 1 }));
      for (const part of Object.values(state) as Tensor[]) part.requiresGrad = true;
      const [h, c] = (Object.values(state) as Tensor[]).map((part) => {
        const leaf = part.detach();
        leaf.requiresGrad = true;
        return leaf;
      });
      lossOf(network.forward(slice(x, { start: t + 1 }), { state: c ? { h, c } : { h } }).output).backward();
      const rows = (values: ArrayLike<number>): number[] =>
        Array.from(values).slice(t * batch * hiddenSize, (t + 1) * batch * hiddenSize);
      expectClose(rows(observed.hiddenGradient!), h.grad!, engineOptions.precision === "f64" ? 1e-12 : 1e-5);
      if (!c) continue;
      // The whole derivative of the cell state contains what comes through h = o tanh(c).
      const whole = c.grad!.exactDataSync().map((direct, i) => {
        const out = rows(observed.gates.output)[i];
        return direct + h.grad!.exactDataSync()[i] * out * (1 - Math.tanh(rows(observed.cell!)[i]) ** 2);
      });
      expectClose(rows(observed.cellGradient!), whole, engineOptions.precision === "f64" ? 1e-12 : 1e-5);
    }
  });

  test("nobody's gradient changes, and frozen networks can be observed too", () => {
    const lstm = new LSTM({ inputSize, hiddenSize, name: "network" });
    const x = randomTensor([steps, batch, inputSize], "x");
    const [free] = observe(lstm, () => sum(lstm.forward(x).output));
    expect(lstm.parameters().map(({ grad }) => grad)).toEqual([null, null, null, null]);
    for (const parameter of lstm.parameters()) parameter.requiresGrad = false;
    const [frozen] = observe(lstm, () => sum(lstm.forward(x).output));
    expect(frozen.hiddenGradient).toEqual(free.hiddenGradient);
  });
});

describe("refused", () => {
  beforeAll(() => engine.init({ backend: "reference" }));
  const make = (): LSTM => new LSTM({ inputSize, hiddenSize });

  test("a computation that does not run the network once", () => {
    const lstm = make();
    expect(() => observe(lstm, () => {})).toThrow(/ran the network's forward 0 times, expected once/);
    const x = randomTensor([1, 1, inputSize], "x");
    const twice = (): void => {
      lstm.forward(x);
      lstm.forward(x);
    };
    expect(() => observe(lstm, twice)).toThrow(/2 times, expected once/);
    expect(lstm.observer).toBe(null);
  });

  test("activations that are computed again on the way back", () => {
    const lstm = make();
    const x = randomTensor([4, 1, inputSize], "x");
    expect(() => observe(lstm, () => void lstm.forward(x, { recompute: true }))).toThrow(/unsupported recompute/);
  });
});
