import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { conformanceCases, runConformance } from "../conformance/index.ts";
import { Samples } from "../conformance/samples.ts";
import { Stage } from "../conformance/stage.ts";
import type { KernelSet } from "../kernels.ts";
import { createWasmKernels, kernelSetOn } from "./index.ts";
import { inlinedBytes, startWasm } from "./instance.ts";
import { isShared, setSharedImport } from "./memory.ts";

const instructionSets = ["relaxed", "simd128"] as const;
const bytesOf = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../../dist/wasm/${name}.wasm`, import.meta.url)));

/** What a set computes in every case, by case and result. */
function* everyResult(set: KernelSet): Generator<[name: string, values: ArrayLike<number>]> {
  for (const conformanceCase of conformanceCases()) {
    const { name } = conformanceCase;
    const outcomes = conformanceCase.run(new Stage(set, true), new Samples(name));
    for (const [output, { values }] of Object.entries(outcomes)) yield [`${name}: ${output}`, values];
  }
}

function haveSameBits(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, i) => Object.is(value, b[i]));
}

function tanhOf(set: KernelSet, x: number): number {
  set.writeFloats(set.heapStart, [x]);
  set.kernels.unary({ out: set.heapStart, x: set.heapStart, count: 1, operation: 0 });
  return set.readFloats(set.heapStart, 1)[0];
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

// Some seconds on an idle machine.
describe("the WebAssembly kernels", { timeout: 120_000 }, () => {
  test.each(instructionSets)("conform to the reference with %s", async (instructionSet) => {
    const results = runConformance(await createWasmKernels({ instructionSet }));
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
  });

  test.each(instructionSets)("are inlined as they are shipped, with %s", async (instructionSet) => {
    const inlined = await inlinedBytes(instructionSet);
    expect(Buffer.compare(inlined, bytesOf(instructionSet))).toBe(0);
  });

  test("have the same bits however many parts a kernel is done in", async () => {
    const whole = new Map(everyResult(kernelSetOn(await startWasm())));
    const inParts = everyResult(kernelSetOn(await startWasm(), { parts: 3 }));
    const different = [...inParts].filter(([name, values]) => !haveSameBits(values, whole.get(name)!));
    expect(different.map(([name]) => name)).toEqual([]);
  });

  test("take a compiled module and say which instruction set it has", async () => {
    for (const name of instructionSets) {
      const set = await createWasmKernels({ module: await WebAssembly.compile(bytesOf(name)) });
      expect(set.instructionSet).toBe(name);
      expect(tanhOf(set, 1)).toBeCloseTo(Math.tanh(1), 6);
    }
  });

  test("refuse a module of another instruction set, and one that is not theirs", async () => {
    const module = await WebAssembly.compile(bytesOf("simd128"));
    await expect(createWasmKernels({ module, instructionSet: "relaxed" })).rejects.toMatchObject({
      code: "mismatch",
      message: expect.stringContaining("simd128"),
    });
    const empty = await WebAssembly.compile(bytesOf("simd128").subarray(0, 8));
    await expect(createWasmKernels({ module: empty })).rejects.toMatchObject({ code: "invalid" });
  });

  test("run on shared memory, and on memory of their own where the page is not isolated", async () => {
    expect(isShared((await startWasm()).memory)).toBe(true);
    vi.stubGlobal("crossOriginIsolated", false);
    const instance = await startWasm();
    expect(isShared(instance.memory)).toBe(false);
    expect(tanhOf(kernelSetOn(instance), 1)).toBeCloseTo(Math.tanh(1), 6);
  });

  test("take a module compiled for shared memory too", async () => {
    const bytes = bytesOf("simd128");
    setSharedImport(bytes, true);
    const instance = await startWasm(undefined, await WebAssembly.compile(bytes));
    expect(isShared(instance.memory)).toBe(true);
  });

  test("list what there is where relaxed SIMD is asked for and missing", async () => {
    const validate = WebAssembly.validate;
    // The probe for relaxed SIMD is the only one that holds an instruction of two opcode bytes after the prefix.
    vi.spyOn(WebAssembly, "validate").mockImplementation(
      (bytes) => (bytes as Uint8Array).length < 36 && validate(bytes),
    );
    await expect(createWasmKernels({ instructionSet: "relaxed" })).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining('only "simd128"'),
    });
    expect((await createWasmKernels()).instructionSet).toBe("simd128");
  });

  test("keep what the heap holds when it grows, and refuse what cannot be had", async () => {
    for (const isolated of [true, false]) {
      vi.stubGlobal("crossOriginIsolated", isolated);
      const set = await createWasmKernels();
      set.writeFloats(set.heapStart, [1, 2, 3]);
      expect(set.reserve(2 ** 27)).toBe(true);
      set.writeFloats(2 ** 27 - 4, [4]);
      expect([...set.readFloats(set.heapStart, 3), ...set.readFloats(2 ** 27 - 4, 1)]).toEqual([1, 2, 3, 4]);
      expect(tanhOf(set, 0.5)).toBeCloseTo(Math.tanh(0.5), 6);
      expect(set.reserve(2 ** 32 + 1)).toBe(false);
      expect(tanhOf(set, 0.25)).toBeCloseTo(Math.tanh(0.25), 6);
    }
  });
});
