import { beforeAll, describe, expect, test } from "vitest";
import { engine } from "../engine.ts";
import { Random, randomKey } from "../memory/random.ts";
import { tensor } from "../memory/tensor.ts";
import { GRU } from "../nn/gru.ts";
import { LSTM } from "../nn/lstm.ts";
import { MinGRU } from "../nn/min-gru.ts";
import { MinLSTM } from "../nn/min-lstm.ts";
import { RNN } from "../nn/rnn.ts";
import { GateMeter, gateStatistics } from "./gate-statistics.ts";
import { type ObservedLayer, observe } from "./observe.ts";

/** Two units over four steps of one sequence, all gates written by hand. */
function handBuilt(gates: Record<string, number[]>, hidden: number[]): ObservedLayer {
  return {
    layer: 0,
    direction: "forward",
    hiddenSize: 2,
    rows: 4,
    batchRow: Int32Array.of(0, 0, 0, 0),
    time: Int32Array.of(0, 1, 2, 3),
    gates: Object.fromEntries(Object.entries(gates).map(([name, values]) => [name, Float64Array.from(values)])),
    hidden: Float64Array.from(hidden),
    cell: null,
    hiddenGradient: null,
    cellGradient: null,
  };
}

const half = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];

describe("gates built by hand", () => {
  const meter = new GateMeter({ kind: "lstm" });
  const forget = [0.95, 0.05, 0.95, 0.5, 0.95, 0.05, 0.95, 0.6];
  const candidate = [0.95, 0.05, -0.95, 0, 0, 0, 0, 0];
  const hidden = [0.5, 0, -0.5, 0, 0.5, 0.001, -0.5, 0];
  meter.add([handBuilt({ input: half, forget, candidate, output: half }, hidden)]);
  const [layer] = meter.statistics().layers;

  test("have their means and spreads, by unit and over all", () => {
    const { units, mean, spread } = layer.gates.forget;
    expect(units.mean[0]).toBeCloseTo(0.95, 12);
    expect(units.mean[1]).toBeCloseTo(0.3, 12);
    expect(units.spread[0]).toBeCloseTo(0, 12);
    // Of 0.05, 0.5, 0.05, 0.6: squares of the differences from 0.3 are 0.0625, 0.04, 0.0625, 0.09.
    expect(units.spread[1]).toBeCloseTo(Math.sqrt(0.255 / 4), 12);
    expect(mean).toBeCloseTo(0.625, 12);
    expect(spread).toBeCloseTo(Math.sqrt(0.255 / 8 + 0.325 ** 2), 12);
  });

  test("are shut below 0.1 and open above 0.9; a candidate counts on both sides of 0", () => {
    expect(layer.gates.forget.units.low).toEqual([0, 0.5]);
    expect(layer.gates.forget.units.high).toEqual([1, 0]);
    expect(layer.gates.forget.high).toBe(0.5);
    expect(layer.gates.candidate.units.low).toEqual([0.25, 0]);
    expect(layer.gates.candidate.units.high).toEqual([0.25, 0]);
    expect(layer.gates.input).toMatchObject({ low: 0, high: 0, mean: 0.5, spread: 0 });
  });

  test("have a mean at every time step", () => {
    layer.gates.forget.overTime.forEach((mean, t) => expect(mean).toBeCloseTo([0.5, 0.725, 0.5, 0.775][t], 12));
  });

  test("give time constants of 1 / (1 - f)", () => {
    expect(layer.timeConstants![0]).toBeCloseTo(20, 10);
    expect(layer.timeConstants![1]).toBeCloseTo(1 / 0.7, 12);
  });

  test("show the unit that says nothing", () => {
    expect(layer.constantUnits).toEqual([1]);
    expect(layer.deadUnits).toEqual([1]);
  });

  test("a unit stuck away from 0 is constant, not dead", () => {
    const stuck = new GateMeter({ kind: "rnn", nonlinearity: "tanh" });
    const states = [0.5, 0.99, -0.5, 0.99, 0.5, 0.99, -0.5, 0.99];
    stuck.add([handBuilt({ state: states }, states)]);
    const [rnn] = stuck.statistics().layers;
    expect(rnn).toMatchObject({ constantUnits: [1], deadUnits: [], timeConstants: null });
    expect(rnn.gates.state.units.high).toEqual([0, 1]);
  });

  test("pieces of a text are one text", () => {
    const pieces = new GateMeter({ kind: "lstm" });
    const gates = { input: half, forget, candidate, output: half };
    pieces.add([handBuilt(gates, hidden)]);
    pieces.add([handBuilt(gates, hidden)], 4);
    const whole = pieces.statistics();
    expect(whole.steps).toBe(8);
    expect(whole.layers[0].gates.forget.mean).toBeCloseTo(layer.gates.forget.mean, 12);
    expect(whole.layers[0].gates.forget.overTime).toHaveLength(8);
  });
});

