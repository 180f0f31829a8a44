import { beforeAll, describe, expect, test } from "vitest";
import { engine } from "../engine.ts";
import { GRU } from "../nn/gru.ts";
import { LSTM } from "../nn/lstm.ts";
import {
  type EigenvalueRoutine,
  hasRecurrentMatrices,
  recurrentMatrices,
  spectralNorm,
  spectralRadius,
} from "./recurrent-matrix.ts";

/** Of 2 x 2 matrices, by the quadratic formula. */
const ofTwoByTwo: EigenvalueRoutine = ([a, b, c, d]) => {
  const [half, product] = [(a + d) / 2, a * d - b * c];
  const root = half * half - product;
  const [real, imaginary] = root < 0 ? [0, Math.sqrt(-root)] : [Math.sqrt(root), 0];
  return { real: [half + real, half - real], imaginary: [imaginary, -imaginary] };
};

describe("of known matrices", () => {
  test("the radius of a complex pair is its magnitude", () => {
    const [c, s] = [1.3 * Math.cos(1), 1.3 * Math.sin(1)];
    expect(spectralRadius(Float64Array.of(c, -s, s, c), 2, ofTwoByTwo)).toBeCloseTo(1.3, 14);
  });

  test("a negative eigenvalue counts by its magnitude", () => {
    expect(spectralRadius(Float64Array.of(-2, 0, 0, 1), 2, ofTwoByTwo)).toBe(2);
  });

  test("a shear's norm is larger than its radius", () => {
    const shear = Float64Array.of(1, 4, 0, 1);
    expect(spectralRadius(shear, 2, ofTwoByTwo)).toBe(1);
    expect(spectralNorm(shear, 2)).toBeCloseTo(2 + Math.sqrt(5), 7);
  });

  test("the norm of an orthogonal matrix is 1, of zeros 0", () => {
    const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
    expect(spectralNorm(Float64Array.of(c, -s, 0, s, c, 0, 0, 0, 1), 3)).toBeCloseTo(1, 12);
    expect(spectralNorm(new Float64Array(9), 3)).toBe(0);
  });
});

describe("of networks", () => {
  beforeAll(() => engine.init({ backend: "reference", seed: 0 }));

  test("a network with a projection, whose matrices are not square, is refused", () => {
    const lstm = new LSTM({ inputSize: 2, hiddenSize: 6, projection: 2 });
    expect(() => recurrentMatrices(lstm, ofTwoByTwo)).toThrow(/unsupported network with a projection/);
    expect(hasRecurrentMatrices(lstm)).toBe(false);
  });

  test("every gate, layer and direction has its own block", () => {
    const gru = new GRU({ inputSize: 1, hiddenSize: 2, layers: 2, bidirectional: true });
    const blocks = [1, 0, 0, 1, 2, 0, 0, 2, 0, -3, 3, 0];
    gru.stateDict().get("weight_hh_l1_reverse")!.assign(blocks);
    const found = recurrentMatrices(gru, ofTwoByTwo);
    expect(found).toHaveLength(12);
    const last = found.slice(-3);
    expect(last.map(({ layer, direction }) => `${layer} ${direction}`)).toEqual(Array(3).fill("1 reverse"));
    expect(last.map(({ gate }) => gate)).toEqual(["reset", "update", "candidate"]);
    expect(last.map(({ spectralRadius: radius }) => radius)).toEqual([1, 2, 3]);
    expect(last[2].eigenvalues).toEqual({ real: [0, 0], imaginary: [3, -3] });
    last.forEach(({ norm }, i) => expect(norm).toBeCloseTo(i + 1, 12));
  });

  test("an LSTM starts orthogonal in every gate", () => {
    const lstm = new LSTM({ inputSize: 1, hiddenSize: 2 });
    for (const { spectralRadius: radius, norm } of recurrentMatrices(lstm, ofTwoByTwo)) {
      expect(radius).toBeCloseTo(1, 5);
      expect(norm).toBeCloseTo(1, 5);
    }
  });
});
