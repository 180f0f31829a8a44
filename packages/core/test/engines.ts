import type { EngineOptions } from "../src/engine.ts";
import { findAddon, type NativeInstructionSet } from "../src/kernels/native/addon.ts";

/** Native instruction sets that were built and that this processor has. */
export const nativeInstructionSets: readonly NativeInstructionSet[] = (findAddon().addon?.instructionSets ?? [])
  .filter(({ runs }) => runs)
  .map(({ name }) => name);

/**
 * Every way to compute that tests of numbers run on. Fixtures' f64 tolerances hold for the first, the f32 ones for the rest.
 *
 * @example
 * describe.each(everyEngine)("lstm on $name", ({ options }) => {
 *   beforeAll(() => engine.init(options));
 * });
 */
export const everyEngine: readonly { name: string; options: EngineOptions }[] = [
  { name: "reference f64", options: { backend: "reference", precision: "f64" } },
  { name: "reference f32", options: { backend: "reference" } },
  { name: "wasm simd128", options: { backend: "wasm", instructionSet: "simd128" } },
  { name: "wasm relaxed", options: { backend: "wasm", instructionSet: "relaxed" } },
  ...nativeInstructionSets.map((instructionSet) => ({
    name: `native ${instructionSet}`,
    options: { backend: "native", instructionSet } as const,
  })),
];
