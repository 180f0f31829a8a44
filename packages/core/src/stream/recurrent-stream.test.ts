import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeAll, describe, expect, test } from "vitest";
import { normal } from "../../test/draws.ts";
import { everyEngine } from "../../test/engines.ts";
import { everyCell } from "../../test/networks.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { engine } from "../engine.ts";
import { runtime } from "../memory/runtime.ts";
import { GRU } from "../nn/gru.ts";
import { LSTM } from "../nn/lstm.ts";
import { Adam } from "../optim/adam.ts";
import type { StreamState } from "./sequence-stream.ts";

const steps = 6;
const inputSize = 3;
const hiddenSize = 11;
const shape = { inputSize, hiddenSize, name: "network" };

/** Inputs of so many time steps, [T][rows * inputSize], and what `forward` takes for the same. */
function sequence(rows: number): { x: ReturnType<typeof normal>; inputs: number[][] } {
  const x = normal([steps, rows, inputSize], 5);
  const all = [...x.exactDataSync()];
  const width = rows * inputSize;
  return { x, inputs: Array.from({ length: steps }, (_, t) => all.slice(t * width, (t + 1) * width)) };
}

describe.each(everyEngine)("on $name", ({ options: engineOptions }) => {
  beforeAll(() => engine.init(engineOptions));

  describe.each(everyCell)("a stream of $kind", ({ make }) => {
    test.each([
      { layers: 1, rows: 1 },
      { layers: 2, rows: 1 },
      { layers: 3, rows: 4 },
      { layers: 1, rows: 2, bias: false },
    ])("gives the bits of the whole sequence: %o", ({ rows, ...options }) => {
      const network = make({ ...shape, ...options });
      const { x, inputs } = sequence(rows);
      const whole = network.forward(x);
      const stream = network.stream({ rows });
      expect(inputs.flatMap((input) => [...stream.push(input)])).toEqual([...whole.output.dataSync()]);
      const { h, c } = stream.state();
      expect(h).toEqual([...whole.state.h.exactDataSync()]);
      expect(c).toEqual(whole.state.c && [...whole.state.c.exactDataSync()]);
    });

    test("goes on where another's state was taken", () => {
      const network = make({ ...shape, layers: 2 });
      const { inputs } = sequence(1);
      const first = network.stream();
      const second = network.stream();
      for (const input of inputs.slice(0, 3)) first.push(input);
      for (const input of inputs) second.push(input);
      second.restore(JSON.parse(JSON.stringify(first.state())) as StreamState);
      for (const input of inputs.slice(3)) expect([...second.push(input)]).toEqual([...first.push(input)]);
    });

    test("starts over after a reset", () => {
      const stream = make({ ...shape, layers: 2 }).stream();
      const { inputs } = sequence(1);
      const before = inputs.map((input) => [...stream.push(input)]);
      stream.reset();
      expect(inputs.map((input) => [...stream.push(input)])).toEqual(before);
    });

    test("sees a changed weight, and allocates nothing for it", () => {
      const network = make({ ...shape, layers: 2 });
      const { x, inputs } = sequence(1);
      const stream = network.stream();
      stream.push(inputs[0]);
      stream.reset();
      for (const values of network.stateDict().values()) {
        values.assign(values.exactDataSync().map((value) => value / 2));
      }
      const { bytesInUse } = runtime().heap;
      const output = inputs.flatMap((input) => [...stream.push(input)]);
      expect(runtime().heap.bytesInUse).toBe(bytesInUse);
      expect(output).toEqual([...network.forward(x).output.dataSync()]);
    });

    test("allocates nothing after its first step", () => {
      const stream = make({ ...shape, layers: 2 }).stream();
      const { inputs } = sequence(1);
      stream.push(inputs[0]);
      const { bytesInUse, allocations } = runtime().heap;
      for (let i = 0; i < 200; i++) stream.push(inputs[i % steps]);
      stream.reset();
      expect(runtime().heap).toMatchObject({ bytesInUse, allocations });
    });
  });

  test("a stream outlives the scope it was made in, and nothing is recorded", () => {
    const network = new LSTM(shape);
    const { inputs } = sequence(1);
    const stream = engine.scope(() => {
      const inner = network.stream();
      inner.push(inputs[0]);
      return { inner };
    }).inner;
    expect([...stream.push(inputs[1])].every(Number.isFinite)).toBe(true);
  });

  test("a stream follows a network that goes on training, without its dropout", () => {
    const network = new LSTM({ ...shape, layers: 2, dropout: 0.5 });
    const { x, inputs } = sequence(1);
    const stream = network.stream();
    const adam = new Adam(network.parameters(), { lr: 0.1 });
    for (let i = 0; i < 3; i++) {
      stream.push(inputs[i]);
      engine.scope(() => {
        adam.zeroGrad();
        sum(network.forward(x).output).backward();
        adam.step();
      });
    }
    stream.reset();
    network.eval();
    const expected = [...network.forward(x).output.dataSync()];
    network.train();
    expect(inputs.flatMap((input) => [...stream.push(input)])).toEqual(expected);
  });
});

