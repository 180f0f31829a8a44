import { beforeEach, expect, test } from "vitest";
import { normal } from "../../test/draws.ts";
import { engine } from "../engine.ts";
import { tensor } from "../memory/tensor.ts";
import { checkGradients } from "./gradient-check.ts";
import { add, mul } from "./ops/binary.ts";
import { sum } from "./ops/reduce.ts";
import { log, tanh } from "./ops/unary.ts";

beforeEach(() => engine.init({ backend: "reference", precision: "f64" }));

test("right gradients pass, with the worst place", () => {
  const x = normal([3]);
  const worst = checkGradients(() => sum(tanh(x)), { x });
  expect(worst.error).toBeLessThan(1e-9);
  expect(worst.input).toBe("x");
  expect(worst.analytic).toBeCloseTo(worst.numeric, 8);
});

test("a gradient that leaves out a path is caught, with its place", () => {
  const x = tensor([1, 2, 3]);
  expect(() => checkGradients(() => sum(mul(x, x.detach())), { x })).toThrow(
    "checkGradients: mismatch in the gradient of x, element 2: got 3, expected 6",
  );
  expect(() => checkGradients(() => sum(mul(x, x.detach())), [tensor([0]), x])).toThrow(
    "mismatch in the gradient of 1, element 2",
  );
});

test("NaN is caught", () => {
  const x = tensor([1, -1, 1]);
  expect(() => checkGradients(() => sum(log(x)), { x })).toThrow("expected NaN (error NaN");
});

test("an input that nothing depends on has gradient 0", () => {
  const [x, other] = [normal([2], 1), normal([2], 2)];
  expect(checkGradients(() => sum(x), { x, other }).error).toBeLessThan(1e-9);
  expect(() => checkGradients(() => sum(add(x, other.detach())), { x, other })).toThrow("gradient of other");
});

test("inputs keep their numbers, gradients and flags, and no memory is held", () => {
  const x = tensor([1, 2]);
  x.requiresGrad = true;
  sum(mul(x, x)).backward();
  const y = tensor([3, 4]);
  const gradient = x.grad;
  const { bytesInUse } = engine.info();
  engine.scope(() => void checkGradients(() => sum(mul(x, y)), { x, y }));
  expect(x.dataSync()).toEqual(Float32Array.of(1, 2));
  expect(x.grad).toBe(gradient);
  expect(gradient!.dataSync()).toEqual(Float32Array.of(2, 4));
  expect([y.requiresGrad, y.grad]).toEqual([false, null]);
  expect(engine.info().bytesInUse).toBe(bytesInUse);
});

test("f32 is refused", async () => {
  await engine.init({ backend: "reference" });
  expect(() => checkGradients(() => tensor([1]), [])).toThrow('checkGradients: unsupported precision "f32"');
});
