/** Attention: of a Transformer over its own sequence, and of a decoder over what an encoder read. */
export const attention = {
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
} as const;
