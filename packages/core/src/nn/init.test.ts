import { beforeAll, describe, expect, test } from "vitest";
import { engine } from "../engine.ts";
import { normal, orthogonal, uniform, xavierUniform } from "./init.ts";

const key = { seed: 1, path: "weight" };

beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

test.each([NaN, -1, 1.5, "x"])("the seed %s is refused", (seed) => {
  engine.setSeed(3);
  expect(() => engine.setSeed(seed as number)).toThrow("engine.setSeed: invalid seed");
  expect(engine.info().seed).toBe(3);
});

describe("orthogonal", () => {
  test.each([1, 2, 3, 16, 65])("every block of size %i has orthonormal rows", (size) => {
    const values = orthogonal([3 * size, size], 3, key).dataSync();
    for (let block = 0; block < 3; block++) {
      const row = (i: number): Float32Array =>
        values.subarray((block * size + i) * size, (block * size + i + 1) * size);
      for (let i = 0; i < size; i++) {
        for (let j = 0; j <= i; j++) {
          const product = row(i).reduce((sum, value, k) => sum + value * row(j)[k], 0);
          expect(Math.abs(product - Number(i === j))).toBeLessThan(1e-6);
        }
      }
    }
  });

  test("elements are spread as a uniformly random rotation's: mean 0, variance 1/H, fourth moment 3 / (H (H + 2))", () => {
    const size = 64;
    const values = orthogonal([8 * size, size], 8, key).dataSync();
    const moment = (power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.003);
    expect(moment(2)).toBeCloseTo(1 / size, 8);
    expect(moment(4) / (3 / (size * (size + 2)))).toBeCloseTo(1, 1);
  });
});

test("the same key gives the same numbers, another path others", () => {
  expect(normal([4], 1, key).dataSync()).toEqual(normal([4], 1, key).dataSync());
  expect(normal([4], 1, key).dataSync()).not.toEqual(normal([4], 1, { ...key, path: "other" }).dataSync());
});

test("Xavier's bound counts one gate's rows, not all of them", () => {
  const values = xavierUniform([40, 20], 4, key).dataSync();
  const bound = Math.sqrt(6 / (20 + 10));
  const largest = Math.max(...values.map(Math.abs));
  expect(largest).toBeLessThan(bound);
  expect(largest).toBeGreaterThan(0.95 * bound);
});

test("uniform fills its range, normal has its deviation", () => {
  const even = uniform([2000], 3, key).dataSync();
  expect(Math.max(...even)).toBeGreaterThan(2.9);
  expect(Math.min(...even)).toBeLessThan(-2.9);
  const bell = normal([20_000], 2, key).dataSync();
  const variance = bell.reduce((sum, value) => sum + value * value, 0) / bell.length;
  expect(variance).toBeCloseTo(4, 0);
});
