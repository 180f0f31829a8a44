/** Elementwise kernels, copies between layouts, sums over an axis, and dropout. The letters: signatures.ts. */
export const elementwise = {
  /** out[i] = value */
  fill: { out: "offset", count: "int", value: "float" },
  /** out[i] = f(x[i]); operation: an index into `unaryOperations`. out may be x. */
  unary: { out: "offset", x: "offset", count: "int", operation: "int" },
  /** dx[i] (+)= dy[i] * f'(x[i]), from x and y = f(x) */
  unaryBackward: {
    gradX: "offset",
    gradY: "offset",
    x: "offset",
    y: "offset",
    count: "int",
    operation: "int",
    accumulate: "int",
  },
  /**
   * out (+)= a op b with broadcasting; operation: an index into `binaryOperations`. `plan` is 18 int32: six sizes (outermost
   * first, padded in front with 1), six strides of a and six of b in elements (0 where broadcast). out is dense.
   */
  binary: { out: "offset", a: "offset", b: "offset", plan: "offset", operation: "int", accumulate: "int" },
  /**
   * out[i . outStrides] (+)= x[i . xStrides]. `plan` is 18 int32: six sizes, six strides of out, six of x, in elements.
   * With accumulate, an out stride of 0 sums over that axis.
   */
  stridedCopy: { out: "offset", x: "offset", plan: "offset", accumulate: "int" },
  /** out[o, i] (+)= scale * sum over r of x[o, r, i], for x [outer, reduced, inner] */
  reduceSum: {
    out: "offset",
    x: "offset",
    outer: "int",
    reduced: "int",
    inner: "int",
    scale: "float",
    accumulate: "int",
  },
  /**
   * out[r, j] (+)= keep ? scale * x[r, j] : 0, where keep = word >= threshold (an unsigned 32-bit number, rate * 2^32). The words are
   * Threefry-2x32-20 (Salmon et al. 2011) under key (key0, key1) with half = ceil(width / 2): for q < half, counter
   * (batchRow * half + q, time) gives two words, the first for element q, the second for element q + half. Row r of x is
   * (batchRow, time) = (rowIds[2r], rowIds[2r+1]) (int32), or (r mod batch, floor(r / batch)) where rowIds is absent.
   */
  dropout: {
    out: "offset",
    x: "offset",
    rowIds: "offset",
    rows: "int",
    width: "int",
    batch: "int",
    key0: "int",
    key1: "int",
    threshold: "int",
    accumulate: "int",
    scale: "float",
  },
} as const;

/** Operations of the kernel `unary`, by index. */
export const unaryOperations = ["tanh", "sigmoid", "relu", "exp", "log", "gelu"] as const;
/** Operations of the kernel `binary`, by index. */
export const binaryOperations = ["add", "sub", "mul", "div"] as const;
