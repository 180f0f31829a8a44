/**
 * The kinds of work that are timed, in this order:
 *
 * - `train`: one training step: gradients cleared, forward, cross-entropy, backward, clipping at global norm 1, Adam
 * - `stream`: one time step at batch 1, with embedding and linear layer
 * - `streamRecurrent`: the same, the recurrent layers only
 * - `streamInt8`: that with weights of 8 bits
 * - `pool`: one time step of 64 streams that advance together, the recurrent layers only
 * - `forward`: the recurrent layers over a whole batch, without gradients
 * - `products`: of a training step, the kernels that are nothing but a matrix product: the gradients of all weights and of each
 *   layer's inputs, and the linear layer
 * - `peak`: multiply-adds in registers (peak.js), what a core can do
 *
 * @typedef {"train" | "stream" | "streamRecurrent" | "streamInt8" | "pool" | "forward" | "products" | "peak"} Phase
 */

/** What every library is asked. @type {readonly Phase[]} */
export const commonPhases = ["train", "stream", "streamRecurrent", "forward"];

/** Memory is asked for after training, which comes first. @type {readonly Phase[]} */
export const allPhases = [...commonPhases, "streamInt8", "pool", "products", "peak"];

/** Streams that advance together in `pool`. */
export const poolSize = 64;
