import type { EngineOptions } from "../src/engine.ts";

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
];
