import { beforeAll, describe, expect, test } from "vitest";
import { everyCell } from "../../test/networks.ts";
import { mul } from "../autograd/ops/binary.ts";
import { concat } from "../autograd/ops/concat.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { slice } from "../autograd/ops/slice.ts";
import { engine } from "../engine.ts";
import { Random, randomKey } from "../memory/random.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { LSTM } from "../nn/lstm.ts";
import type { RecurrentState } from "../nn/recurrent-options.ts";
import type { RecurrentNetwork } from "../nn/recurrent.ts";
import { RNN } from "../nn/rnn.ts";
import { gradientFlow, GradientFlowMeter } from "./gradient-flow.ts";
import { memoryHorizon } from "./memory-horizon.ts";

const [steps, batch, inputSize, hiddenSize, layers] = [5, 3, 2, 4, 2];

function randomTensor(shape: number[], path: string): Tensor {
  const random = new Random(randomKey(1, "test", path));
  const count = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float64Array.from({ length: count }, () => random.normal()),
    shape,
  );
}

/**
 * Norms of the upper layer for one batch row by finite differences: the state after step t - k is moved, number by number, and the loss at t
 * read again. A moved cell state moves h = o tanh(c) too. Where k = 0 h acts on the loss without a further step, so k >= 1 here.
 */
function directNorms(
  network: RecurrentNetwork<RecurrentState>,
  x: Tensor,
  lossOf: (output: Tensor) => Tensor,
  lag: number,
): { hidden: number; cell: number | null } {
  const [cut, epsilon] = [steps - lag, 1e-6];
  const { state } = network.forward(slice(x, { start: 0, end: cut }));
  const rest = slice(x, { start: cut });
  const h = Float64Array.from(state.h.exactDataSync());
  const c = state.c ? Float64Array.from(state.c.exactDataSync()) : null;
  const lossFrom = (hidden: Float64Array, cell: Float64Array | null): number => {
    const part = (values: Float64Array): Tensor => tensor(values, state.h.shape);
    const from = cell ? { h: part(hidden), c: part(cell) } : { h: part(hidden) };
    return lossOf(network.forward(rest, { state: from }).output).itemSync();
  };
  const norm = (lossOfMove: (i: number, by: number) => number): number => {
    const upper = Array.from({ length: hiddenSize }, (_, unit) => (layers - 1) * hiddenSize + unit);
    return Math.hypot(...upper.map((i) => (lossOfMove(i, epsilon) - lossOfMove(i, -epsilon)) / (2 * epsilon)));
  };
  return {
    hidden: norm((i, by) => lossFrom(h.with(i, h[i] + by), c)),
    cell:
      c &&
      norm((i, by) => {
        const out = h[i] / Math.tanh(c[i]);
        return lossFrom(h.with(i, out * Math.tanh(c[i] + by)), c.with(i, c[i] + by));
      }),
  };
}

