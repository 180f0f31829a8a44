import { describe, expect, test } from "vitest";
import { widthFor } from "./match-width.ts";

/** Parameters of a character model: an embedding and an output of 65, and layers of `gates` matrices. */
const model = (gates: number, layers: number) => async (hidden: number) =>
  2 * 65 * hidden + 65 + layers * (2 * gates * hidden * hidden + 2 * gates * hidden);

/** Parameters of a Transformer over columns of numbers, which has no layer `input` where they are as many as it is wide. */
const overColumns = (columns: number) => async (hidden: number) =>
  12 * hidden * hidden + 13 * hidden + (hidden === columns ? 0 : columns * hidden + hidden);

describe("the width for a number of parameters", () => {
  test.each([
    [1, 2],
    [4, 2],
    [12, 1],
  ])("is the nearest there is, with %i gates in %i layers", async (gates, layers) => {
    for (const parameters of [3000, 50_000, 1_234_567]) {
      for (const unit of [1, 8]) {
        const at = model(gates, layers);
        const width = await widthFor(parameters, { unit }, at);
        const off = Math.abs((await at(width)) - parameters);
        expect(width % unit).toBe(0);
        expect(off).toBeLessThanOrEqual(Math.abs((await at(width + unit)) - parameters));
        expect(off).toBeLessThanOrEqual(Math.abs((await at(Math.max(unit, width - unit))) - parameters));
      }
    }
  });

  test("is the nearest also where parameters are no polynomial of it", async () => {
    for (const columns of [1, 2, 8, 16, 24, 64, 72]) {
      for (const unit of [1, 8]) {
        const at = overColumns(columns);
        for (let wanted = 1000; wanted < 300_000; wanted *= 1.7) {
          const all = await Promise.all(Array.from({ length: 200 }, async (_, i) => at(unit * (i + 1))));
          const nearest = Math.min(...all.map((parameters) => Math.abs(parameters - wanted)));
          expect(Math.abs((await at(await widthFor(wanted, { unit }, at))) - wanted)).toBe(nearest);
        }
      }
    }
  });

  test("is asked for at five widths where they are one", async () => {
    const asked: number[] = [];
    const at = async (hidden: number): Promise<number> => {
      asked.push(hidden);
      return 12 * hidden * hidden;
    };
    expect(await widthFor(500_000, { unit: 8 }, at)).toBe(208);
    expect(asked).toEqual([8, 16, 24, 200, 208]);
  });

  test("is the unit where even that has too many parameters", async () => {
    expect(await widthFor(10, { unit: 8 }, model(4, 2))).toBe(8);
  });

  test("is above what it must be above, and nothing else is asked", async () => {
    const at = async (hidden: number): Promise<number> => {
      if (hidden <= 16) throw new Error(`asked for ${hidden}`);
      return 100 * hidden;
    };
    expect(await widthFor(6400, { unit: 8, above: 16 }, at)).toBe(64);
    expect(await widthFor(10, { unit: 8, above: 16 }, at)).toBe(24);
    expect(await widthFor(10, { unit: 1, above: 16 }, at)).toBe(17);
  });
});
