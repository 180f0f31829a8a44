/**
 * The kinds of work that are timed, in this order:
 *
 * - `train`: one training step: gradients cleared, forward, cross-entropy, backward, clipping at global norm 1, Adam
 * - `stream`: one time step at batch 1, with embedding and linear layer
 * - `streamRecurrent`: the same, the recurrent layers only
 * - `forward`: the recurrent layers over a whole batch, without gradients
 *
 * @typedef {"train" | "stream" | "streamRecurrent" | "forward"} Phase
 */

/** @type {readonly Phase[]} */
export const allPhases = ["train", "stream", "streamRecurrent", "forward"];
