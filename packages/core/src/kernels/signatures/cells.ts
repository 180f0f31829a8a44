/** Recurrences with options, and minGRU and minLSTM: the pointwise part of one time step, between matrix products. */
export const cells = {
  /**
   * One layer and direction of a recurrence with options, all time steps, from a slab `gates` that holds the input's part of the
   * pre-activations and becomes the activated gates. `kind`: an index into `recurrenceKinds`. P = outputSize, the width of h.
   *
   * Per row, with h, c the state before it: u = U h (hiddenPanels; absent: no such part); with gain, `hidden` = normalised u as in layerNorm
   * over all G*H, scales [N] its scales, and u = gain * hidden + hiddenBias; else with `hidden` u = hidden = hiddenBias + U h. Then a =
   * gates + u, and with m = mask [N, H], or 1 where that is absent:
   *
   * - tanh, relu: h' = f(a).
   * - lstm (i, f, g, o): i, f = sigmoid(a + p c), g = tanh(a), c' = f*c + i*m*g, o = sigmoid(a + p c'), h' = o*tanh(c'), with `peepholes` p
   *   (one row of H for i, f and o; may be absent). coupledLstm (f, g, o): the same with i = 1 - f, and two rows of peepholes.
   * - gru (r, z, n): r, z = sigmoid(a), n = tanh(gates + r*u), h' = (1-z)*m*n + z*h. Needs `hidden`.
   * - mingru (z, n): z = sigmoid(a), n = a, h' = (1-z)*h + z*m*n. minlstm (f, i, n): f, i = sigmoid(a), n = a, F = (f+e)/(f+i+2e), e = 2^-100,
   *   h' = F*h + (1-F)*m*n. Feng et al. 2024.
   *
   * LSTMs: with cellGain [H], h' = o*tanh(cellGain*normalizedCell + cellShift), normalizedCell [N, H] being c' normalised, cellScales
   * [N]; with `projection` (pack of W^T [H, P]), cellOutput [N, H] is that h', and h' = W cellOutput.
   *
   * States, output and previousHidden [N, P], previousCell [N, H] as in lstmForward. What is absent is 0.
   */
  cellForward: {
    gates: "offset",
    hidden: "offset",
    scales: "offset",
    hiddenPanels: "offset",
    hiddenBias: "offset",
    gain: "offset",
    mask: "offset",
    peepholes: "offset",
    cellGain: "offset",
    cellShift: "offset",
    normalizedCell: "offset",
    cellScales: "offset",
    projection: "offset",
    cellOutput: "offset",
    initialHidden: "offset",
    initialCell: "offset",
    batchSizes: "offset",
    output: "offset",
    finalHidden: "offset",
    finalCell: "offset",
    previousHidden: "offset",
    previousCell: "offset",
    outputStride: "int",
    kind: "int",
    steps: "int",
    batch: "int",
    rows: "int",
    hiddenSize: "int",
    outputSize: "int",
    reverse: "int",
    epsilon: "float",
  },
  /**
   * From what cellForward left to gateGradients (dL/d gates) and, where `hidden` is, hiddenGateGradients (dL/d U h), and to the initial
   * state's gradients as in lstmBackward. hiddenPanels: packGates with transpose 1; projection: pack of W [P, H].
   *
   * For the parameters' gradients, as sums over rows: with gain, `hidden` becomes dL/du * hidden (gain) and, for gru, `gates` dL/du
   * (hiddenBias; with all other kinds that is gateGradients); peepholeProducts [N, rows of p * H]; normalizedCell becomes
   * dL/dy * normalizedCell (cellGain), and cellGradients [N, H] is dL/dy (cellShift), y being what tanh is taken of; hiddenGradients [N, P]:
   * all of dL/dh' (projection, with cellOutput; and for inspection, as cellTap [N, H], all of dL/dc'). outputGradients [B, H]: room, with projection.
   */
  cellBackward: {
    gates: "offset",
    hidden: "offset",
    scales: "offset",
    hiddenPanels: "offset",
    hiddenBias: "offset",
    gain: "offset",
    mask: "offset",
    peepholes: "offset",
    cellGain: "offset",
    cellShift: "offset",
    normalizedCell: "offset",
    cellScales: "offset",
    projection: "offset",
    previousHidden: "offset",
    previousCell: "offset",
    gateGradients: "offset",
    hiddenGateGradients: "offset",
    peepholeProducts: "offset",
    cellGradients: "offset",
    hiddenGradients: "offset",
    outputGradients: "offset",
    cellTap: "offset",
    gradOutput: "offset",
    gradFinalHidden: "offset",
    gradFinalCell: "offset",
    batchSizes: "offset",
    gradInitialHidden: "offset",
    gradInitialCell: "offset",
    gradOutputStride: "int",
    kind: "int",
    steps: "int",
    batch: "int",
    rows: "int",
    hiddenSize: "int",
    outputSize: "int",
    reverse: "int",
  },
} as const;

/** Recurrences of the kernel `cellForward`, by index, and how many gates each has. */
export const recurrenceKinds = ["tanh", "relu", "lstm", "coupledLstm", "gru", "mingru", "minlstm"] as const;
export const recurrenceGates = [1, 1, 4, 3, 3, 2, 3] as const;
