/** The three classical recurrences without options, fused: one layer and direction, all time steps in one call. */
export const recurrences = {
  /**
   * One layer and direction of h_t = f(W_ih x_t + b + W_hh h_{t-1}), all time steps; f = tanh, or relu with `relu`.
   * x [N, I]; inputPanels, hiddenPanels: packGates of the two weights; bias: packGateBias or absent; initialHidden [B, H];
   * reverse: each row runs from its own end to 0. Writes output [N, .] (rows outputStride apart, H wide, so two directions can
   * share a buffer), finalHidden [B, H], previousHidden [N, H] (h before each step) and the slab `gates` (G = 1: h itself).
   * finalHidden of a row of length 0 is its initial state. finalHidden may be initialHidden.
   */
  rnnForward: {
    x: "offset",
    inputPanels: "offset",
    hiddenPanels: "offset",
    bias: "offset",
    initialHidden: "offset",
    batchSizes: "offset",
    output: "offset",
    finalHidden: "offset",
    previousHidden: "offset",
    gates: "offset",
    xStride: "int",
    outputStride: "int",
    steps: "int",
    batch: "int",
    rows: "int",
    inputSize: "int",
    hiddenSize: "int",
    reverse: "int",
    relu: "int",
  },
  /**
   * gradOutput [N, .] (rows gradOutputStride apart; may be absent) and gradFinalHidden [B, H] (may be absent) to the slab
   * gateGradients (dL/d pre-activation) and gradInitialHidden [B, H] (set). hiddenPanels: packGates with transpose 1.
   * Tap, may be absent: hiddenTap [N, H], all of dL/dh of each step, what comes through time and what through the output.
   */
  rnnBackward: {
    gradOutput: "offset",
    gradFinalHidden: "offset",
    hiddenPanels: "offset",
    batchSizes: "offset",
    gates: "offset",
    gateGradients: "offset",
    gradInitialHidden: "offset",
    hiddenTap: "offset",
    gradOutputStride: "int",
    steps: "int",
    batch: "int",
    rows: "int",
    hiddenSize: "int",
    reverse: "int",
    relu: "int",
  },
  /**
   * LSTM, gates i, f, g, o (G = 4): i, f, o = sigmoid, g = tanh of W_ih x + b + W_hh h; c' = f*c + i*g; h' = o*tanh(c').
   * As rnnForward, with initialCell, finalCell [B, H] and previousCell [N, H] beside the hidden ones. The slab `gates` holds
   * the activated gates.
   */
  lstmForward: {
    x: "offset",
    inputPanels: "offset",
    hiddenPanels: "offset",
    bias: "offset",
    initialHidden: "offset",
    initialCell: "offset",
    batchSizes: "offset",
    output: "offset",
    finalHidden: "offset",
    finalCell: "offset",
    previousHidden: "offset",
    previousCell: "offset",
    gates: "offset",
    xStride: "int",
    outputStride: "int",
    steps: "int",
    batch: "int",
    rows: "int",
    inputSize: "int",
    hiddenSize: "int",
    reverse: "int",
  },
  /**
   * As rnnBackward, with the cell's gradients beside the hidden ones (cellTap: all of dL/dc'). c' is computed again from gates and
   * previousCell.
   */
  lstmBackward: {
    gradOutput: "offset",
    gradFinalHidden: "offset",
    gradFinalCell: "offset",
    hiddenPanels: "offset",
    batchSizes: "offset",
    gates: "offset",
    previousCell: "offset",
    gateGradients: "offset",
    gradInitialHidden: "offset",
    hiddenTap: "offset",
    gradInitialCell: "offset",
    cellTap: "offset",
    gradOutputStride: "int",
    steps: "int",
    batch: "int",
    rows: "int",
    hiddenSize: "int",
    reverse: "int",
  },
  /**
   * GRU, gates r, z, n (G = 3): r, z = sigmoid(W x + b + U h); resetAfter: n = tanh(W x + b + r*(U h + hiddenBias)), else
   * n = tanh(W x + b + U (r*h)); h' = (1-z)*n + z*h. hiddenBias: packGateBias with G = 1, or absent; only with resetAfter.
   * `candidate` [N, H]: U h + hiddenBias of gate n with resetAfter, else r*h. The slab `gates` holds the activated gates.
   */
  gruForward: {
    x: "offset",
    inputPanels: "offset",
    hiddenPanels: "offset",
    bias: "offset",
    hiddenBias: "offset",
    initialHidden: "offset",
    batchSizes: "offset",
    output: "offset",
    finalHidden: "offset",
    previousHidden: "offset",
    candidate: "offset",
    gates: "offset",
    xStride: "int",
    outputStride: "int",
    steps: "int",
    batch: "int",
    rows: "int",
    inputSize: "int",
    hiddenSize: "int",
    reverse: "int",
    resetAfter: "int",
  },
  /**
   * As rnnBackward. gateGradients: dL/d(W x + b) of all three gates. hiddenGateGradients, a second slab, only with
   * resetAfter: dL/d(U h + b) of all three gates (that of n carries the factor r).
   */
  gruBackward: {
    gradOutput: "offset",
    gradFinalHidden: "offset",
    hiddenPanels: "offset",
    batchSizes: "offset",
    gates: "offset",
    previousHidden: "offset",
    candidate: "offset",
    gateGradients: "offset",
    hiddenGateGradients: "offset",
    gradInitialHidden: "offset",
    hiddenTap: "offset",
    gradOutputStride: "int",
    steps: "int",
    batch: "int",
    rows: "int",
    hiddenSize: "int",
    reverse: "int",
    resetAfter: "int",
  },
} as const;
