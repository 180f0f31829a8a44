/** Softmax and layer normalisation over rows, and the cross-entropy of logits. */
export const normalization = {
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
   * mean 0, their sum; 0 if there are none), counted [1] (how many, as a float) and logNormalizer [N, 2] (a row's
   * largest x and log sum exp(x - largest), apart: beside a large x their sum would be rounded).
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
} as const;
