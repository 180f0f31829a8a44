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
export const signatures = {
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

  /** out[i, :] (+)= x[index[i], :], index int32 [rows]; a negative index stands for a row of zeros */
  gatherRows: { out: "offset", x: "offset", index: "offset", rows: "int", width: "int", accumulate: "int" },
  /** out[index[i], :] = x[i, :]; no index twice, none negative */
  scatterRows: { out: "offset", x: "offset", index: "offset", rows: "int", width: "int" },
  /** out[index[i], :] += x[i, :] for i in order; negative indices are passed over */
  scatterAddRows: { out: "offset", x: "offset", index: "offset", rows: "int", width: "int" },
  /**
   * out[s, f] = the largest x[r, f] over rows r with segments[r] = s (NaN if one is NaN), x [rows, width], segments int32 [rows] with
   * negative ones passed over; where[s, f], int32 = the first row that has it. A segment without rows gets 0 and -1.
   */
  segmentMax: {
    out: "offset",
    where: "offset",
    x: "offset",
    segments: "offset",
    rows: "int",
    count: "int",
    width: "int",
  },
  /** gradX[where[s, f], f] += gradOut[s, f], where it is not -1 */
  segmentMaxBackward: { gradX: "offset", gradOut: "offset", where: "offset", count: "int", width: "int" },

  // Weights of 8 bits, for streams. A weight is scale * w, w a whole number from -127 to 127, with one scale for each output; what is
  // multiplied with them is rounded to 16 bits first, with one scale for each block of at most 512 values: scale = (the largest
  // magnitude) / 127 or 32767, whole number = value * (127 or 32767) / (the largest magnitude) to the nearest even, all in float32. Sums
  // of products over a block are exact; blocks are added to the bias one after the other. A weight that is not finite makes its
  // output NaN, an input that is not finite all outputs of its row; largest magnitudes below 2^-100 count as 0.

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

  /** y = softmax(x) over the last axis of x [rows, width], or log softmax with `log` */
  softmax: { out: "offset", x: "offset", rows: "int", width: "int", log: "int" },
  /** softmax: dx (+)= y * (dy - sum(dy*y)); log: dx (+)= dy - exp(y) * sum(dy) */
  softmaxBackward: {
    gradX: "offset",
    gradY: "offset",
    y: "offset",
    rows: "int",
    width: "int",
    log: "int",
    accumulate: "int",
  },
  /**
   * Layer normalisation of each row of x over its own n numbers: normalized = (x - mean) * scale with scale = 1 / sqrt(variance + epsilon)
   * (the variance divided by n); out = gain * normalized + shift. x [rows, width], n = width; or with gates > 0 a gate slab whose rows
   * have `gates` gates of `width` units, n = gates * width. gain and shift: one row, in the slab's order for a slab; either may be
   * absent. Writes scales [rows] and normalized, as x, for the way back; both may be absent. out or normalized may be x.
   */
  layerNorm: {
    out: "offset",
    normalized: "offset",
    scales: "offset",
    x: "offset",
    gain: "offset",
    shift: "offset",
    rows: "int",
    width: "int",
    gates: "int",
    epsilon: "float",
  },
  /**
   * With g = gain * gradY: gradX (+)= scale * (g - mean(g) - normalized * mean(g * normalized)), means over a row's n numbers. Then
   * normalized becomes gradY * normalized, whose column sums are the gain's gradient. gradX may be gradY.
   */
  layerNormBackward: {
    gradX: "offset",
    gradY: "offset",
    normalized: "offset",
    scales: "offset",
    gain: "offset",
    rows: "int",
    width: "int",
    gates: "int",
    accumulate: "int",
  },
  /**
   * Cross-entropy of logits [N, V] and targets int32 [N] in nats: per counted row (1-s)*(-log p_target) + s/V * sum(-log p), s the
   * label smoothing; rows whose target is ignoreIndex count for nothing. Writes loss [1] (mean over counted rows or, with
   * mean 0, their sum; 0 if there are none), counted [1] (how many, as a float) and logNormalizer [N] (log sum exp).
   *
   * With weights [V] (else absent), class j costs weights[j] as much: (1-s)*weights[target]*(-log p_target) +
   * s/V * sum(weights[j]*(-log p_j)); a weight of 0 makes it 0 whatever p. `counted` and the mean's divisor are then the sum of
   * weights[target] over counted rows; a mean whose divisor is 0 is the sum.
   */
  crossEntropy: {
    loss: "offset",
    counted: "offset",
    logNormalizer: "offset",
    logits: "offset",
    targets: "offset",
    weights: "offset",
    rows: "int",
    classes: "int",
    ignoreIndex: "int",
    mean: "int",
    labelSmoothing: "float",
  },
  /** gradLogits (+)= gradLoss[0] * d loss / d logits; rows that count for nothing get 0 whatever their logits (NaN included) */
  crossEntropyBackward: {
    gradLogits: "offset",
    gradLoss: "offset",
    counted: "offset",
    logNormalizer: "offset",
    logits: "offset",
    targets: "offset",
    weights: "offset",
    rows: "int",
    classes: "int",
    ignoreIndex: "int",
    mean: "int",
    accumulate: "int",
    labelSmoothing: "float",
  },

  /**
   * Rotary positions (Su et al. 2021): for each row of x [rows, width] and each of its first `heads` stretches of headSize = 2h numbers, with c =
   * angles[index[row], 0..h) and s = angles[index[row], h..2h) (cosines and sines), out[j] (+)= x[j] c[j] - x[j+h] s[j] and
   * out[j+h] (+)= x[j+h] c[j] + x[j] s[j]; inverse: with -s. What follows in a row is copied (added). index int32 [rows]. out may be x.
   */
  rotatePositions: {
    out: "offset",
    x: "offset",
    angles: "offset",
    index: "offset",
    rows: "int",
    width: "int",
    heads: "int",
    headSize: "int",
    inverse: "int",
    accumulate: "int",
  },
  /**
   * Multi-head self-attention (Vaswani et al. 2017) within sequences of rows. x: rows [q | k | v] of 3W numbers, W = heads * headSize; past: rows
   * [k | v] of 2W, keys and values that come before x's own. `sequences`, int32 [S, 5]: first row in x, rows, the position of the first,
   * first row in past, rows of past (at most that position). For each head, query i and the keys j that it sees:
   * out[i] = Σ_j exp(scale q_i·k_j - logNormalizer[i]) v_j, out [rows, W], logNormalizer [rows, heads] (or absent) = log Σ_j exp(scale q_i·k_j).
   * causal: a query sees itself and at most context - 1 keys just before; else all keys. `workspace`: room for
   * `workspaces` times workspaceSize numbers, as `attentionWorkspace` says; as many as there are threads, of which each part takes one. An element does not depend on how many rows are computed with it, nor on which of its keys are past.
   */
  attentionForward: {
    out: "offset",
    logNormalizer: "offset",
    x: "offset",
    past: "offset",
    sequences: "offset",
    workspace: "offset",
    sequenceCount: "int",
    heads: "int",
    headSize: "int",
    causal: "int",
    context: "int",
    workspaces: "int",
    workspaceSize: "int",
    scale: "float",
  },
  /**
   * gradOut [rows, W] and what the way forward read and left to gradX (set) and, unless absent, gradPast (added to), laid out as past; no row of
   * past is then in two sequences.
   */
  attentionBackward: {
    out: "offset",
    logNormalizer: "offset",
    x: "offset",
    past: "offset",
    sequences: "offset",
    workspace: "offset",
    sequenceCount: "int",
    heads: "int",
    headSize: "int",
    causal: "int",
    context: "int",
    workspaces: "int",
    workspaceSize: "int",
    scale: "float",
    gradX: "offset",
    gradOut: "offset",
    gradPast: "offset",
  },

  /**
   * A linear-chain conditional random field over B sequences of at most T steps, with K tags: path y has the score start[y_0] +
   * Σ_t logits[t, y_t] + Σ_{t>0} transitions[y_{t-1}, y_t] + end[y_last] and, among all paths, probability exp(score) / Z.
   * logits [T*B, K] (row t*B + b), lengths int32 [B], tags int32 [T*B], transitions [K, K] (from row to column), start and end [K].
   *
   * Writes losses [B] = ln Z - score(tags), or ln Z where tags is absent, 0 for length 0; and for the way back, forward in time, reach [T*B, K] and normalizers
   * [T*B]: reach[t, j] = ln Σ_i exp(filtered[t-1, i] + transitions[i, j]), start[j] for t = 0; normalizers[t] = ln Σ_j exp(logits[t, j] +
   * reach[t, j]); filtered[t, j] = logits[t, j] + reach[t, j] - normalizers[t] (ln p(y_t = j) given the steps up to t). Rows past a
   * sequence's end are neither read nor written.
   */
  crfForward: {
    losses: "offset",
    reach: "offset",
    normalizers: "offset",
    logits: "offset",
    tags: "offset",
    lengths: "offset",
    transitions: "offset",
    start: "offset",
    end: "offset",
    steps: "int",
    batch: "int",
    tagCount: "int",
  },
  /**
   * From what crfForward left: marginals [T*B, K] = p(y_t = j), 0 past a sequence's end; and, unless absent, gradLogits (+)=
   * gradLosses[b] * (marginals - onehot(tags)), where rows past the end get 0. Without gradLogits neither gradLosses nor tags are read.
   */
  crfBackward: {
    marginals: "offset",
    gradLogits: "offset",
    gradLosses: "offset",
    reach: "offset",
    normalizers: "offset",
    logits: "offset",
    tags: "offset",
    lengths: "offset",
    transitions: "offset",
    end: "offset",
    steps: "int",
    batch: "int",
    tagCount: "int",
    accumulate: "int",
  },
  /**
   * From what crfBackward left, each unless absent: gradTransitions += Σ_b gradLosses[b] Σ_t (p(y_{t-1} = i, y_t = j) - [tags go from i to
   * j there]); gradStart and gradEnd likewise of the first and the last step.
   */
  crfTransitionGradient: {
    gradTransitions: "offset",
    gradStart: "offset",
    gradEnd: "offset",
    gradLosses: "offset",
    marginals: "offset",
    reach: "offset",
    normalizers: "offset",
    logits: "offset",
    tags: "offset",
    lengths: "offset",
    transitions: "offset",
    steps: "int",
    batch: "int",
    tagCount: "int",
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

  /**
   * What N rows look at in the memories of a batch, at most S places each: row r looks at the first lengths[b] places of memory b =
   * owners[r] (int32, negative: at nothing). Scores are query[r] . keys[s, b] or, with a vector [A], vector . tanh(query[r] + keys[s, b]);
   * weights [N, S] = softmax of a row's scores, 0 beyond its memory's length; context [N, M] = sum over s of weights[r, s] values[s, b].
   * query [N, A], keys [S*B, A], values [S*B, M] (row s*B + b), lengths int32 [B]. Rows of keys and values past a memory's length are not
   * read; a row that looks at nothing gets zeros.
   */
  attendForward: {
    context: "offset",
    weights: "offset",
    query: "offset",
    keys: "offset",
    values: "offset",
    vector: "offset",
    owners: "offset",
    lengths: "offset",
    rows: "int",
    steps: "int",
    batch: "int",
    keySize: "int",
    valueSize: "int",
  },
  /**
   * Adds to gradQuery, gradKeys, gradValues and, with a vector, to gradVector [B, A]: the share of each memory. Writes scores [N, S], the
   * gradients of the scores (those past a memory's length are left alone).
   */
  attendBackward: {
    gradQuery: "offset",
    gradKeys: "offset",
    gradValues: "offset",
    gradVector: "offset",
    scores: "offset",
    gradContext: "offset",
    weights: "offset",
    query: "offset",
    keys: "offset",
    values: "offset",
    vector: "offset",
    owners: "offset",
    lengths: "offset",
    rows: "int",
    steps: "int",
    batch: "int",
    keySize: "int",
    valueSize: "int",
  },

  /** norm [1] = sqrt(sum of squares) over segments: int32 pairs (offset, count), accumulated in double */
  globalNorm: { norm: "offset", segments: "offset", segmentCount: "int" },
  /** Multiplies every segment by min(1, maxNorm / (norm[0] + 1e-6)); a NaN norm makes every element NaN, as in PyTorch */
  clipByNorm: { segments: "offset", segmentCount: "int", norm: "offset", maxNorm: "float" },
  /** Limits every element of every segment to [-limit, limit]; NaN stays NaN */
  clipByValue: { segments: "offset", segmentCount: "int", limit: "float" },
  /**
   * Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019) over a segment table: `segments`, int32 [S, 5] of (parameter,
   * gradient, first moment, second moment, count); `rates`, floats [S, 4] of (learning rate, weight decay, 1 - beta1^t,
   * 1 - beta2^t). decoupled: p *= 1 - lr*decay; else g += decay*p. m = beta1*m + (1-beta1)*g; v = beta2*v + (1-beta2)*g*g;
   * p -= lr / correction1 * m / (sqrt(v) / sqrt(correction2) + epsilon).
   */
  adam: {
    segments: "offset",
    rates: "offset",
    segmentCount: "int",
    decoupled: "int",
    beta1: "float",
    beta2: "float",
    epsilon: "float",
  },
  /**
   * SGD over a segment table: `segments`, int32 [S, 4] of (parameter, gradient, momentum buffer or 0, count); `rates`, floats [S, 2]
   * of (learning rate, weight decay). g += decay*p; with momentum: b = momentum*b + g, then g = nesterov ? g + momentum*b : b;
   * p -= lr*g.
   */
  sgd: { segments: "offset", rates: "offset", segmentCount: "int", nesterov: "int", momentum: "float" },
} as const;

/** Operations of the kernel `unary`, by index. */
export const unaryOperations = ["tanh", "sigmoid", "relu", "exp", "log", "gelu"] as const;
/** Operations of the kernel `binary`, by index. */
export const binaryOperations = ["add", "sub", "mul", "div"] as const;
/** Recurrences of the kernel `cellForward`, by index, and how many gates each has. */
export const recurrenceKinds = ["tanh", "relu", "lstm", "coupledLstm", "gru", "mingru", "minlstm"] as const;
export const recurrenceGates = [1, 1, 4, 3, 3, 2, 3] as const;
