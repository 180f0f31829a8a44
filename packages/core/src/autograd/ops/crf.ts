import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import { record } from "../tape.ts";
import { checkOperand } from "./operands.ts";

/** What a conditional random field has learned: scores of one tag after another, of the first tag and of the last one. */
export interface CrfWeights {
  /** [K, K], from row to column. */
  transitions: Tensor;
  /** [K]. */
  start: Tensor;
  /** [K]. */
  end: Tensor;
}

/**
 * How surprised a linear-chain conditional random field is by the right tags, in nats for each sequence.
 *
 *     score(y) = start[y_0] + Σ_t logits[t, y_t] + Σ_{t>0} transitions[y_{t-1}, y_t] + end[y_last]
 *     loss = ln Σ over all paths of exp(score) - score(tags)
 *
 * dL/dlogits[t, j] = p(y_t = j) - [tags_t = j], and likewise for the weights: expected minus true counts.
 *
 * logits [T, B, K], tags int32 [T, B], lengths int32 [B], result [B]: 0 for a sequence of length 0. Tags are 0 to K - 1 where a
 * sequence has its steps, lengths 0 to T (not checked here: `CRF` does). What stands past a sequence's end, NaN even, changes nothing.
 *
 * @throws HiddenstateError `mismatch` for shapes that do not fit, `invalid` if tags or lengths are no int32 tensor
 *
 * Source: Lafferty, McCallum & Pereira, "Conditional random fields", ICML 2001.
 *
 * @example
 * const losses = crfLoss(logits, tags, lengths, { transitions, start, end });
 */
export function crfLoss(logits: Tensor, tags: Tensor, lengths: Tensor, weights: CrfWeights): Tensor {
  checkOperand("crfLoss", "tags", tags, "int32");
  const sizes = checkShapes("crfLoss", logits, lengths, weights);
  if (tags.size !== sizes.steps * sizes.batch)
    throw mismatch("crfLoss", "tags", tags, `${sizes.steps * sizes.batch} tags`);
  const { transitions, start, end } = weights;
  const kept = forward(sizes, logits, tags, lengths, weights);
  const { losses, reach, normalizers } = kept;
  record({
    name: "crfLoss",
    inputs: [logits, tags, lengths, transitions, start, end],
    outputs: [losses],
    saved: [reach, normalizers],
    backward: (pass) => {
      const { kernels } = runtime().kernelSet;
      const shared = { ...offsets(kept, logits, lengths, weights), tags: tags.offset, ...sizes };
      const gradLosses = pass.gradient(losses);
      const target = pass.target(logits);
      const marginals = empty(logits.shape);
      kernels.crfBackward({
        ...shared,
        marginals: marginals.offset,
        gradLogits: target?.offset ?? 0,
        gradLosses,
        end: end.offset,
        accumulate: target?.accumulate ?? 0,
      });
      kernels.crfTransitionGradient({
        ...shared,
        gradTransitions: pass.partialTarget(transitions)?.offset ?? 0,
        gradStart: pass.partialTarget(start)?.offset ?? 0,
        gradEnd: pass.partialTarget(end)?.offset ?? 0,
        gradLosses,
        marginals: marginals.offset,
      });
      marginals.end();
    },
  });
  return losses;
}

/**
 * How likely each tag is at each step, given the whole sequence: p(y_t = j), summed over all paths. Not on the tape.
 *
 * logits [T, B, K], lengths int32 [B], result [T, B, K]: 0 past a sequence's end.
 *
 * @throws HiddenstateError `mismatch` for shapes that do not fit, `invalid` if lengths is no int32 tensor
 */
export function crfMarginals(logits: Tensor, lengths: Tensor, weights: CrfWeights): Tensor {
  const sizes = checkShapes("crfMarginals", logits, lengths, weights);
  const kept = forward(sizes, logits, null, lengths, weights);
  const marginals = empty(logits.shape);
  runtime().kernelSet.kernels.crfBackward({
    ...offsets(kept, logits, lengths, weights),
    ...sizes,
    tags: 0,
    marginals: marginals.offset,
    gradLogits: 0,
    gradLosses: 0,
    end: weights.end.offset,
    accumulate: 0,
  });
  for (const values of Object.values(kept)) values.end();
  return marginals;
}

interface Sizes {
  steps: number;
  batch: number;
  tagCount: number;
}

/** What the way forward leaves for the way back. */
interface Kept {
  losses: Tensor;
  reach: Tensor;
  normalizers: Tensor;
}

/** Without tags the losses are ln Z. */
function forward(sizes: Sizes, logits: Tensor, tags: Tensor | null, lengths: Tensor, weights: CrfWeights): Kept {
  const kept = {
    losses: empty([sizes.batch]),
    reach: empty(logits.shape),
    normalizers: empty([sizes.steps, sizes.batch]),
  };
  runtime().kernelSet.kernels.crfForward({
    ...offsets(kept, logits, lengths, weights),
    ...sizes,
    losses: kept.losses.offset,
    tags: tags?.offset ?? 0,
    start: weights.start.offset,
    end: weights.end.offset,
  });
  return kept;
}

/** Arguments that all kernels of the field share. */
function offsets(
  { reach, normalizers }: Kept,
  logits: Tensor,
  lengths: Tensor,
  { transitions }: CrfWeights,
): { reach: number; normalizers: number; logits: number; lengths: number; transitions: number } {
  return {
    reach: reach.offset,
    normalizers: normalizers.offset,
    logits: logits.offset,
    lengths: lengths.offset,
    transitions: transitions.offset,
  };
}

function checkShapes(where: string, logits: Tensor, lengths: Tensor, weights: CrfWeights): Sizes {
  checkOperand(where, "logits", logits);
  checkOperand(where, "lengths", lengths, "int32");
  if (logits.shape.length !== 3) throw mismatch(where, "logits", logits, "[T, B, K]");
  const [steps, batch, tagCount] = logits.shape as [number, number, number];
  if (lengths.size !== batch) throw mismatch(where, "lengths", lengths, `[${batch}]`);
  const expected = { transitions: [tagCount, tagCount], start: [tagCount], end: [tagCount] };
  for (const name of ["transitions", "start", "end"] as const) {
    checkOperand(where, name, weights[name]);
    if (weights[name].shape.join() !== expected[name].join())
      throw mismatch(where, name, weights[name], shown(expected[name]));
  }
  return { steps, batch, tagCount };
}

function mismatch(where: string, name: string, { shape }: Tensor, expected: string): HiddenstateError {
  return new HiddenstateError("mismatch", `${where}: mismatch in ${name}: got ${shown(shape)}, expected ${expected}`);
}
