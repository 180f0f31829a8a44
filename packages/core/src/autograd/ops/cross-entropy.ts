import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, Tensor, tensor } from "../../memory/tensor.ts";
import { resolveOptions } from "../../options.ts";
import { record } from "../tape.ts";
import { checkOperand, indicesOf, rowsAndWidth } from "./operands.ts";

export interface CrossEntropyOptions {
  /** The target of rows that count for nothing, such as padding. Default -100. */
  ignoreIndex?: number;
  /** Share of the target's weight that is spread over all classes, 0 to below 1 (Szegedy et al. 2016). Default 0. */
  labelSmoothing?: number;
  /** Over the rows that count. Default `"mean"`. */
  reduction?: "mean" | "sum";
  /**
   * What each class counts, V numbers of at least 0: rare classes can be given more. The mean is then over the weights of the
   * targets, as in PyTorch. A tensor is taken as it is and gets no gradient. Default: all 1.
   */
  weights?: Tensor | ArrayLike<number>;
}

/**
 * How surprised a model is by the right answers, in nats.
 *
 * loss = mean over rows of (1 - s) (-ln p_target) + s/V Σ_j (-ln p_j), with p = softmax(logits) and s the label smoothing;
 * dL/dlogits = (p - (1 - s) onehot(target) - s/V) / number of rows that count
 *
 * With class weights w: loss = Σ over rows of ((1 - s) w_target (-ln p_target) + s/V Σ_j w_j (-ln p_j)) / Σ over rows of w_target.
 *
 * logits [.., V], one target for each row: an int32 tensor of any shape, or plain numbers; result [], 0 if no row counts.
 * Whatever stands in the logits of an ignored row, NaN even, changes nothing.
 *
 * @throws HiddenstateError `mismatch` if there are not as many targets as rows, `invalid` for a target that is neither a class
 *   nor `ignoreIndex`, and for options out of range
 * @example
 * const loss = crossEntropy(logits, [1, 0, -100]);   // logits [3, V]; the last row is padding
 */
export function crossEntropy(
  logits: Tensor,
  targets: Tensor | readonly number[] | Int32Array,
  options: CrossEntropyOptions = {},
): Tensor {
  checkOperand("crossEntropy", "logits", logits);
  const { rows, width: classes } = rowsAndWidth("crossEntropy", logits);
  const { ignoreIndex, labelSmoothing, reduction } = resolveOptions("crossEntropy", options, {
    ignoreIndex: { type: "integer", min: -(2 ** 31), max: 2 ** 31 - 1, default: -100 },
    labelSmoothing: { type: "number", min: 0, below: 1, default: 0 },
    reduction: { type: "choice", choices: ["mean", "sum"], default: "mean" },
    weights: { type: "any", optional: true },
  });
  const weights = options.weights === undefined ? null : classWeights(options.weights, classes);
  const { kernels } = runtime().kernelSet;
  const [wanted, made] = targetTensor(targets, rows, classes, ignoreIndex);
  const loss = empty([]);
  const counted = empty([1]);
  const logNormalizer = empty([rows, 2]);
  const shared = { rows, classes, ignoreIndex, mean: reduction === "mean" ? 1 : 0, labelSmoothing };
  kernels.crossEntropy({
    loss: loss.offset,
    counted: counted.offset,
    logNormalizer: logNormalizer.offset,
    logits: logits.offset,
    targets: wanted.offset,
    weights: weights?.offset ?? 0,
    ...shared,
  });
  record({
    name: "crossEntropy",
    inputs: weights ? [logits, wanted, weights] : [logits, wanted],
    outputs: [loss],
    saved: [counted, logNormalizer, ...made, ...(weights && weights !== options.weights ? [weights] : [])],
    backward: (pass) => {
      const target = pass.target(logits);
      if (!target) return;
      kernels.crossEntropyBackward({
        gradLogits: target.offset,
        gradLoss: pass.gradient(loss),
        counted: counted.offset,
        logNormalizer: logNormalizer.offset,
        logits: logits.offset,
        targets: wanted.offset,
        weights: weights?.offset ?? 0,
        ...shared,
        accumulate: target.accumulate,
      });
    },
  });
  return loss;
}

/** @throws HiddenstateError `mismatch` or `invalid` unless there is one number of at least 0 for each class */
function classWeights(weights: Tensor | ArrayLike<number>, classes: number): Tensor {
  const given = weights instanceof Tensor;
  const count = given ? weights.size : weights.length;
  if (count !== classes) {
    throw new HiddenstateError(
      "mismatch",
      `crossEntropy: mismatch in weights: got ${shown(count)}, expected ${classes}, one for each class`,
    );
  }
  if (given) {
    checkOperand("crossEntropy", "weights", weights);
    return weights;
  }
  for (let j = 0; j < classes; j++) {
    if (!(Number.isFinite(weights[j]) && weights[j] >= 0)) {
      throw new HiddenstateError(
        "invalid",
        `crossEntropy: invalid weights[${j}]: got ${shown(weights[j])}, expected a number at least 0`,
      );
    }
  }
  return tensor(weights, [classes]);
}

/** The targets as an int32 tensor, and that tensor again in a list if it was made here. */
function targetTensor(
  targets: Tensor | readonly number[] | Int32Array,
  rows: number,
  classes: number,
  ignoreIndex: number,
): [Tensor, Tensor[]] {
  const given = targets instanceof Tensor;
  const count = given ? targets.size : targets.length;
  if (count !== rows) {
    throw new HiddenstateError(
      "mismatch",
      `crossEntropy: mismatch in targets: got ${count}, expected ${rows}, one for each row of the logits`,
    );
  }
  const numbers = given ? indicesOf("crossEntropy", "targets", targets) : targets;
  for (let row = 0; row < rows; row++) {
    const target = numbers[row];
    if (target !== ignoreIndex && !(Number.isInteger(target) && target >= 0 && target < classes)) {
      throw new HiddenstateError(
        "invalid",
        `crossEntropy: invalid targets[${row}]: got ${shown(target)}, ` +
          `expected a class from 0 to ${classes - 1} or the ignoreIndex ${ignoreIndex}` +
          (target === -1 ? "; padTokens pads with -1: leave those out with { ignoreIndex: -1 }" : ""),
      );
    }
  }
  if (given) return [targets, []];
  const made = tensor(targets, [rows], { dtype: "int32" });
  return [made, [made]];
}
