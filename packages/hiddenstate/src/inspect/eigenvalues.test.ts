import { spectralRadius } from "@hiddenstate/core";
import { expect, test } from "vitest";
import { eigenvalues } from "./eigenvalues.ts";

const byMagnitude = (matrix: number[], size: number): [number, number][] => {
  const { real, imaginary } = eigenvalues(Float64Array.from(matrix), size);
  const pairs = Array.from(real, (value, i): [number, number] => [value, imaginary[i]]);
  return pairs.toSorted((a, b) => Math.hypot(...b) - Math.hypot(...a) || b[1] - a[1]);
};

test("real eigenvalues, of a matrix that is not symmetric", () => {
  // Triangular: the diagonal.
  const found = byMagnitude([3, 5, -7, 0, -2, 1, 0, 0, 0.5], 3);
  [3, -2, 0.5].forEach((value, i) => expect(found[i][0]).toBeCloseTo(value, 12));
});

test("a complex pair beside a real one", () => {
  // The companion matrix of (x - 0.5)(x^2 - 2x + 5), whose roots are 0.5 and 1 +- 2i.
  const found = byMagnitude([2.5, -6, 2.5, 1, 0, 0, 0, 1, 0], 3);
  expect(found[0][0]).toBeCloseTo(1, 10);
  expect(found[0][1]).toBeCloseTo(2, 10);
  expect(found[1][1]).toBeCloseTo(-2, 10);
  expect(found[2][0]).toBeCloseTo(0.5, 10);
});

test("the radius of a rotation of 40 dimensions, scaled by 0.9, is 0.9", () => {
  const size = 40;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i += 2) {
    const [c, s] = [0.9 * Math.cos(i + 1), 0.9 * Math.sin(i + 1)];
    matrix.set([c, -s], i * size + i);
    matrix.set([s, c], (i + 1) * size + i);
  }
  expect(spectralRadius(matrix, size, eigenvalues)).toBeCloseTo(0.9, 12);
});
