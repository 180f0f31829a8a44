import { crossEntropy } from "../../autograd/ops/cross-entropy.ts";
import { noGrad } from "../../autograd/tape.ts";
import type { TokenSource } from "../../data/token-source.ts";
import { evaluationWindows, ignoredTarget } from "../../data/windows.ts";
import { scope } from "../../memory/scope.ts";
import { tensor } from "../../memory/tensor.ts";
import { CarriedState } from "./carried-state.ts";
import type { LanguageModel } from "./language-model.ts";

/** Steps read at a time; the result does not depend on it. */
const bptt = 64;
/** A long text is read as up to 32 stretches side by side, each at least this many tokens long, so that few tokens lack their past. */
const shortestStretch = 1024;
const mostStretches = 32;

/**
 * Mean loss over a whole text, with the state carried from window to window. Every token but the first is predicted exactly once.
 *
 * Yields after each window, so that the caller can let the event loop turn.
 *
 * @throws HiddenstateError `invalid` for fewer than two tokens
 */
export function* evaluateStream(
  model: LanguageModel,
  ids: Int32Array | TokenSource,
): Generator<void, { loss: number; tokens: number }> {
  const batch = Math.min(mostStretches, Math.max(1, Math.floor(ids.length / shortestStretch)));
  const windows = evaluationWindows(ids, { batch, bptt });
  const carried = new CarriedState();
  let total = 0;
  try {
    for (const { inputs, targets, steps, batch: rows, counted } of windows.epoch()) {
      const loss = scope(() =>
        noGrad(() => {
          const { logits, state } = model.forward(tensor(inputs, [steps, rows], { dtype: "int32" }), carried.state);
          carried.keep(state);
          return crossEntropy(logits, targets, { ignoreIndex: ignoredTarget, reduction: "sum" });
        }),
      );
      total += loss.itemSync();
      loss.end();
      if (counted > 0) yield;
    }
  } finally {
    carried.end();
  }
  return { loss: total / windows.targets, tokens: windows.targets };
}
