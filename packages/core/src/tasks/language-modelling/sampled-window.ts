import { concat } from "../../autograd/ops/concat.ts";
import { reshape } from "../../autograd/ops/reshape.ts";
import type { TextWindow } from "../../data/windows.ts";
import { type Tensor, tensor } from "../../memory/tensor.ts";
import type { RecurrentState } from "../../nn/recurrent-options.ts";
import type { LanguageModel } from "./language-model.ts";
import { likeliestOfRows } from "../likeliest.ts";
import type { OwnOutput } from "../own-output.ts";

/**
 * A language model's pass over a window, step by step: rows that `own` picks at a step read the likeliest token of the step before in place of the
 * text's. Fed the text alone, it has the bits of `forward`. The first step of a window always reads the text.
 *
 * @returns logits [T, B, V], and the state after the window's `carrySteps`
 */
export function readOwnOutput(
  model: LanguageModel,
  { inputs, steps, batch, carrySteps }: TextWindow,
  start: RecurrentState | undefined,
  own: OwnOutput,
): { logits: Tensor; carried: RecurrentState } {
  const rows = Int32Array.from({ length: batch }, (_, row) => row);
  const { vocabularySize } = model.options;
  const logits: Tensor[] = [];
  // A hold of its own: whoever carries the state may let go of it before the way back.
  let state = start && held(start);
  let carried: RecurrentState | undefined;
  for (let t = 0; t < steps; t++) {
    const tokens = inputs.slice(t * batch, (t + 1) * batch);
    const replaced = rows.filter((row) => t > 0 && own(row, t));
    if (replaced.length > 0) {
      // Nothing goes back through a choice.
      const written = likeliestOfRows(logits[t - 1].dataSync(), vocabularySize);
      for (const row of replaced) tokens[row] = written[row];
    }
    const next = model.step(tensor(tokens, [batch], { dtype: "int32" }), state);
    logits.push(next.logits);
    state = next.state;
    if (t + 1 === carrySteps) carried = state;
  }
  return { logits: reshape(concat(logits), [steps, batch, vocabularySize]), carried: carried! };
}

function held({ h, c }: RecurrentState): RecurrentState {
  return c ? { h: h.detach(), c: c.detach() } : { h: h.detach() };
}
