import { beforeAll, describe, expect, test } from "vitest";
import {
  allCombinations,
  columns,
  mainCombinations,
  makeCell,
  type Network,
  switchedOn,
  withCompanion,
} from "../../test/cell-combinations.ts";
import { normal, weightedSum } from "../../test/draws.ts";
import { everyEngine } from "../../test/engines.ts";
import { checkGradients } from "../autograd/gradient-check.ts";
import { add } from "../autograd/ops/binary.ts";
import { concat } from "../autograd/ops/concat.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { noGrad } from "../autograd/tape.ts";
import { engine } from "../engine.ts";
import { scope } from "../memory/scope.ts";
import type { Tensor } from "../memory/tensor.ts";
import { type CellOptions, cellOptionTable } from "./cell-options.ts";
import { LSTM } from "./lstm.ts";
import type { RecurrentState } from "./recurrent-options.ts";

/** Every parameter at random, also those that start at 0 or 1. */
function shaken(network: Network): Network {
  for (const [i, [, values]] of network.namedParameters().entries()) {
    const start = values.exactDataSync();
    values.assign(
      normal([values.size], i)
        .exactDataSync()
        .map((draw, j) => 0.5 * draw + start[j]),
    );
  }
  return network;
}

function total(tensors: readonly Tensor[]): Tensor {
  return tensors.map(weightedSum).reduce((a, b) => add(a, b));
}

function timeStep(x: Tensor, t: number): Tensor {
  return reshape(slice(x, { start: t, end: t + 1 }), x.shape.slice(1));
}

describe("in f64", () => {
  beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));
  const [steps, batch, inputSize, hiddenSize] = [4, 3, 2, 3];
  const lengths = [2, 4, 0];

  const lossOf = (network: Network, x: Tensor, state?: RecurrentState): (() => Tensor) => {
    const draws = network.drawCounts();
    return () => {
      network.restoreDrawCounts(draws);
      const result = network.forward(x, { lengths, state });
      return total([result.output, ...(Object.values(result.state) as Tensor[])]);
    };
  };

  test.each(mainCombinations())("finite differences agree with backward: $title", ({ make, options }) => {
    const layers = options.residual ? 2 : 1;
    const every = Object.keys(options).length === 1 ? [false] : [false, true];
    for (const bidirectional of every) {
      const network = shaken(make({ inputSize, hiddenSize, layers, bidirectional, name: "network" }));
      const x = normal([steps, batch, inputSize], 5);
      const state = network.zeroState(batch);
      for (const part of Object.values(state) as Tensor[]) part.assign(normal([part.size], 7).exactDataSync());
      // A given state leaves a learned one without a gradient, which is right as well.
      const given = options.learnedState ? undefined : state;
      const inputs = [x, ...(given ? (Object.values(given) as Tensor[]) : []), ...network.parameters()];
      // Few numbers in a row make a normalisation bend sharply: smaller steps than usual.
      checkGradients(lossOf(network, x, given), inputs, { epsilon: 1e-6, tolerance: 1e-7 });
    }
  });

  test("for every allowed set of options, the derivative along one direction agrees with backward", () => {
    const wrong: string[] = [];
    for (const { make, title } of allCombinations()) {
      scope(() => {
        const layers = 2;
        const network = shaken(make({ inputSize, hiddenSize, layers, dropout: 0.3, name: title }));
        const x = normal([steps, batch, inputSize], 5);
        const inputs = [x, ...network.parameters()];
        x.requiresGrad = true;
        const loss = lossOf(network, x);
        loss().backward();
        const directions = inputs.map((input, i) => [...normal([input.size], 100 + i).exactDataSync()]);
        const expected = inputs.reduce((sum, input, i) => {
          const gradient = input.grad!.exactDataSync();
          return sum + directions[i].reduce((along, value, j) => along + value * gradient[j], 0);
        }, 0);
        const starts = inputs.map((input) => input.exactDataSync());
        const at = (distance: number): number => {
          inputs.forEach((input, i) => input.assign(starts[i].map((value, j) => value + distance * directions[i][j])));
          return noGrad(() => loss().itemSync());
        };
        const epsilon = 3e-8;
        const numeric = (at(epsilon) - at(-epsilon)) / (2 * epsilon);
        if (!(Math.abs(expected - numeric) / (1 + Math.abs(numeric)) < 1e-6)) wrong.push(title);
      });
    }
    expect(wrong).toEqual([]);
  });

  test.each(mainCombinations())(
    "a loop of steps has the gradients of the whole sequence: $title",
    ({ make, options }) => {
      if (options.recurrentDropout) return;
      const gradients = [false, true].map((stepwise) => {
        const layers = options.residual ? 2 : 1;
        const network = shaken(make({ inputSize, hiddenSize, layers, name: "network" }));
        const x = normal([steps, batch, inputSize], 5);
        x.requiresGrad = true;
        const outputs: Tensor[] = [];
        let state: RecurrentState | undefined;
        if (stepwise) {
          for (let t = 0; t < steps; t++) {
            const result = network.step(timeStep(x, t), state);
            outputs.push(result.output);
            state = result.state;
          }
        }
        const whole = stepwise ? null : network.forward(x);
        const output = whole ? reshape(whole.output, [steps * batch, network.outputSize]) : concat(outputs, 0);
        total([output, ...(Object.values(whole?.state ?? state!) as Tensor[])]).backward();
        return [x, ...network.parameters()].map((input) => [...input.grad!.exactDataSync()]);
      });
      gradients[0].forEach((gradient, i) =>
        gradient.forEach((value, j) => {
          expect(Math.abs(gradients[1][i][j] - value)).toBeLessThan(1e-10 * (1 + Math.abs(value)));
        }),
      );
    },
  );
});

