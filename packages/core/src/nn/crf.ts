import { crfLoss, crfMarginals, type CrfWeights } from "../autograd/ops/crf.ts";
import { mul } from "../autograd/ops/binary.ts";
import { indicesOf } from "../autograd/ops/operands.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { full, ints, Tensor, tensor, zeros } from "../memory/tensor.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import { Module, type ModuleOptions } from "./module.ts";
import { checkLengths } from "./packing.ts";
import { bestPaths, type TagConstraints } from "./viterbi.ts";

export interface CRFOptions extends ModuleOptions {
  /** How many tags there are: K. */
  tagCount: number;
}

const rules: OptionRules<CRFOptions> = {
  tagCount: { type: "integer", min: 1 },
  name: { type: "string", optional: true },
};

/** What a conditional random field reads besides the logits. */
export interface CRFInput {
  /** Steps of each sequence. Default: all. */
  lengths?: readonly number[];
}

/**
 * A linear-chain conditional random field (Lafferty, McCallum & Pereira 2001) over the logits of a network: how well tags fit their
 * neighbours counts beside how well each fits its step, and the whole path is judged at once.
 *
 *     score(y) = start[y_0] + Σ_t logits[t, y_t] + Σ_{t>0} transitions[y_{t-1}, y_t] + end[y_last];  p(y) = exp(score(y)) / Z
 *
 * Parameters, named as pytorch-crf names them: `transitions` [K, K] (from row to column), `start_transitions` [K], `end_transitions`
 * [K]. All start at 0, where the field is a softmax at each step.
 *
 * @example
 * const crf = new CRF({ tagCount: 9 });
 * const loss = crf.loss(logits, tags, { lengths });   // logits [T, B, 9], tags [T, B]
 * const paths = crf.decode(logits, { lengths });      // B arrays of tags
 */
export class CRF extends Module {
  readonly tagCount: number;
  readonly weights: CrfWeights;

  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: CRFOptions) {
    const { tagCount, name } = resolveOptions("new CRF", options, rules);
    super("crf", name);
    this.tagCount = tagCount;
    this.weights = {
      transitions: this.parameter("transitions", zeros([tagCount, tagCount])),
      start: this.parameter("start_transitions", zeros([tagCount])),
      end: this.parameter("end_transitions", zeros([tagCount])),
    };
  }

  /**
   * -ln p(tags) in nats: the mean over all steps of all sequences (0 if there are none), or the sum.
   *
   * @param logits [T, B, K]
   * @param tags int32 [T, B], or as many numbers; those past a sequence's end may be anything
   * @throws HiddenstateError `mismatch` or `invalid` for shapes, lengths and tags that do not fit
   */
  loss(
    logits: Tensor,
    tags: Tensor | ArrayLike<number>,
    options: CRFInput & { reduction?: "mean" | "sum" } = {},
  ): Tensor {
    const where = "crf.loss";
    const { lengths, reduction } = resolveOptions<CRFInput & { reduction?: "mean" | "sum" }>(where, options, {
      lengths: { type: "any", optional: true },
      reduction: { type: "choice", choices: ["mean", "sum"], default: "mean" },
    });
    const valid = this.#lengths(where, logits, lengths);
    const wanted = this.#tagTensor(where, tags, logits, valid);
    const total = sum(crfLoss(logits, wanted, ints(valid), this.weights));
    if (reduction === "sum") return total;
    const steps = valid.reduce((count, length) => count + length, 0);
    return mul(total, full([], steps === 0 ? 1 : 1 / steps));
  }

  /**
   * The most likely tags of each sequence (Viterbi 1967), as many as it has steps.
   *
   * @param logits [T, B, K]
   * @param options `constraints`: which paths may be, such as `tagConstraints` gives for BIO and BIOES; where none may, they count
   *   for nothing
   * @throws HiddenstateError `mismatch` or `invalid` for shapes and lengths that do not fit
   */
  decode(logits: Tensor, options: CRFInput & { constraints?: TagConstraints } = {}): number[][] {
    const where = "crf.decode";
    const { lengths, constraints } = resolveOptions<CRFInput & { constraints?: TagConstraints }>(where, options, {
      lengths: { type: "any", optional: true },
      constraints: { type: "any", optional: true },
    });
    const valid = this.#lengths(where, logits, lengths);
    const { transitions, start, end } = this.weights;
    const paths = { transitions: transitions.dataSync(), start: start.dataSync(), end: end.dataSync() };
    return bestPaths(rowsOfSequences(logits, valid), this.tagCount, paths, constraints ?? null);
  }

  /**
   * p(y_t = j), summed over all paths: not on the tape.
   *
   * @param logits [T, B, K]
   * @returns [T, B, K], 0 past a sequence's end
   * @throws HiddenstateError `mismatch` or `invalid` for shapes and lengths that do not fit
   */
  marginals(logits: Tensor, options: CRFInput = {}): Tensor {
    const { lengths } = resolveOptions<CRFInput>("crf.marginals", options, {
      lengths: { type: "any", optional: true },
    });
    return crfMarginals(logits, ints(this.#lengths("crf.marginals", logits, lengths)), this.weights);
  }

  #lengths(where: string, logits: Tensor, lengths: readonly number[] | undefined): readonly number[] {
    if (logits.shape.length !== 3 || logits.shape[2] !== this.tagCount) {
      throw new HiddenstateError(
        "mismatch",
        `${where}: mismatch in logits: got ${shown(logits.shape)}, expected [T, B, ${this.tagCount}] (tagCount ${this.tagCount})`,
      );
    }
    const [steps, batch] = logits.shape;
    if (!lengths) return Array.from({ length: batch }, () => steps);
    checkLengths(where, lengths, steps, batch);
    return lengths;
  }

  #tagTensor(where: string, given: Tensor | ArrayLike<number>, { shape }: Tensor, lengths: readonly number[]): Tensor {
    const [steps, batch] = shape;
    const tags = given instanceof Tensor ? indicesOf(where, "tags", given) : given;
    if (tags.length !== steps * batch) {
      throw new HiddenstateError(
        "mismatch",
        `${where}: mismatch in tags: got ${tags.length}, expected ${steps * batch}, one for each step of logits ${shown(shape)}`,
      );
    }
    for (let i = 0; i < tags.length; i++) {
      const tag = tags[i];
      if (Math.floor(i / batch) >= lengths[i % batch] || (Number.isInteger(tag) && tag >= 0 && tag < this.tagCount))
        continue;
      throw new HiddenstateError(
        "invalid",
        `${where}: invalid tags[${i}]: got ${shown(tag)}, expected a whole number from 0 to ${this.tagCount - 1}`,
      );
    }
    return given instanceof Tensor ? given : tensor(tags, [steps, batch], { dtype: "int32" });
  }
}

/** Rows [length, K] of each sequence of a tensor [T, B, K]. */
export function rowsOfSequences(x: Tensor, lengths: readonly number[]): Float32Array[] {
  const [, batch, width] = x.shape;
  const values = x.dataSync();
  return lengths.map((length, b) => {
    const rows = new Float32Array(length * width);
    for (let t = 0; t < length; t++) {
      const first = (t * batch + b) * width;
      rows.set(values.subarray(first, first + width), t * width);
    }
    return rows;
  });
}
