import { describe, expect, test } from "vitest";
import { createWasmKernels } from "../../core/src/kernels/wasm/index.ts";
import { Random, randomKey } from "../../core/src/memory/random.ts";
import { approximations, largestError } from "../accuracy.js";

/** Bits of float32 numbers of every size and sign, with the special ones among them. */
function sample(count: number): Int32Array {
  const random = new Random(randomKey(0, "accuracy"));
  const bits = new Int32Array(count).map(() => random.integer(2 ** 32));
  // Half of all floats are below 1e-19 or above 1e19, where little happens: take as many again from -128 to 128.
  const floats = new Float32Array(bits.buffer);
  for (let i = 0; i < count; i += 2) floats[i] = (random.uniform() - 0.5) * 256;
  floats.set([0, -0, Infinity, -Infinity, NaN, 88.72283, 88.72284, -87.33654, -87.33655, 2 ** -126, 2 ** -149]);
  return bits;
}

describe.each(["relaxed", "simd128"] as const)("the approximations in %s", (instructionSet) => {
  test.each(approximations)("$name is within $bound units in the last place", async ({ operation, exact, bound }) => {
    const set = await createWasmKernels({ instructionSet });
    const bits = sample(200_000);
    const { largest, index } = largestError(set, operation, bits, Array.from(new Float32Array(bits.buffer), exact));
    expect(largest, `at ${new Float32Array(bits.buffer)[index]}`).toBeLessThanOrEqual(bound);
  });
});
