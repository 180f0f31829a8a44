import { describe, expect, test } from "vitest";
import { nativeInstructionSets } from "../../../test/engines.ts";
import { conformanceCases, runConformance } from "../conformance/index.ts";
import { Samples } from "../conformance/samples.ts";
import { Stage } from "../conformance/stage.ts";
import type { KernelSet } from "../kernels.ts";
import { findAddon } from "./addon.ts";
import { createNativeKernels } from "./index.ts";

const found = findAddon();
const addon = found.addon!;
if (found.missing) process.stderr.write(`left out: tests on native kernels (${found.missing})\n`);

/** What a set computes in every case, by case and result. */
function everyResult(set: KernelSet): Map<string, ArrayLike<number>> {
  const results = new Map<string, ArrayLike<number>>();
  for (const conformanceCase of conformanceCases()) {
    const { name } = conformanceCase;
    const outcomes = conformanceCase.run(new Stage(set, true), new Samples(name));
    for (const [output, { values }] of Object.entries(outcomes)) results.set(`${name}: ${output}`, values);
  }
  return results;
}

function haveSameBits(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, i) => Object.is(value, b[i]));
}

function tanhOf(set: KernelSet, x: number): number {
  set.writeFloats(set.heapStart, [x]);
  set.kernels.unary({ out: set.heapStart, x: set.heapStart, count: 1, operation: 0 });
  return set.readFloats(set.heapStart, 1)[0];
}

describe.each(nativeInstructionSets)("the native kernels, %s,", (instructionSet) => {
  test("conform to the reference", { timeout: 120_000 }, () => {
    const results = runConformance(createNativeKernels(addon, instructionSet));
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
  });

  test("conform on offsets beyond 2^31", () => {
    const set = createNativeKernels(addon, instructionSet);
    const start = 2 ** 31;
    if (!set.reserve(start + 2 ** 25)) return;
    const cases = conformanceCases().filter((_, i) => i % 7 === 0);
    expect(runConformance(set, { cases, start }).flatMap(({ failures }) => failures)).toEqual([]);
  });

  test("have the same bits however many parts a kernel is done in", () => {
    const whole = everyResult(createNativeKernels(addon, instructionSet));
    const inParts = everyResult(createNativeKernels(addon, instructionSet, { parts: 3 }));
    const different = [...inParts].filter(([name, values]) => !haveSameBits(values, whole.get(name)!));
    expect(different.map(([name]) => name)).toEqual([]);
  });

  test("keep what the heap holds when it grows", () => {
    const set = createNativeKernels(addon, instructionSet);
    set.writeFloats(set.heapStart, [1, 2, 3]);
    expect(set.reserve(2 ** 27)).toBe(true);
    set.writeFloats(2 ** 27 - 4, [0.5]);
    expect([...set.readFloats(set.heapStart, 3)]).toEqual([1, 2, 3]);
    set.kernels.unary({ out: set.heapStart, x: 2 ** 27 - 4, count: 1, operation: 0 });
    expect(set.readFloats(set.heapStart, 1)[0]).toBeCloseTo(Math.tanh(0.5), 6);
    expect(set.reserve(2 ** 32 + 1)).toBe(false);
    expect(tanhOf(set, 0.25)).toBeCloseTo(Math.tanh(0.25), 6);
  });
});

describe.skipIf(nativeInstructionSets.length === 0)("the addon", () => {
  const functions = nativeInstructionSets.length ? addon.load(nativeInstructionSets[0]) : undefined!;
  const heap = new Uint8Array(256);

  test("refuses what is not a heap, and what is not a whole number", () => {
    expect(() => functions.fill({} as Uint8Array, 0, 0, 1, 0)).toThrow("expected the heap as a typed array");
    expect(() => functions.fill(heap, "0" as unknown as number, 0, 1, 0)).toThrow("expected a whole number");
    expect(() => functions.panelSize(1, undefined as unknown as number)).toThrow("expected a whole number");
  });

  test("refuses an instruction set that it does not hold", () => {
    expect(() => addon.load("sse9" as "avx2")).toThrow("lacks that instruction set");
  });
});
