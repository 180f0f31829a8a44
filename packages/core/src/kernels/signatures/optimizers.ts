/** Gradient clipping and optimisers over a table of segments. */
export const optimizers = {
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
