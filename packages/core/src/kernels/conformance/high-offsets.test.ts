import { expect, test } from "vitest";
import { createWasmKernels } from "../wasm/index.ts";
import { conformanceCases, runConformance } from "./index.ts";

// Offsets are unsigned: a heap may be 4 GiB. Only the pages that are written become real memory.
test.each([2 ** 31, 2 ** 32 - 2 ** 26])(
  "the WebAssembly kernels work on offsets from %d",
  async (start) => {
    const set = await createWasmKernels();
    if (!set.reserve(start + 2 ** 25)) return;
    const cases = conformanceCases().filter((_, i) => i % 7 === 0);
    expect(runConformance(set, { cases, start }).flatMap(({ failures }) => failures)).toEqual([]);
  },
  120_000,
);
