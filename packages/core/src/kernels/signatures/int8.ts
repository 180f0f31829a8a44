/**
 * Weights of 8 bits, for streams. A weight is scale * w, w a whole number from -127 to 127, with one scale for each output; what is
 * multiplied with them is rounded to 16 bits first, with one scale for each block of at most 512 values: scale = (the largest
 * magnitude) / 127 or 32767, whole number = value * (127 or 32767) / (the largest magnitude) to the nearest even, all in float32. Sums
 * of products over a block are exact; blocks are added to the bias one after the other. A weight that is not finite makes its
 * output NaN, an input that is not finite all outputs of its row; largest magnitudes below 2^-100 count as 0.
 */
export const int8 = {
  /**
   * Packs a weight [G*H, K], gates in PyTorch's order, into panels of `gateWidth(G, H)` times K (rounded up to even) bytes, and
   * scales of `gateWidth(G, H)` elements, both in the kernel set's own layout. (For a weight [O, K] of no recurrence G = 1.)
   */
  packInt8: { panels: "offset", scales: "offset", weight: "offset", gates: "int", hiddenSize: "int", inputs: "int" },
  /** C [M, N] = A [M, K] W^T (+ bias [N]), the panels and scales by packInt8 from W [N, K] with G = 1 */
  gemmInt8: {
    c: "offset",
    a: "offset",
    panels: "offset",
    scales: "offset",
    bias: "offset",
    m: "int",
    n: "int",
    k: "int",
    cStride: "int",
    aStride: "int",
  },
  /**
   * One time step of a layer for each row: x [rows, I]; hidden [rows, H], replaced by the new h; bias [G*H] in PyTorch's order, or
   * absent; room for `gates`, [rows, gateWidth(G, H)] elements. Equations: as rnnForward.
   */
  rnnStepInt8: {
    x: "offset",
    inputPanels: "offset",
    inputScales: "offset",
    hiddenPanels: "offset",
    hiddenScales: "offset",
    bias: "offset",
    hidden: "offset",
    gates: "offset",
    rows: "int",
    inputSize: "int",
    hiddenSize: "int",
    relu: "int",
  },
  /** As rnnStepInt8, with cell [rows, H] beside hidden. Equations: as lstmForward. */
  lstmStepInt8: {
    x: "offset",
    inputPanels: "offset",
    inputScales: "offset",
    hiddenPanels: "offset",
    hiddenScales: "offset",
    bias: "offset",
    hidden: "offset",
    cell: "offset",
    gates: "offset",
    rows: "int",
    inputSize: "int",
    hiddenSize: "int",
  },
  /**
   * As rnnStepInt8, with room for `candidate`, [rows, gateWidth(1, H)] elements, and hiddenBias [H] or absent, with resetAfter only.
   * Equations: as gruForward.
   */
  gruStepInt8: {
    x: "offset",
    inputPanels: "offset",
    inputScales: "offset",
    hiddenPanels: "offset",
    hiddenScales: "offset",
    bias: "offset",
    hiddenBias: "offset",
    hidden: "offset",
    candidate: "offset",
    gates: "offset",
    rows: "int",
    inputSize: "int",
    hiddenSize: "int",
    resetAfter: "int",
  },
  /** Rounds each row of x [rows, width] to `out`, rows times width bytes, and scales [rows] */
  packRowsInt8: { out: "offset", scales: "offset", x: "offset", rows: "int", width: "int" },
  /** out[i, :] = scales[index[i]] * x[index[i], :], x and scales by packRowsInt8; no negative index */
  gatherRowsInt8: { out: "offset", x: "offset", scales: "offset", index: "offset", rows: "int", width: "int" },
} as const;
