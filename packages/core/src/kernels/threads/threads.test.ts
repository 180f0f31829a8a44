import { afterEach, describe, expect, test } from "vitest";
import { nativeInstructionSets } from "../../../test/engines.ts";
import { conformanceCases, runBitIdentity } from "../conformance/index.ts";
import type { SharingOptions } from "../compiled-kernels.ts";
import type { KernelSet } from "../kernels.ts";
import { findAddon } from "../native/addon.ts";
import { createNativeKernels } from "../native/index.ts";
import { createWasmKernels } from "../wasm/index.ts";

type Create = (options: SharingOptions) => Promise<KernelSet> | KernelSet;

/** Every instruction set that threads may compute with here. */
const everySet: readonly (readonly [name: string, create: Create])[] = [
  ["wasm relaxed", (options) => createWasmKernels({ ...options, instructionSet: "relaxed" })],
  ["wasm simd128", (options) => createWasmKernels({ ...options, instructionSet: "simd128" })],
  ...nativeInstructionSets.map((name): readonly [string, Create] => [
    `native ${name}`,
    (options) => createNativeKernels(findAddon().addon!, name, options),
  ]),
];

const open: KernelSet[] = [];
async function started(set: Promise<KernelSet> | KernelSet): Promise<KernelSet> {
  const one = await set;
  open.push(one);
  await one.team?.whenReady();
  return one;
}

afterEach(() => {
  for (const set of open.splice(0)) set.close();
});

describe.each(everySet)("on %s", (_, create) => {
  test.each([2, 3])("%i threads have the bits of one", { timeout: 120_000 }, async (threads) => {
    const one = await started(create({ threads: 1 }));
    // However small: every kernel is shared out.
    const several = await started(create({ threads, leastWork: 0 }));
    expect(several.threads).toBe(threads);
    expect(runBitIdentity(several, one, conformanceCases())).toEqual([]);
  });
});