describe.each(everyEngine)("on $name", ({ options: engineOptions }) => {
  beforeAll(() => engine.init(engineOptions));
  const [steps, batch, inputSize, hiddenSize] = [6, 5, 3, 19];
  const shape = { inputSize, hiddenSize, layers: 2, name: "network" };

  test.each(mainCombinations())("whole, steps, streams and pools have the same bits: $title", ({ make }) => {
    const network = shaken(make(shape)).eval();
    const x = normal([steps, batch, inputSize], 5);
    const whole = network.forward(x);
    const stream = network.stream({ rows: batch });
    const pool = network.pool({ capacity: 2 });
    const ids = Array.from({ length: batch }, () => pool.open());
    let [onTape, offTape]: (RecurrentState | undefined)[] = [];
    for (let t = 0; t < steps; t++) {
      const expected = timeStep(whole.output, t).exactDataSync();
      const xt = timeStep(x, t);
      const taped = network.step(xt, onTape);
      const untaped = noGrad(() => network.step(xt, offTape));
      onTape = taped.state;
      offTape = untaped.state;
      expect(taped.output.exactDataSync()).toEqual(expected);
      expect(untaped.output.exactDataSync()).toEqual(expected);
      // Streams give float32, also where the engine computes in f64.
      const rounded = Float32Array.from(expected);
      expect(stream.push(xt.exactDataSync())).toEqual(rounded);
      expect(pool.push(ids, xt.exactDataSync())).toEqual(rounded);
    }
    for (const part of Object.keys(whole.state) as ("h" | "c")[]) {
      expect(onTape[part]!.exactDataSync()).toEqual(whole.state[part]!.exactDataSync());
      expect(offTape[part]!.exactDataSync()).toEqual(whole.state[part]!.exactDataSync());
      expect(stream.state()[part]?.length).toBe(whole.state[part]!.size);
    }
    const saved = pool.state(ids[1]);
    pool.reset(ids[1]);
    expect(pool.state(ids[1])).not.toEqual(saved);
    pool.restore(ids[1], saved);
    expect(pool.state(ids[1])).toEqual(saved);
  });

  test.each(mainCombinations())(
    "a row has the same bits alone, in chunks and beside NaN in the padding: $title",
    ({ make }) => {
      const lengths = [3, 0, 6, 1, 4];
      for (const bidirectional of [false, true]) {
        const network = shaken(make({ ...shape, bidirectional })).eval();
        const x = normal([steps, batch, inputSize], 5);
        const clean = network.forward(x, { lengths }).output.exactDataSync();
        const values = x.exactDataSync();
        for (let t = 0; t < steps; t++) {
          for (let b = 0; b < batch; b++) {
            if (t >= lengths[b]) values.fill(NaN, (t * batch + b) * inputSize, (t * batch + b + 1) * inputSize);
          }
        }
        x.assign(values);
        expect(network.forward(x, { lengths }).output.exactDataSync()).toEqual(clean);
        const alone = network.forward(slice(x, { axis: 1, start: 2, end: 3 })).output.exactDataSync();
        const width = network.outputSize;
        const own = Array.from({ length: steps }, (_, t) => [
          ...clean.subarray((t * batch + 2) * width, (t * batch + 3) * width),
        ]);
        expect([...alone]).toEqual(own.flat());
        if (bidirectional) continue;
        const first = network.forward(slice(x, { axis: 1, start: 2, end: 3 }), { lengths: [2] });
        const rest = network.forward(slice(slice(x, { axis: 1, start: 2, end: 3 }), { start: 2 }), {
          state: first.state,
        });
        expect([...rest.output.exactDataSync()]).toEqual([...alone.subarray(2 * width)]);
      }
    },
  );

  test.each(mainCombinations())("recompute and several threads give the same numbers: $title", ({ make }) => {
    const outcome = (recompute: boolean): { output: ArrayLike<number>; gradients: number[][] } => {
      const network = shaken(make({ ...shape, dropout: 0.3 }));
      const x = normal([steps, batch, inputSize], 5);
      x.requiresGrad = true;
      const { output, state } = network.forward(x, { lengths: [3, 0, 6, 1, 4], recompute });
      total([output, ...(Object.values(state) as Tensor[])]).backward();
      const gradients = [x, ...network.parameters()].map((input) => [...input.grad!.exactDataSync()]);
      return { output: output.exactDataSync(), gradients };
    };
    const [plain, again] = [outcome(false), outcome(true)];
    expect(again.output).toEqual(plain.output);
    plain.gradients.forEach((gradient, i) => {
      const size = 1 + Math.max(...gradient.map(Math.abs));
      gradient.forEach((value, j) => expect(Math.abs(again.gradients[i][j] - value)).toBeLessThan(1e-4 * size));
    });
  });
});

