import { describe, expect, test } from "vitest";
import { widthFor } from "./match-width.ts";

/** Parameters of a character model: an embedding and an output of 65, and layers of `gates` matrices. */
const model = (gates: number, layers: number) => async (hidden: number) =>
  2 * 65 * hidden + 65 + layers * (2 * gates * hidden * hidden + 2 * gates * hidden);

describe("the width for a number of parameters", () => {
  test.each([
    [1, 2],
    [4, 2],
    [12, 1],
  ])("is the nearest there is, with %i gates in %i layers", async (gates, layers) => {
    for (const parameters of [3000, 50_000, 1_234_567]) {
      for (const unit of [1, 8]) {
        const at = model(gates, layers);
        const width = await widthFor(parameters, unit, at);
        const off = Math.abs((await at(width)) - parameters);
        expect(width % unit).toBe(0);
        expect(off).toBeLessThanOrEqual(Math.abs((await at(width + unit)) - parameters));
        expect(off).toBeLessThanOrEqual(Math.abs((await at(Math.max(unit, width - unit))) - parameters));
      }
    }
  });

  test("asks at three widths only", async () => {
    const asked: number[] = [];
    await widthFor(500_000, 8, async (hidden) => {
      asked.push(hidden);
      return 12 * hidden * hidden;
    });
    expect(asked).toEqual([8, 16, 24]);
  });

  test("is the unit where even that has too many parameters", async () => {
    expect(await widthFor(10, 8, model(4, 2))).toBe(8);
  });
});