describe("in double precision", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64", seed: 0 }));

  test.each(everyCell)("$kind: norms by lag are those of moved states", ({ kind, make }) => {
    const network = make({ inputSize, hiddenSize, layers, name: "network" });
    const lossOf = (output: Tensor): Tensor => sum(mul(slice(output, { start: -1 }), slice(output, { start: -1 })));
    const x = randomTensor([steps, 1, inputSize], "x");
    const flow = gradientFlow(network, [{ loss: () => lossOf(network.forward(x).output) }], { lags: 4 }).layers[1];
    expect(flow.cell === null).toBe(kind !== "lstm");
    for (let lag = 1; lag < steps; lag++) {
      const direct = directNorms(network, x, lossOf, lag);
      expect(Math.abs(flow.hidden[lag] - direct.hidden)).toBeLessThan(1e-8);
      expect(Math.abs((flow.cell?.[lag] ?? 0) - (direct.cell ?? 0))).toBeLessThan(1e-8);
    }
  });

  test.each(everyCell)(
    "$kind: the lower layer's derivative goes through the upper layer of the same step too",
    ({ make }) => {
      const network = make({ inputSize, hiddenSize, layers: 2, name: "network" });
      // The same two layers, each a network of its own.
      const part = (layer: number, inputs: number): RecurrentNetwork<RecurrentState> => {
        const own = make({ inputSize: inputs, hiddenSize, name: `part${layer}` });
        const names = [...network.stateDict()].filter(([name]) => name.endsWith(`_l${layer}`));
        own.loadStateDict(new Map(names.map(([name, values]) => [name.replace(`_l${layer}`, "_l0"), values])));
        return own;
      };
      const [lower, upper] = [part(0, inputSize), part(1, hiddenSize)];
      const x = randomTensor([steps, 1, inputSize], "x");
      const lossOf = (output: Tensor): Tensor => sum(mul(slice(output, { start: -1 }), slice(output, { start: -1 })));
      const flow = gradientFlow(network, [{ loss: () => lossOf(network.forward(x).output) }], { lags: 4 }).layers[0];
      for (let lag = 0; lag < steps; lag++) {
        const cut = steps - lag;
        const before = lower.forward(slice(x, { start: 0, end: cut }));
        const h = Float64Array.from(before.state.h.exactDataSync());
        // The state of this step is moved both where the next step reads it and where the upper layer does.
        const lossWith = (moved: Float64Array): number => {
          const hidden = tensor(moved, [1, 1, hiddenSize]);
          const outputs = [hidden];
          if (cut > 1) outputs.unshift(slice(before.output, { end: cut - 1 }));
          if (lag > 0)
            outputs.push(lower.forward(slice(x, { start: cut }), { state: { ...before.state, h: hidden } }).output);
          return lossOf(upper.forward(concat(outputs, 0)).output).itemSync();
        };
        const direct = Array.from(
          h,
          (value, i) => (lossWith(h.with(i, value + 1e-6)) - lossWith(h.with(i, value - 1e-6))) / 2e-6,
        );
        expect(Math.abs(flow.hidden[lag] - Math.hypot(...direct))).toBeLessThan(1e-8);
      }
    },
  );

  test("the mean over batch rows is the mean of the rows measured alone", () => {
    const lstm = new LSTM({ inputSize, hiddenSize, layers, name: "network" });
    const x = randomTensor([steps, batch, inputSize], "x");
    const lossOf = (output: Tensor): Tensor => sum(slice(output, { start: -1 }));
    const together = gradientFlow(lstm, [{ loss: () => lossOf(lstm.forward(x).output) }], { lags: 4 });
    const meter = new GradientFlowMeter(lstm, 4);
    for (let b = 0; b < batch; b++) {
      meter.add({ loss: () => lossOf(lstm.forward(slice(x, { axis: 1, start: b, end: b + 1 })).output) });
    }
    const alone = meter.flow();
    alone.layers.forEach((layer, i) => {
      layer.cell!.forEach((norm, lag) => expect(norm).toBeCloseTo(together.layers[i].cell![lag], 12));
      expect(layer.rows).toEqual(Array.from({ length: 5 }, () => batch));
    });
  });

  test("a linear recurrence of spectral radius r loses exactly a factor r at every step", () => {
    const rnn = new RNN({ inputSize: 1, hiddenSize: 2, nonlinearity: "relu", bias: true, name: "network" });
    // A rotation times 0.8, and a bias that keeps both units above 0, where relu is linear.
    const [c, s] = [0.8 * Math.cos(0.5), 0.8 * Math.sin(0.5)];
    rnn.loadStateDict({
      weight_ih_l0: tensor([0, 0], [2, 1]),
      weight_hh_l0: tensor([c, -s, s, c], [2, 2]),
      bias_ih_l0: tensor([3, 1], [2]),
      bias_hh_l0: tensor([0, 0], [2]),
    });
    const x = tensor(new Float64Array(30), [30, 1, 1]);
    const loss = (): Tensor => sum(slice(rnn.forward(x).output, { start: -1 }));
    const { hidden } = gradientFlow(rnn, [{ loss }], { lags: 25 }).layers[0];
    for (let lag = 0; lag <= 25; lag++) expect(hidden[lag] / hidden[0]).toBeCloseTo(0.8 ** lag, 10);
    // 0.8^20 is 0.0115, 0.8^21 is 0.0092.
    expect(memoryHorizon(hidden)).toEqual({ steps: 20, open: false });
  });

  test("rows of various lengths count from their own ends, a reverse direction from its own start", () => {
    const lstm = new LSTM({ inputSize, hiddenSize, bidirectional: true, name: "network" });
    const lengths = [5, 2, 3];
    const x = randomTensor([steps, batch, inputSize], "x");
    const loss = (): Tensor => sum(lstm.forward(x, { lengths }).state.h);
    const { layers: flows } = gradientFlow(lstm, [{ loss }], { lags: 6 });
    expect(flows.map(({ direction }) => direction)).toEqual(["forward", "reverse"]);
    for (const { rows, hidden } of flows) {
      expect(rows).toEqual([3, 3, 2, 1, 1, 0, 0]);
      expect(hidden[5]).toBeNaN();
      expect(hidden[0]).toBeCloseTo(Math.sqrt(hiddenSize), 12);
    }
  });

  test("lags count from the positions that are given", () => {
    const rnn = new RNN({ inputSize, hiddenSize, name: "network" });
    const x = randomTensor([steps, batch, inputSize], "x");
    const loss = (): Tensor => sum(slice(rnn.forward(x).output, { start: 2, end: 3 }));
    const flow = gradientFlow(rnn, [{ loss, positions: [2, 2, 2] }], { lags: 4 }).layers[0];
    expect(flow.rows).toEqual([3, 3, 3, 0, 0]);
    expect(flow.hidden[0]).toBeCloseTo(Math.sqrt(hiddenSize), 12);
  });

  test("lags that are none are refused", () => {
    const rnn = new RNN({ inputSize, hiddenSize });
    expect(() => gradientFlow(rnn, [], { lags: -1 })).toThrow(/invalid lags: got -1/);
  });

  test("a loss that has nothing to do with the network is refused", () => {
    const rnn = new RNN({ inputSize, hiddenSize });
    const x = randomTensor([steps, batch, inputSize], "x");
    const loss = (): Tensor => {
      rnn.forward(x);
      const other = randomTensor([1], "other");
      other.requiresGrad = true;
      return sum(other);
    };
    expect(() => gradientFlow(rnn, [{ loss }], { lags: 3 })).toThrow(/nothing goes back from it to the network/);
  });
});

describe("the memory horizon", () => {
  test("is the largest lag still at a hundredth, even after a dip", () => {
    expect(memoryHorizon([2, 1, 0.019, 0.021, 0.001])).toEqual({ steps: 3, open: false });
  });

  test("is open where the last lag measured still counts", () => {
    expect(memoryHorizon([1, 0.9, 0.8])).toEqual({ steps: 2, open: true });
    expect(memoryHorizon([1, 0.9, 0.8, NaN])).toEqual({ steps: 2, open: true });
  });

  test("is 0 where nothing goes back at all", () => {
    expect(memoryHorizon([1, 0, 0])).toEqual({ steps: 0, open: false });
    expect(memoryHorizon([0, 0, 0])).toEqual({ steps: 0, open: false });
  });
});
