import { expect, test } from "vitest";
import { followUnit, type FollowedStretch, signalNames, tellingUnit } from "./follow-units.ts";
import type { ObservedLayer } from "./observe.ts";

/** Three units over sixteen steps: one that swings slowly, one that flickers, one that stands still. */
function stretch(cell = true): FollowedStretch {
  const steps = 16;
  const values = Float64Array.from({ length: steps * 3 }, (_, i) => {
    const [step, unit] = [Math.floor(i / 3), i % 3];
    return [step < 8 ? 0.8 : -0.8, step % 2 ? 0.9 : -0.9, 0.99][unit];
  });
  const layer: ObservedLayer = {
    layer: 1,
    direction: "forward",
    hiddenSize: 3,
    rows: steps,
    batchRow: new Int32Array(steps),
    time: Int32Array.from({ length: steps }, (_, t) => t),
    gates: { forget: values.map((value) => 0.5 + value / 2), candidate: values },
    hidden: values.map((value) => value / 2),
    cell: cell ? values.map(Math.atanh) : null,
    hiddenGradient: null,
    cellGradient: null,
  };
  return { pieces: Array.from("abcdefghijklmnop"), layers: [layer] };
}

test("the telling unit is the one that swings slowly", () => {
  expect(tellingUnit(stretch())).toEqual({ layer: 1, unit: 0, signal: "cell" });
  expect(tellingUnit(stretch(false))).toEqual({ layer: 1, unit: 0, signal: "hidden" });
  expect(tellingUnit(stretch(), "forget")).toEqual({ layer: 1, unit: 0, signal: "forget" });
});

test("a followed unit has a value for each piece, on the scale of its signal", () => {
  const found = followUnit(stretch(), { layer: 1, unit: 1, signal: "forget" });
  expect(found.values.slice(0, 3)).toEqual([0.5 - 0.45, 0.95, 0.5 - 0.45].map((value) => expect.closeTo(value, 12)));
  expect(found.scale).toEqual([0, 1]);
  expect(found.pieces).toHaveLength(16);
  const cell = followUnit(stretch(), { layer: 1, unit: 0, signal: "cell" });
  expect(cell.values[0]).toBeCloseTo(0.8, 12);
  expect(cell.scale).toEqual([-1, 1]);
});

test("an LSTM's units have a cell beside their gates", () => {
  expect(signalNames({ kind: "lstm" })).toEqual(["hidden", "cell", "input", "forget", "candidate", "output"]);
  expect(signalNames({ kind: "rnn", nonlinearity: "tanh" })).toEqual(["hidden", "state"]);
});