describe("recurrent dropout", () => {
  beforeAll(() => engine.init({ threads: 2 }));
  const [steps, batch, inputSize, hiddenSize, share] = [24, 16, 3, 40, 0.3];
  const able = columns.filter((column) => cellOptionTable.variational[column] === true);

  /** Whether each unit of each row is 0 after each step: [T][B*H]. Nothing but dropout makes one so. */
  const zerosOf = (network: Network, given: { lengths?: number[]; recompute?: boolean } = {}): boolean[][] => {
    const output = network.forward(normal([steps, batch, inputSize], 5), given).output.exactDataSync();
    const size = batch * hiddenSize;
    return Array.from({ length: steps }, (_, t) => [...output.subarray(t * size, (t + 1) * size)].map((h) => h === 0));
  };

  describe.each(able)("of %s", (column) => {
    const make = (variational: boolean): Network => {
      const sizes = { inputSize, hiddenSize, bidirectional: false, name: "network" };
      return shaken(makeCell[column]({ ...sizes, recurrentDropout: share, variational }));
    };

    test("variational, it has one mask for a whole sequence, and another for the next", () => {
      const network = make(true);
      const [first, ...later] = zerosOf(network);
      for (const step of later) expect(step).toEqual(first);
      const dropped = first.filter(Boolean).length / first.length;
      expect(Math.abs(dropped - share)).toBeLessThan(0.08);
      const rows = Array.from({ length: batch }, (_, b) => first.slice(b * hiddenSize, (b + 1) * hiddenSize).join());
      expect(new Set(rows).size).toBe(batch);
      expect(zerosOf(network)[0]).not.toEqual(first);
    });

    test("variational, a row's mask depends neither on lengths nor on chunks", () => {
      const [whole] = zerosOf(make(true));
      const lengths = Array.from({ length: batch }, (_, b) => ((b * 7) % steps) + 1);
      const cut = zerosOf(make(true), { lengths });
      for (const [b, length] of lengths.entries()) {
        const own = (step: boolean[]): boolean[] => step.slice(b * hiddenSize, (b + 1) * hiddenSize);
        for (let t = 0; t < length; t++) expect(own(cut[t])).toEqual(own(whole));
      }
      expect(zerosOf(make(true), { recompute: true })).toEqual(zerosOf(make(true)));
      expect(zerosOf(make(true), { recompute: true, lengths })).toEqual(cut);
    });

    test("else it has a new mask at each step, so that a unit that wrote nothing writes soon", () => {
      const zeros = zerosOf(make(false));
      expect(zeros[0].some(Boolean)).toBe(true);
      expect(zeros.at(-1)!.some(Boolean)).toBe(false);
    });

    test("variational, a step while training is refused, and one of evaluation is not", () => {
      const network = make(true);
      const step = (): unknown => network.step(normal([1, inputSize]));
      expect(step).toThrow(
        `${network.cell.kind}.step: unsupported while training with variational: one mask lasts for a whole sequence, and a step does not know ` +
          "which it is of; use forward, call eval() first, or leave variational out (a new mask at each step)",
      );
      network.eval();
      expect(step).not.toThrow();
    });
  });
});

