import { describe, expect, test } from "vitest";
import { runConformance } from "../conformance/index.ts";
import { createWasmKernels } from "./index.ts";

describe("the WebAssembly kernels", () => {
  test.each(["relaxed", "simd128"] as const)("conform to the reference with %s", async (instructionSet) => {
    const results = runConformance(await createWasmKernels({ instructionSet }));
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
  });
});
