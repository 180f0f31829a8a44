import { describe, expect, test } from "vitest";
import { threefry2x32 } from "../threefry.ts";
import { createReferenceKernels } from "./index.ts";

describe("threefry2x32", () => {
  // The known answers that come with Random123 (kat_vectors, 20 rounds).
  test.each([
    { key: [0, 0] as const, counter: [0, 0], words: [0x6b200159, 0x99ba4efe] },
    { key: [0xffffffff, 0xffffffff] as const, counter: [0xffffffff, 0xffffffff], words: [0x1cb996fc, 0xbb002be7] },
    { key: [0x13198a2e, 0x03707344] as const, counter: [0x243f6a88, 0x85a308d3], words: [0xc4923a9c, 0x483df7a0] },
  ])("gives Random123's known answer for key $key", ({ key, counter, words }) => {
    expect(threefry2x32(key, counter[0], counter[1])).toEqual(words);
  });
});

describe("dropout", () => {
  const set = createReferenceKernels();
  set.reserve(65536);
  const [x, out] = [1024, 8192];
  const args = { out, x, rowIds: 0, rows: 1, width: 5, batch: 1, key0: 0, key1: 0, accumulate: 0, scale: 2 };

  test("gives an element and the one half a row further the two words of one counter", () => {
    set.writeFloats(x, [1, 1, 1, 1, 1]);
    // Counter (0, 0) under key (0, 0) gives 6b200159 for element 0 and 99ba4efe for element 3.
    set.kernels.dropout({ ...args, threshold: 0x6b200159 });
    expect(set.readFloats(out, 5)[0]).toBe(2);
    set.kernels.dropout({ ...args, threshold: 0x6b20015a });
    expect(set.readFloats(out, 5)[0]).toBe(0);
    set.kernels.dropout({ ...args, threshold: 0x99ba4efe });
    expect(set.readFloats(out, 5)[3]).toBe(2);
    set.kernels.dropout({ ...args, threshold: 0x99ba4eff });
    expect(set.readFloats(out, 5)[3]).toBe(0);
  });

  test("does not let a dropped NaN or Infinity through", () => {
    set.writeFloats(x, [Number.NaN, Number.POSITIVE_INFINITY, Number.NaN, Number.NaN, Number.NEGATIVE_INFINITY]);
    set.kernels.dropout({ ...args, threshold: 0xffffffff });
    expect([...set.readFloats(out, 5)]).toEqual([0, 0, 0, 0, 0]);
  });
});
