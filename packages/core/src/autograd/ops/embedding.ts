import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import { record } from "../tape.ts";
import { checkOperand, indicesOf } from "./operands.ts";

/**
 * Looks up a row of the weight for each id.
 *
 * y[.., :] = weight[ids[..], :]; dL/dweight[v, :] = Σ over places with id v of dL/dy
 *
 * weight [V, E], ids int32 of any shape, result [..ids.shape, E]. Ids are below V; a negative id gives zeros and gets no gradient.
 *
 * @throws HiddenstateError `mismatch` if the weight is no matrix, `invalid` if ids is no int32 tensor or an id is V or more
 * @example
 * embedding(weight, tensor([2, 0, 2], [3], { dtype: "int32" }));   // [3, E]
 */
export function embedding(weight: Tensor, ids: Tensor): Tensor {
  checkOperand("embedding", "weight", weight);
  const numbers = indicesOf("embedding", "ids", ids);
  if (weight.shape.length !== 2) {
    throw new HiddenstateError(
      "mismatch",
      `embedding: mismatch in weight: got ${shown(weight.shape)}, expected [V, E], one row for each id`,
    );
  }
  const { kernels } = runtime().kernelSet;
  const [vocabularySize, width] = weight.shape;
  for (let i = 0; i < numbers.length; i++) {
    if (numbers[i] < vocabularySize) continue;
    throw new HiddenstateError(
      "invalid",
      `embedding: invalid ids[${i}]: got ${numbers[i]}, expected at most ${vocabularySize - 1}, the last row of the weight`,
    );
  }
  const rows = ids.size;
  const y = empty([...ids.shape, width]);
  kernels.gatherRows({ out: y.offset, x: weight.offset, index: ids.offset, rows, width, accumulate: 0 });
  record({
    name: "embedding",
    inputs: [weight, ids],
    outputs: [y],
    backward: (pass) => {
      const target = pass.partialTarget(weight);
      if (target) {
        kernels.scatterAddRows({ out: target.offset, x: pass.gradient(y), index: ids.offset, rows, width });
      }
    },
  });
  return y;
}
