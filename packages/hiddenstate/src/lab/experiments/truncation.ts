import { engine, Random, randomKey } from "@hiddenstate/core";
import { significant } from "../../format.ts";
import { lineChart } from "../../pictures/line-chart.ts";
import { cosine, mean, norm } from "../../statistics.ts";
import type { Bench, Experiment } from "../experiment.ts";
import { setForgetBias } from "../networks.ts";
import { inTurn, turning } from "../shares.ts";
import { recallSymbols } from "../tasks/recall.ts";
import { sumOverSteps } from "../tasks/sum-over-steps.ts";
import {
  costsOf,
  type Examples,
  gradientOf,
  learnRecall,
  learnText,
  makeModel,
  recallExamples,
  textExamples,
  type TruncationSettings,
  type WindowCost,
} from "../tasks/truncated-gradients.ts";
import { doesNotHold, holds, holdsWithinLimits, undecided } from "../verdict.ts";

const sources = ["text", "delayed recall"] as const;
type Source = (typeof sources)[number];

interface Numbers {
  lag: number;
  /** Relative distance of the sum over time steps from the gradient, by seed. */
  sumError: number[];
  windows: {
    source: Source;
    window: number;
    /** Between truncated and full gradient, the mean over batches, by seed. */
    cosines: number[];
    /** Norm of the truncated gradient over that of the full one, the mean. */
    ratio: number;
  }[];
  /** What a pass over a sequence of the full length costs, cut into windows. */
  costs: WindowCost[];
}

/** What counts as the same direction, and from which window on it is wanted. */
const [sameDirection, wantedWindow] = [0.95, 50];
/** The forget bias with which delayed recall is learned. */
const openGates = 4;
/** How exact the sum over time steps must be. */
const sumTolerance = 1e-4;

