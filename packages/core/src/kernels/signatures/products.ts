/** Matrix products, and the panels into which a matrix is packed for them. */
export const products = {
  /**
   * C [M, N] (+)= A [M, K] B [K, N] (+ bias [N]). Each element is one chain of multiply-adds over k in order, starting at bias
   * (or 0; when accumulating at C, and bias is not read). transposeA: A is stored [K, M]; transposeB: B is stored [N, K].
   * Strides: of the stored rows.
   */
  gemm: {
    c: "offset",
    a: "offset",
    b: "offset",
    bias: "offset",
    m: "int",
    n: "int",
    k: "int",
    cStride: "int",
    aStride: "int",
    bStride: "int",
    transposeA: "int",
    transposeB: "int",
    accumulate: "int",
  },
  /** Packs B [K, N] (transpose: stored [N, K]) into `panelSize(k, n)` elements for gemmPacked. */
  pack: { panels: "offset", b: "offset", k: "int", n: "int", bStride: "int", transpose: "int" },
  /** gemm with B packed before, A not transposed: the same bits as gemm on the unpacked B. */
  gemmPacked: {
    c: "offset",
    a: "offset",
    panels: "offset",
    bias: "offset",
    m: "int",
    n: "int",
    k: "int",
    cStride: "int",
    aStride: "int",
    accumulate: "int",
  },
} as const;
