import { beforeAll, describe, expect, test } from "vitest";
import { everyCell } from "../../test/networks.ts";
import { slice } from "../autograd/ops/slice.ts";
import { noGrad } from "../autograd/tape.ts";
import { engine } from "../engine.ts";
import { Random, randomKey } from "../memory/random.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { LSTM } from "../nn/lstm.ts";
import type { RecurrentState } from "../nn/recurrent-options.ts";
import type { RecurrentNetwork } from "../nn/recurrent.ts";
import { RNN } from "../nn/rnn.ts";
import { lyapunovExponents } from "./lyapunov.ts";

beforeAll(() => engine.init({ backend: "reference", precision: "f64", seed: 0 }));

/** h' = W h + b with all units above 0, where relu is linear. */
function linearMap(matrix: number[], bias: number[]): RNN {
  const size = bias.length;
  const rnn = new RNN({ inputSize: 1, hiddenSize: size, nonlinearity: "relu" });
  rnn.loadStateDict({
    weight_ih_l0: tensor(new Float64Array(size), [size, 1]),
    weight_hh_l0: tensor(matrix, [size, size]),
    bias_ih_l0: tensor(bias, [size]),
    bias_hh_l0: tensor(new Float64Array(size), [size]),
  });
  return rnn;
}

const silence = (steps: number): Tensor => tensor(new Float64Array(steps), [steps, 1, 1]);

describe("a linear map's exponents are the logarithms of its eigenvalues' magnitudes", () => {
  test("where they are real", () => {
    // Upper triangular, not normal: eigenvalues 0.9, 0.5, 0.2.
    const rnn = linearMap([0.5, 3, 1, 0, 0.9, 2, 0, 0, 0.2], [1, 1, 1]);
    const { exponents, errors, steps } = lyapunovExponents(rnn, silence(400), { count: 3, settle: 100 });
    [0.9, 0.5, 0.2].forEach((eigenvalue, i) => expect(exponents[i]).toBeCloseTo(Math.log(eigenvalue), 6));
    expect(Math.max(...errors)).toBeLessThan(1e-6);
    expect(steps).toBe(300);
  });

  test("where they are a complex pair", () => {
    const [c, s] = [0.8 * Math.cos(0.5), 0.8 * Math.sin(0.5)];
    const { exponents } = lyapunovExponents(linearMap([c, -s, s, c], [3, 1]), silence(200), { count: 2 });
    for (const exponent of exponents) expect(exponent).toBeCloseTo(Math.log(0.8), 10);
  });

  test("where it explodes", () => {
    const { exponents } = lyapunovExponents(linearMap([1.2, 0.1, 0, 0.7], [0.1, 0.1]), silence(100), { settle: 50 });
    expect(exponents[0]).toBeCloseTo(Math.log(1.2), 6);
  });
});

/** ln |det A|, by elimination with pivots. */
function logDeterminant(matrix: number[][]): number {
  const rows = matrix.map((row) => [...row]);
  let total = 0;
  for (let k = 0; k < rows.length; k++) {
    let pivot = k;
    for (let i = k; i < rows.length; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    total += Math.log(Math.abs(rows[k][k]));
    for (let i = k + 1; i < rows.length; i++) {
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j < rows.length; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  return total;
}

const parts = (state: RecurrentState): Tensor[] => [state.h, ...(state.c ? [state.c] : [])];

/** The Jacobian of one step with respect to the whole state, by central differences. */
function jacobian(network: RecurrentNetwork<RecurrentState>, x: Tensor, state: RecurrentState): number[][] {
  const numbers = parts(state).map((part) => [...part.exactDataSync()]);
  const after = (moved: number[][]): number[] => {
    const [h, c] = moved.map((values) => tensor(values, state.h.shape));
    return parts(network.forward(x, { state: c ? { h, c } : { h } }).state).flatMap((p) => [...p.exactDataSync()]);
  };
  const columns = numbers.flatMap((values, p) =>
    values.map((value, i) => {
      const moved = (by: number): number[] => after(numbers.map((n, q) => (q === p ? n.with(i, value + by) : n)));
      const [above, below] = [moved(1e-6), moved(-1e-6)];
      return above.map((number, j) => (number - below[j]) / 2e-6);
    }),
  );
  return columns[0].map((_, i) => columns.map((column) => column[i]));
}

test.each(everyCell.filter(({ kind }) => kind !== "rnn relu"))(
  "$kind: all exponents together are the mean log determinant of the Jacobians",
  ({ make }) => {
    const network = make({ inputSize: 2, hiddenSize: 2, layers: 2 });
    const random = new Random(randomKey(0, "test"));
    const steps = 12;
    const x = tensor(
      Float64Array.from({ length: steps * 2 }, () => random.normal()),
      [steps, 1, 2],
    );
    let state = network.zeroState(1);
    let total = 0;
    for (let t = 0; t < steps; t++) {
      const step = slice(x, { start: t, end: t + 1 });
      total += noGrad(() => logDeterminant(jacobian(network, step, state)));
      state = noGrad(() => network.forward(step, { state })).state;
    }
    const count = parts(state).length * 4;
    const { exponents } = lyapunovExponents(network, x, { count, every: 1, settle: 0 });
    expect(exponents.reduce((a, b) => a + b)).toBeCloseTo(total / steps, 5);
  },
);

test("parameters keep their gradients as they were", () => {
  const lstm = new LSTM({ inputSize: 1, hiddenSize: 3 });
  lyapunovExponents(lstm, silence(20));
  expect(lstm.parameters().every(({ grad }) => grad === null)).toBe(true);
});

test("a state that nothing is left of has the exponent -Infinity", () => {
  const { exponents } = lyapunovExponents(linearMap([0, 0, 0, 0], [1, 1]), silence(20), { count: 2 });
  expect(exponents).toEqual([-Infinity, -Infinity]);
});

describe("refused", () => {
  test("a bidirectional network", () => {
    const lstm = new LSTM({ inputSize: 1, hiddenSize: 3, bidirectional: true });
    expect(() => lyapunovExponents(lstm, silence(20))).toThrow(/unsupported for a bidirectional network/);
  });

  test("several sequences, too few steps, too many exponents", () => {
    const lstm = new LSTM({ inputSize: 1, hiddenSize: 3 });
    const two = tensor(new Float64Array(20), [10, 2, 1]);
    expect(() => lyapunovExponents(lstm, two)).toThrow(/mismatch in x: got \[10, 2, 1\], expected \[T, 1, 1\]/);
    expect(() => lyapunovExponents(lstm, silence(5))).toThrow(/invalid x: got 5 steps/);
    expect(() => lyapunovExponents(lstm, silence(50), { count: 7 })).toThrow(/got 7, expected at most 6/);
  });
});