describe("the table of options", () => {
  beforeAll(() => engine.init({ backend: "reference" }));
  const sizes = { inputSize: 2, hiddenSize: 3, layers: 2 };

  const cells = columns.flatMap((column) =>
    (Object.keys(cellOptionTable) as (keyof CellOptions)[]).map((option) => {
      const options = Object.fromEntries(withCompanion(option).map((name) => [name, switchedOn[name]]));
      const make = (): Network => makeCell[column]({ ...sizes, ...options });
      return { column, option, verdict: cellOptionTable[option][column], make };
    }),
  );

  test.each(cells.filter(({ verdict }) => verdict === true))("$column has $option", ({ make }) => {
    expect(make).not.toThrow();
  });

  test.each(cells.filter(({ verdict }) => verdict !== true))(
    "$option of $column is refused with the reason",
    ({ column, option, verdict, make }) => {
      const refused = withCompanion(option)[0];
      expect(make).toThrow(`unsupported ${refused} with cell ${column}: ${verdict}; leave ${refused} out`);
    },
  );

  test("what would do nothing is refused", () => {
    expect(() => new LSTM({ ...sizes, layers: 1, residual: true })).toThrow(
      "new LSTM: unsupported residual with one layer: it connects layers; leave it out, or use layers 2 or more",
    );
    expect(() => new LSTM({ ...sizes, variational: true })).toThrow(
      "new LSTM: unsupported variational without recurrentDropout: it says how long a mask lasts, and there is none; leave it out, or give " +
        "recurrentDropout a share above 0",
    );
    expect(() => new LSTM({ ...sizes, projection: 3 })).toThrow(
      "new LSTM: invalid projection: got 3, expected a width below hiddenSize 3",
    );
  });

  test("8-bit streams need a plain cell", () => {
    expect(() => new LSTM({ ...sizes, peepholes: true }).stream({ weights: "int8" })).toThrow(
      'lstm.stream: unsupported weights "int8" for this cell',
    );
    const network = new LSTM({ ...sizes, residual: true, learnedState: true });
    expect(network.stream({ weights: "int8" }).push([1, 2]).every(Number.isFinite)).toBe(true);
  });

  test("a learned state is where streams begin, and where they go back to", () => {
    const network = new LSTM({ ...sizes, learnedState: true });
    network.stateDict().get("initial_h")!.assign([1, 2, 3, 4, 5, 6]);
    const stream = network.stream({ rows: 2 });
    const start = stream.state();
    expect(start.h).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
    stream.push([1, 2, 3, 4]);
    stream.reset();
    expect(stream.state()).toEqual(start);
    const pool = network.pool();
    expect(pool.state(pool.open()).h).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
