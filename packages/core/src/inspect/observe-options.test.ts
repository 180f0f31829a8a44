import { beforeAll, expect, test } from "vitest";
import { mainCombinations } from "../../test/cell-combinations.ts";
import { normal } from "../../test/draws.ts";
import { mul } from "../autograd/ops/binary.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { engine } from "../engine.ts";
import { LSTM } from "../nn/lstm.ts";
import { gateNames, observe } from "./observe.ts";

const [steps, batch, inputSize, hiddenSize] = [4, 3, 2, 5];

beforeAll(() => engine.init({ backend: "reference", precision: "f64" }));

const observed = mainCombinations().filter(({ options }) => !options.projection && !options.residual);

test.each(observed)("gates, states and gradients of $title can be looked at", ({ make }) => {
  const network = make({ inputSize, hiddenSize, name: "network" }).eval();
  const x = normal([steps, batch, inputSize]);
  const { output } = network.forward(x);
  const upstream = normal([steps, batch, hiddenSize], 3);
  const [layer] = observe(network, () => sum(mul(network.forward(x).output, upstream)));
  expect(Object.keys(layer.gates)).toEqual(gateNames(network.cell));
  expect([...layer.hidden]).toEqual([...output.exactDataSync()]);
  // After the last step nothing but the loss reads h.
  const last = (steps - 1) * batch * hiddenSize;
  expect([...layer.hiddenGradient!.subarray(last)]).toEqual([...upstream.exactDataSync().subarray(last)]);
  expect(layer.cellGradient === null).toBe(network.cell.kind !== "lstm");
  expect(layer.cellGradient?.every(Number.isFinite) ?? true).toBe(true);
});

test("a network with a projection is refused, with the reason", () => {
  const network = new LSTM({ inputSize, hiddenSize, projection: 2 });
  expect(() => observe(network, () => void network.forward(normal([steps, batch, inputSize])))).toThrow(
    "observe: unsupported network with a projection, whose h is narrower than its gates",
  );
});
