import { engine } from "@hiddenstate/core";
import { beforeAll, describe, expect, test } from "vitest";
import { stepCost } from "./step-cost.ts";

const wait = (milliseconds: number): void => {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
};

beforeAll(async () => engine.init({ seed: 0 }));

describe("what a model costs where it is used", () => {
  test("is a step's time and the state's size as the context grows, where it streams", async () => {
    const cost = await stepCost({
      kind: "stream",
      open() {
        let steps = 0;
        return { step: () => wait(steps++ < 500 ? 0 : 0.1), stateBytes: () => 8 * Math.min(steps, 100) };
      },
    });
    expect(cost.kind).toBe("stream");
    expect(cost.latency.map(({ context }) => context)).toEqual([64, 1024]);
    expect(cost.latency[0].seconds).toBeLessThan(0.05e-3);
    expect(cost.latency[1].seconds).toBeGreaterThanOrEqual(0.1e-3);
    expect(cost.stateBytes.map(({ bytes }) => bytes)).toEqual([8, 128, 512, 800, 800]);
    // It takes none of the engine's.
    expect(cost.streamBytes).toBeNull();
  });

  test("is the time of a sequence where it reads whole ones", async () => {
    const cost = await stepCost({ kind: "sequence", read: async () => wait(0.2) });
    expect(cost).toMatchObject({ kind: "sequence", streamBytes: null, stateBytes: [] });
    expect(cost.latency).toHaveLength(1);
    expect(cost.latency[0].context).toBe(32);
    expect(cost.latency[0].seconds).toBeGreaterThanOrEqual(0.2e-3);
  });
});
