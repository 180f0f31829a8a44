/** What the recurrences share: weights and biases packed gate by gate, their gradients from a gate slab, and the slab unpacked. */
export const gates = {
  /**
   * Packs a recurrent weight [G*H, K] into `gatePanelSize(G, H, K, transpose)` elements. transpose 0: its transpose, K rows by
   * gate-slab columns, for x W^T in the forward kernels, or into a slab by gemmPacked with n = gateWidth(G, H). transpose 1:
   * itself, gate-slab columns as rows by K columns, so that gemmPacked with k = gateWidth(G, H) and n = K takes a slab of gate
   * gradients to the gradient of x.
   */
  packGates: { panels: "offset", weight: "offset", gates: "int", hiddenSize: "int", inputs: "int", transpose: "int" },
  /**
   * Bias in gate-slab order, `gateWidth(gates, H)` elements: biasInput [G*H], plus biasHidden [G*H] for the first
   * `hiddenGates` gates. Either may be absent. (For a single gate pass offsets to that gate's H elements and gates = 1.)
   */
  packGateBias: {
    out: "offset",
    biasInput: "offset",
    biasHidden: "offset",
    gates: "int",
    hiddenSize: "int",
    hiddenGates: "int",
  },
  /**
   * gradWeight [G*H, K], only the rows of gates firstGate .. firstGate + gateCount - 1: (+)= gateGradients^T x, with x [N, K].
   * The slab has all G gates.
   */
  gateWeightGradient: {
    gradWeight: "offset",
    gateGradients: "offset",
    x: "offset",
    xStride: "int",
    rows: "int",
    gates: "int",
    hiddenSize: "int",
    inputs: "int",
    firstGate: "int",
    gateCount: "int",
    accumulate: "int",
  },
  /** gradBias [G*H] (+)= column sums of the slab */
  gateBiasGradient: {
    gradBias: "offset",
    gateGradients: "offset",
    rows: "int",
    gates: "int",
    hiddenSize: "int",
    accumulate: "int",
  },
  /** out [N, G*H] = the slab with its gates in PyTorch's order: a tap for inspection */
  unpackGates: { out: "offset", slab: "offset", rows: "int", gates: "int", hiddenSize: "int" },
} as const;
