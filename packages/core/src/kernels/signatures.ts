import { attention } from "./signatures/attention.ts";
import { cells } from "./signatures/cells.ts";
import { crf } from "./signatures/crf.ts";
import { elementwise } from "./signatures/elementwise.ts";
import { gates } from "./signatures/gates.ts";
import { int8 } from "./signatures/int8.ts";
import { normalization } from "./signatures/normalization.ts";
import { optimizers } from "./signatures/optimizers.ts";
import { products } from "./signatures/products.ts";
import { recurrences } from "./signatures/recurrences.ts";
import { rows } from "./signatures/rows.ts";

/**
 * Every kernel and its arguments, in the order in which they lie in an argument block: the one source for the TypeScript
 * types, for the calls into wasm and native code, and for the C structs (the build of the C kernels generates those).
 *
 * Argument kinds: `offset` is a place in the heap (0 = absent, where a kernel allows that; a multiple of a number's size and of
 * nothing more), `int` a signed or unsigned 32-bit whole number, `float` a real number. Flags are ints, 0 or 1.
 * `accumulate: 1` adds to the target, 0 sets it.
 *
 * Letters: T time steps, B batch rows, N = number of valid (row, time) pairs ("packed rows"), I input size, H hidden
 * size, G gates, V classes. All matrices are row-major. `xStride` is the distance in elements from one row to the next.
 *
 * Packed rows: a batch is sorted by length, longest first; `batchSizes[t]` (int32) rows are still running at time t, and
 * packed row `sum(batchSizes[0..t)) + b` is sorted row b at time t. A batch without lengths has batchSizes[t] = B for all t.
 *
 * Two layouts are the kernel set's own business and sized by it: *panels* (a matrix packed for its micro-kernel) and *gate
 * slabs* (one row of `gateWidth(G, H)` elements per packed row; gates interleaved and padded as the kernel set likes,
 * padding always zero).
 */
export const signatures: typeof elementwise &
  typeof products &
  typeof gates &
  typeof recurrences &
  typeof cells &
  typeof rows &
  typeof int8 &
  typeof normalization &
  typeof attention &
  typeof crf &
  typeof optimizers = {
  ...elementwise,
  ...products,
  ...gates,
  ...recurrences,
  ...cells,
  ...rows,
  ...int8,
  ...normalization,
  ...attention,
  ...crf,
  ...optimizers,
};
