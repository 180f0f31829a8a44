import type { Cell } from "../autograd/ops/cells.ts";

/** What is known of how far a model's past matters, and of the window that it was trained with. */
export interface WindowEvidence {
  /** Steps that the gradient reaches back; null where that was not measured. */
  gradient: { steps: number; open: boolean } | null;
  /** The effective context; null where it was not measured. */
  context: { steps: number; open: boolean; uses: string } | null;
  /** The window of truncated backpropagation that it was trained with, or whole sequences; null where that is not known. */
  window: number | "whole" | null;
  /** What a step is, in the plural. */
  unit: string;
  /** Which says how it could be made to remember longer. */
  cell: Cell["kind"];
}

/** What window the training should use, in numbers and in plain sentences. */
export interface WindowAdvice {
  verdict: "shorten" | "fits" | "lengthen" | "whole sequences" | "unknown";
  /** From the shortest window worth it to the longest; null where nothing was measured. */
  window: readonly [least: number, most: number] | null;
  sentences: string[];
}

/**
 * What window a training should use, from how far gradients reach and how far predictions use the past.
 *
 * With reach R (the longer of the two), a window of R steps lets the last loss in it send its gradient all the way back; in one of 2 R the average
 * loss does, since it stands in the middle. So R to 2 R: less cuts off what the model could learn from, more costs memory and makes updates
 * rarer without learning anything from it. A reach that was still open where measuring ended asks for more than was measured.
 *
 * The reach is that of the model as it is now. A model that was trained with short windows may have learned to forget: where the window is close to the
 * reach, a longer one is worth a try.
 *
 * @example
 * adviseWindow({ gradient: { steps: 23, open: false }, context: null, window: 64, unit: "characters", cell: "lstm" });
 * // { verdict: "shorten", window: [24, 48], sentences: [...] }
 */
export function adviseWindow({ gradient, context, window, unit, cell }: WindowEvidence): WindowAdvice {
  const sentences: string[] = [];
  if (gradient) {
    sentences.push(
      gradient.open
        ? `The gradient still reaches further than the ${steps(gradient.steps, unit)} measured.`
        : `The gradient reaches ${steps(gradient.steps, unit)} back, until it is a hundredth.`,
    );
  }
  if (context) sentences.push(`Predictions use ${context.uses}.`);
  if (!gradient && !context) {
    return { verdict: "unknown", window: null, sentences: ["Nothing was measured that could tell a window."] };
  }
  const reach = Math.max(1, gradient?.steps ?? 0, context?.steps ?? 0);
  const open = [gradient, context].some((found) => found?.open && found.steps === reach);
  const advised = [roundUp(reach), roundUp(2 * reach)] as const;
  const range = advised[0] === advised[1] ? String(advised[0]) : `${advised[0]} to ${advised[1]}`;
  if (window === null) {
    sentences.push(`What window it was trained with is not known; one of ${range} is enough.`);
    return { verdict: "unknown", window: advised, sentences };
  }
  if (window === "whole") {
    sentences.push(
      `It was trained on whole sequences; where those are much longer than ${advised[1]} ${unit}, cutting them costs little.`,
    );
    return { verdict: "whole sequences", window: advised, sentences };
  }
  const was = `it was trained with a window of ${window}`;
  if (window < reach || (open && window <= reach)) {
    sentences.push(`${capital(was)}, which is short of that: try one of ${range}.`);
    return { verdict: "lengthen", window: advised, sentences };
  }
  if (window > advised[1]) {
    sentences.push(
      `${capital(was)}: one of ${range} should learn the same with less memory and more updates in an epoch, or ${longerMemory[cell]}.`,
    );
    return { verdict: "shorten", window: advised, sentences };
  }
  sentences.push(`${capital(was)}, which fits: ${range} is enough.`);
  return { verdict: "fits", window: advised, sentences };
}

/** What makes memories longer, if more of the past should count. */
const longerMemory = {
  rnn: "take a cell that remembers longer (an LSTM or a GRU)",
  lstm: "help it remember longer (a larger bias of the forget gate, more training)",
  gru: "help it remember longer (a larger bias of the update gate, more training)",
  mingru: "help it remember longer (a smaller bias of the update gate, more training)",
  minlstm: "help it remember longer (a larger bias of the forget gate, more training)",
} as const;

const steps = (count: number, unit: string): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? unit.replace(/s$/, "") : unit}`;
const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);

/** To a number that a person would choose: 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, ... */
function roundUp(value: number): number {
  for (let power = 1; ; power *= 2) {
    if (power >= value) return power;
    if (power > 1 && 1.5 * power >= value) return 1.5 * power;
  }
}