export const truncation: Experiment<TruncationSettings, Numbers> = {
  name: "truncation",
  claim:
    "Backpropagation through time sums contributions of all time steps; a truncated window approximates that " +
    "sum, the better the longer it is, for less time and memory (Werbos 1990; Williams & " +
    "Peng 1990).",
  criteria:
    `Holds if the sum over time steps is the gradient to ${sumTolerance}, and the cosine between truncated and ` +
    `full gradient is at least ${sameDirection} with windows from ${wantedWindow} steps on, on text and on ` +
    "delayed recall; within limits if on text only, or from a longer window on; does not hold if the sum is not " +
    "the gradient or no shorter window reaches that cosine on text; undecided if full gradients vanish.",
  settings: {
    quick: {
      hidden: 48,
      batch: 8,
      learningRate: 3e-3,
      steps: 150,
      length: 200,
      windows: [5, 10, 20, 50, 100, 200],
      lag: 60,
      batches: 3,
    },
    thorough: {
      hidden: 96,
      batch: 16,
      learningRate: 3e-3,
      steps: 600,
      length: 200,
      windows: [5, 10, 20, 50, 100, 200],
      lag: 60,
      batches: 6,
    },
  },
  timed: true,
  setUp: ({ hidden, batch, learningRate, steps, length, windows, lag, batches }) =>
    `A character LSTM of ${hidden} units after ${steps} steps (Adam at ${learningRate}) on text, and one after ` +
    `as many on delayed recall over ${lag} steps (forget bias ${openGates} at the start). The gradient of the ` +
    `summed loss of ${length} steps with respect to the recurrent layer, ${batch} rows, ` +
    `from a state of zeros, is taken once whole and once in windows of ${windows.slice(0, -1).join(", ")} steps, ` +
    `each from the state the one before left, cut from the gradient; cosines are means over ${batches} batches. ` +
    "The sum over " +
    "time steps: an RNN unrolled into 20 copies of its weights, whose gradients are added. Time is processor " +
    "time of forward and backward, memory what a window's forward pass keeps.",

  *measure(settings, { seeds, text }: Bench) {
    const { windows, length, batches, lag } = settings;
    const runs = yield* inTurn(seeds, function* (seed) {
      return yield* inTurn(sources, function* (source) {
        engine.setSeed(seed);
        const vocabularySize = source === "text" ? text.tokenizer.size : 2 * recallSymbols;
        const model = makeModel(vocabularySize, settings);
        // Forget gates that start open: so the lag is learned within the budget, and the gradient has a way back over it.
        if (source !== "text") setForgetBias(model.stateDict().get("rnn.bias_ih_l0")!, openGates);
        const random = new Random(randomKey(seed, "lab", `truncation.${source}`));
        const next = (): Examples =>
          source === "text" ? textExamples(text.training, settings, random) : recallExamples(settings, random);
        yield* source === "text" ? learnText(model, text.training, settings) : learnRecall(model, settings, next);
        const found = windows.map((): { cosine: number; ratio: number }[] => []);
        for (let batch = 0; batch < batches; batch++) {
          const examples = next();
          const full = gradientOf(model, examples, length);
          for (const [i, window] of windows.entries()) {
            const truncated = gradientOf(model, examples, window);
            found[i].push({ cosine: cosine(full, truncated), ratio: norm(truncated) / norm(full) });
          }
          yield 1;
        }
        return found;
      });
    });
    const costs = yield* turning(costsOf(settings, text.training, text.tokenizer.size));
    return {
      lag,
      sumError: seeds.map(sumOverSteps),
      windows: sources.flatMap((source, s) =>
        windows.map((window, i) => ({
          source,
          window,
          cosines: runs.map((run) => mean(run[s][i].map((one) => one.cosine))),
          ratio: mean(runs.flatMap((run) => run[s][i].map((one) => one.ratio))),
        })),
      ),
      costs,
    };
  },

  judge({ sumError, windows, costs, lag }) {
    const cosineAt = (source: Source, window: number): number =>
      mean(windows.find((one) => one.source === source && one.window === window)!.cosines);
    const sizes = costs.map(({ window }) => window).toSorted((a, b) => a - b);
    const longest = sizes.at(-1)!;
    if (windows.some(({ cosines }) => cosines.some((one) => !Number.isFinite(one)))) {
      return undecided("full gradients vanished, so that they have no direction");
    }
    if (!(Math.max(...sumError) <= sumTolerance)) {
      return doesNotHold(`the sum over time steps is ${significant(Math.max(...sumError))} off the gradient`);
    }
    const enough = (source: Source): number => {
      const short = sizes.filter((window) => cosineAt(source, window) < sameDirection);
      const last = short.at(-1);
      return last === undefined ? sizes[0] : sizes[sizes.indexOf(last) + 1];
    };
    const [text, recall] = sources.map(enough);
    const least = costs.find(({ window }) => window === text)!;
    const whole = costs.find(({ window }) => window === longest)!;
    const told =
      `on text windows from ${text} steps on have a cosine of at least ${sameDirection} ` +
      `(${sizes.map((window) => `${window}: ${cosineAt("text", window).toFixed(3)}`).join(", ")}), ` +
      `on recall over ${lag} steps from ${recall} on; ${text} steps keep ` +
      `${significant(least.activationBytes / whole.activationBytes)} of the memory of ${longest} and take ` +
      `${significant(least.millisecondsPer1000Tokens / whole.millisecondsPer1000Tokens)} of the time`;
    if (text === longest) return doesNotHold(`no window shorter than the sequence gives the direction: ${told}`);
    if (text <= wantedWindow && recall <= wantedWindow) return holds(told);
    return holdsWithinLimits(
      text <= wantedWindow
        ? `where what matters lies further back than the window, the window misses it: ${told}`
        : told,
    );
  },

  tables: ({ windows, costs, sumError }) => [
    {
      caption: "Truncated against full gradient",
      columns: ["sequences", "window, steps", "cosine, mean", "seeds", "norm over the full one's"],
      rows: windows.map(({ source, window, cosines, ratio }) => [
        source,
        String(window),
        mean(cosines).toFixed(3),
        cosines.map((one) => one.toFixed(3)).join(", "),
        significant(ratio),
      ]),
    },
    {
      caption: "Cost of forward and backward by window",
      columns: ["window, steps", "processor time of 1,000 tokens, ms", "kept for the way back, MB"],
      rows: costs.map(({ window, millisecondsPer1000Tokens, activationBytes }) => [
        String(window),
        significant(millisecondsPer1000Tokens),
        (activationBytes / 1e6).toFixed(2),
      ]),
    },
    {
      caption: "Relative distance between the sum of 20 time steps' contributions and the gradient",
      columns: ["seeds"],
      rows: [[sumError.map(significant).join(", ")]],
    },
  ],

  figures: ({ windows, costs }) => [
    {
      name: "cosine",
      caption: "Cosine between truncated and full gradient by window",
      draw: () =>
        lineChart({
          title: "How much of the gradient a window sees",
          subtitle:
            "Cosine between the gradient in windows and the gradient of the whole sequence; mean and range over seeds",
          x: "window, steps",
          y: "cosine",
          logX: true,
          levels: [{ y: sameDirection, name: String(sameDirection) }],
          lines: sources.map((source) => ({
            name: source,
            points: windows
              .filter((one) => one.source === source)
              .map(({ window, cosines }) => ({
                x: window,
                y: mean(cosines),
                low: Math.min(...cosines),
                high: Math.max(...cosines),
              })),
          })),
        }),
    },
    {
      name: "memory",
      caption: "Memory kept for the way back by window",
      draw: () =>
        lineChart({
          title: "What a window costs",
          subtitle: "Megabytes that the forward pass of one window keeps for the way back",
          x: "window, steps",
          y: "MB",
          lines: [
            {
              name: "LSTM",
              points: costs.map(({ window, activationBytes }) => ({ x: window, y: activationBytes / 1e6 })),
            },
          ],
        }),
    },
  ],
};
