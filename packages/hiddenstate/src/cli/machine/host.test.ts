import { engine } from "@hiddenstate/core";
import { expect, test } from "vitest";
import { describeHost } from "./host.ts";

test("this Node is described as what it is", () => {
  const host = describeHost();
  expect(host.node).toBe(process.version);
  expect(host.cores).toBeGreaterThan(0);
  // Every Node that is supported has both.
  expect(host.simd).toBe(true);
  expect(host.sharedMemory).toBe(true);
});

test("relaxed SIMD is there exactly if the engine can use it", async () => {
  const { instructionSet } = await engine.init({ backend: "wasm" });
  expect(describeHost().relaxedSimd).toBe(instructionSet === "relaxed");
});
