import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, Tensor, tensor } from "../../memory/tensor.ts";
import { resolveOptions } from "../../options.ts";
import { record } from "../tape.ts";
import { checkOperand, rowsAndWidth } from "./operands.ts";

export interface CrossEntropyOptions {
  /** The target of rows that count for nothing, such as padding. Default -100. */
  ignoreIndex?: number;
  /** Share of the target's weight that is spread over all classes, 0 to below 1 (Szegedy et al. 2016). Default 0. */
  labelSmoothing?: number;
  /** Over the rows that count. Default `"mean"`. */
  reduction?: "mean" | "sum";
}

/**
 * How surprised a model is by the right answers, in nats.
 *
 * loss = mean over rows of (1 - s) (-ln p_target) + s/V Σ_j (-ln p_j), with p = softmax(logits) and s the label smoothing;
 * dL/dlogits = (p - (1 - s) onehot(target) - s/V) / number of rows that count
 *
 * logits [.., V], one target for each row: an int32 tensor of any shape, or plain numbers; result [], 0 if no row counts.
 * Whatever stands in the logits of an ignored row, NaN even, changes nothing.
 *
 * @throws HiddenstateError `mismatch` if there are not as many targets as rows, `invalid` for a target that is neither a class
 *   nor `ignoreIndex` (those of an int32 tensor are not checked) and for options out of range
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
  });
  const { kernels } = runtime().kernelSet;
  const [wanted, made] = targetTensor(targets, rows, classes, ignoreIndex);
  const loss = empty([]);
  const counted = empty([1]);
  const logNormalizer = empty([rows]);
  const shared = { rows, classes, ignoreIndex, mean: reduction === "mean" ? 1 : 0, labelSmoothing };
  kernels.crossEntropy({
    loss: loss.offset,
    counted: counted.offset,
    logNormalizer: logNormalizer.offset,
    logits: logits.offset,
    targets: wanted.offset,
    ...shared,
  });
  record({
    name: "crossEntropy",
    inputs: [logits, wanted],
    outputs: [loss],
    saved: [counted, logNormalizer, ...made],
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
        ...shared,
        accumulate: target.accumulate,
      });
    },
  });
  return loss;
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
  if (given) {
    checkOperand("crossEntropy", "targets", targets, "int32");
    return [targets, []];
  }
  for (let row = 0; row < rows; row++) {
    const target = targets[row];
    if (target !== ignoreIndex && !(Number.isInteger(target) && target >= 0 && target < classes)) {
      throw new HiddenstateError(
        "invalid",
        `crossEntropy: invalid targets[${row}]: got ${shown(target)}, ` +
          `expected a class from 0 to ${classes - 1} or the ignoreIndex ${ignoreIndex}`,
      );
    }
  }
  const made = tensor(targets, [rows], { dtype: "int32" });
  return [made, [made]];
}