/** Bytes of JavaScript objects that something holds on to. */
function heapAfterCollection(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

describe("a stream", () => {
  beforeAll(() => engine.init());

  test("gives the same array at each step, or the one it was given", () => {
    const stream = new GRU(shape).stream({ rows: 2 });
    const x = new Float32Array(2 * inputSize).fill(1);
    const own = stream.push(x);
    expect(own).toHaveLength(2 * hiddenSize);
    expect(stream.push(x)).toBe(own);
    const out = new Float32Array(2 * hiddenSize);
    const before = [...own];
    expect(stream.push(x, out)).toBe(out);
    expect([...own]).toEqual(before);
    expect([...out]).not.toEqual(before);
  });

  test("does not let the JavaScript heap grow over 100,000 steps", { timeout: 120_000 }, () => {
    const stream = new LSTM({ inputSize: 4, hiddenSize: 8, layers: 2 }).stream();
    const x = new Float32Array(4).fill(0.5);
    const run = (count: number): void => {
      for (let i = 0; i < count; i++) stream.push(x);
    };
    run(20_000);
    const { allocations, bytesInUse } = runtime().heap;
    const before = heapAfterCollection();
    run(100_000);
    expect(runtime().heap).toMatchObject({ allocations, bytesInUse });
    expect(heapAfterCollection() - before).toBeLessThan(100_000);
  });

  test("of a bidirectional network is refused, with the reason", () => {
    const network = new LSTM({ ...shape, bidirectional: true });
    expect(() => network.stream()).toThrow(
      "lstm.stream: unsupported for a bidirectional network, whose reverse direction starts at the end of the sequence",
    );
    expect(() => network.pool()).toThrow("lstm.pool: unsupported for a bidirectional network");
  });

  test.each([
    [{ rows: 0 }, "lstm.stream: invalid rows: got 0, expected a whole number at least 1"],
    [{ weights: "int4" as "int8" }, 'lstm.stream: invalid weights: got "int4", expected one of float32, int8'],
    [{ row: 2 }, 'lstm.stream: unknown option "row"; did you mean "rows"?'],
  ])("refuses the options %o", (options: object, message) => {
    expect(() => new LSTM(shape).stream(options)).toThrow(message);
  });

  test("refuses an input or output of another length, and a state of another network", () => {
    const stream = new LSTM(shape).stream();
    expect(() => stream.push([1, 2])).toThrow(
      "lstm.stream.push: mismatch in x: got 2 numbers, expected 3 (rows 1 x 3)",
    );
    expect(() => stream.push([1, 2, 3], new Float32Array(5))).toThrow(
      "lstm.stream.push: mismatch in out: got 5 numbers, expected 11 (rows 1 x 11)",
    );
    expect(() => stream.push(undefined as unknown as number[])).toThrow(
      "lstm.stream.push: mismatch in x: got undefined",
    );
    expect(() => stream.restore({ h: [1] })).toThrow(
      "lstm.stream.restore: mismatch in state.h: got 1 numbers, expected 11",
    );
    expect(() => stream.restore(new GRU(shape).stream().state())).toThrow(
      "lstm.stream.restore: mismatch in state.c: got 0 numbers, expected 11",
    );
    const broken = JSON.parse(JSON.stringify({ ...stream.state(), h: Array(11).fill(NaN) })) as StreamState;
    expect(() => stream.restore(broken)).toThrow(
      "lstm.stream.restore: invalid state.h: got null at 0, expected numbers",
    );
    expect(() => new GRU(shape).stream().restore(stream.state())).toThrow("gru.stream.restore: mismatch in state.c");
  });

  test("from before the last engine.init says so", async () => {
    const stream = new LSTM(shape).stream();
    await engine.init();
    expect(() => stream.push([1, 2, 3])).toThrow("from before the last engine.init");
  });
});