describe("networks", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64", seed: 0 }));
  const random = new Random(randomKey(0, "test"));
  const x = (): ReturnType<typeof tensor> =>
    tensor(
      Float64Array.from({ length: 40 * 2 * 3 }, () => random.normal()),
      [40, 2, 3],
    );

  test("an LSTM whose forget gate is held at sigmoid(3) keeps its state for 1 + e^3 steps", () => {
    const lstm = new LSTM({ inputSize: 3, hiddenSize: 5 });
    for (const [name, parameter] of lstm.stateDict()) {
      const values = parameter.exactDataSync();
      // Gate rows 5 to 9 are the forget gate's.
      const width = values.length / 20;
      values.fill(0, 5 * width, 10 * width);
      if (name === "bias_ih_l0") values.fill(3, 5, 10);
      parameter.assign(values);
    }
    const [{ timeConstants }] = gateStatistics(lstm, [() => void lstm.forward(x())]).layers;
    for (const steps of timeConstants!) expect(steps).toBeCloseTo(1 + Math.exp(3), 9);
  });

  test("a GRU's time constants are those of its update gate", () => {
    const gru = new GRU({ inputSize: 3, hiddenSize: 5 });
    const [{ gates, timeConstants }] = gateStatistics(gru, [() => void gru.forward(x())]).layers;
    expect(timeConstants).toEqual(gates.update.units.mean.map((z) => 1 / (1 - z)));
  });

  test("a minGRU keeps 1 - z of its state, a minLSTM f / (f + i)", () => {
    const mingru = new MinGRU({ inputSize: 3, hiddenSize: 5 });
    const [small] = gateStatistics(mingru, [() => void mingru.forward(x())]).layers;
    small.timeConstants!.forEach((steps, unit) =>
      expect(steps).toBeCloseTo(1 / small.gates.update.units.mean[unit], 9),
    );
    const minlstm = new MinLSTM({ inputSize: 3, hiddenSize: 5 });
    for (const parameter of minlstm.parameters()) parameter.assign(new Float64Array(parameter.size));
    const [even] = gateStatistics(minlstm, [() => void minlstm.forward(x())]).layers;
    for (const steps of even.timeConstants!) expect(steps).toBeCloseTo(2, 12);
  });

  test("a relu is low where it is exactly 0", () => {
    const rnn = new RNN({ inputSize: 3, hiddenSize: 6, nonlinearity: "relu" });
    const input = x();
    const [observed] = observe(rnn, () => void rnn.forward(input));
    const zeros = observed.hidden.filter((value) => value === 0).length;
    const [{ gates }] = gateStatistics(rnn, [() => void rnn.forward(input)]).layers;
    expect(zeros).toBeGreaterThan(0);
    expect(gates.state.low).toBeCloseTo(zeros / observed.hidden.length, 12);
    expect(gates.state.high).toBe(0);
  });
});
