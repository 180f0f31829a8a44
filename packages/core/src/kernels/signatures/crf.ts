/** The conditional random field. */
export const crf = {
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
} as const;
