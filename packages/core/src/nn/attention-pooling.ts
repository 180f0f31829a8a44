import { add, mul } from "../autograd/ops/binary.ts";
import { gatherRows } from "../autograd/ops/gather-rows.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { segmentSum } from "../autograd/ops/segment-sum.ts";
import { softmax } from "../autograd/ops/softmax.ts";
import { tanh } from "../autograd/ops/unary.ts";
import { ints, type Tensor, tensor } from "../memory/tensor.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import { Linear } from "./linear.ts";
import { Module, type ModuleOptions } from "./module.ts";
import { timeMajor } from "./pooling.ts";

export interface AttentionPoolingOptions extends ModuleOptions {
  /** Width F of each time step. */
  inputSize: number;
  /** Width A in which time steps are judged. Default: `inputSize`. */
  attentionSize?: number;
}

const attentionRules: OptionRules<AttentionPoolingOptions> = {
  inputSize: { type: "integer", min: 1 },
  attentionSize: { type: "integer", min: 1, optional: true },
  name: { type: "string", optional: true },
};

/**
 * A weighted mean over each sequence's own time steps, with weights that are learned (Yang et al. 2016, equations 5 to 7).
 *
 *     u_t = tanh(W x_t + b);  a = softmax over t < length of c · u_t;  y = Σ_t a_t x_t
 *
 * Parameters: `projection.weight` [A, F], `projection.bias` [A], `context.weight` [1, A].
 *
 * @example
 * const pooling = new AttentionPooling({ inputSize: 128 });
 * const sentence = pooling.forward(output, lengths);   // [T, B, 128] to [B, 128]
 */
export class AttentionPooling extends Module {
  readonly projection: Linear;
  readonly context: Linear;

  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: AttentionPoolingOptions) {
    const { inputSize, attentionSize, name } = resolveOptions("new AttentionPooling", options, attentionRules);
    super("attentionPooling", name);
    const outputSize = attentionSize ?? inputSize;
    this.projection = this.part("projection", new Linear({ inputSize, outputSize, name: `${this.name}.projection` }));
    this.context = this.part(
      "context",
      new Linear({ inputSize: outputSize, outputSize: 1, bias: false, name: `${this.name}.context` }),
    );
  }

  /**
   * @param x [T, B, F]
   * @returns [B, F], zeros for a sequence of length 0
   * @throws HiddenstateError `mismatch` or `invalid` for shapes and lengths that do not fit
   */
  forward(x: Tensor, lengths?: readonly number[]): Tensor {
    const { rows, rowWeights, owners, batch } = this.#attend(x, lengths);
    return segmentSum(mul(rows, rowWeights), owners, batch);
  }

  /** How much each time step counts: [B, T], each row summing to 1 over its own steps, with 0 in the padding. */
  weights(x: Tensor, lengths?: readonly number[]): Tensor {
    const { rowWeights, batchMajor, steps, batch } = this.#attend(x, lengths);
    return reshape(batchMajor.unpack(rowWeights), [batch, steps]);
  }

  /** The valid time steps as rows [N, F], with their weights [N, 1] and the sequences they belong to. */
  #attend(
    x: Tensor,
    lengths: readonly number[] | undefined,
  ): {
    rows: Tensor;
    rowWeights: Tensor;
    owners: Tensor;
    batchMajor: { unpack(rows: Tensor): Tensor };
    steps: number;
    batch: number;
  } {
    const { steps, batch, width, valid } = timeMajor("attentionPooling.forward", x, lengths);
    const places = [...Array(steps * batch).keys()].filter((row) => Math.floor(row / batch) < valid[row % batch]);
    const toValid = ints(places);
    const fromTimeMajor = ints(inverseOf(places, steps * batch));
    const rows = gatherRows(reshape(x, [steps * batch, width]), toValid, fromTimeMajor);

    // One sequence's scores must lie side by side for softmax. Its padding scores -Infinity, and so gets weight 0; a
    // sequence of nothing but padding has weights that no row takes.
    const byRow = places.map((row) => (row % batch) * steps + Math.floor(row / batch));
    const toBatchMajor = ints(inverseOf(byRow, batch * steps));
    const fromBatchMajor = ints(byRow);
    const unpack = (values: Tensor): Tensor => gatherRows(values, toBatchMajor, fromBatchMajor);
    const mask = Float32Array.from({ length: batch * steps }, (_, i) => {
      const length = valid[Math.floor(i / steps)];
      return i % steps < length || length === 0 ? 0 : -Infinity;
    });
    const scores = this.context.forward(tanh(this.projection.forward(rows)));
    const weights = softmax(add(reshape(unpack(scores), [batch, steps]), tensor(mask, [batch, steps])));
    const rowWeights = gatherRows(reshape(weights, [batch * steps, 1]), fromBatchMajor, toBatchMajor);
    const owners = ints(places.map((row) => row % batch));
    return { rows, rowWeights, owners, batchMajor: { unpack }, steps, batch };
  }
}

/** inverse[places[n]] = n, and -1 elsewhere. */
function inverseOf(places: readonly number[], count: number): Int32Array {
  const inverse = new Int32Array(count).fill(-1);
  places.forEach((place, n) => (inverse[place] = n));
  return inverse;
}
