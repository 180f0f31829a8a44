import * as fc from "fast-check";
import { expect, test } from "vitest";
import { leastSquares } from "./least-squares.ts";

test("a line through points, by hand", () => {
  // y = 1 + 2 x with errors 1 -2 1, which are orthogonal to both columns.
  const [[intercept, slope]] = leastSquares(
    [
      [1, 0],
      [1, 1],
      [1, 2],
    ],
    [[2, 1, 6]],
  );
  expect(intercept).toBeCloseTo(1, 12);
  expect(slope).toBeCloseTo(2, 12);
});

test("a column that says nothing new is left out", () => {
  const rows = [
    [1, 2, 3],
    [1, 2, 5],
    [1, 2, 9],
  ];
  const [coefficients] = leastSquares(rows, [[7, 11, 19]]);
  [1, 0, 2].forEach((expected, i) => expect(coefficients[i]).toBeCloseTo(expected, 10));
});

test("what is left is orthogonal to every column, for each list of targets", () => {
  const number = fc.double({ min: -10, max: 10, noNaN: true });
  const row = fc.array(number, { minLength: 3, maxLength: 3 });
  const table = fc.array(row, { minLength: 5, maxLength: 12 });
  fc.assert(
    fc.property(table, fc.array(number, { minLength: 24, maxLength: 24 }), (rows, numbers) => {
      const targets = [numbers.slice(0, rows.length), numbers.slice(12, 12 + rows.length)];
      leastSquares(rows, targets).forEach((coefficients, k) => {
        const left = rows.map((each, i) => targets[k][i] - each.reduce((sum, x, j) => sum + x * coefficients[j], 0));
        for (let j = 0; j < 3; j++) {
          const product = rows.reduce((sum, each, i) => sum + each[j] * left[i], 0);
          expect(Math.abs(product)).toBeLessThan(1e-5);
        }
      });
    }),
  );
});
