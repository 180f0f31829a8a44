import {
  crossEntropy,
  engine,
  ignoredTarget,
  type LanguageModel,
  Random,
  randomKey,
  reshape,
  slice,
  type Tensor,
  tensor,
} from "@hiddenstate/core";
import { cellName } from "../../cell-name.ts";
import { count, significant } from "../../format.ts";
import { lineChart } from "../../pictures/line-chart.ts";
import { mean } from "../../statistics.ts";
import type { Bench, Experiment } from "../experiment.ts";
import { inTurn, pairs, turning } from "../shares.ts";
import {
  type AttentionNetwork as Network,
  attentionNetworks as networks,
  type AttentionSettings as Settings,
  attentionVocabulary as vocabularySize,
  makeModel,
  type StreamCost,
  timeStreams,
  timeTraining,
  type TrainingSpeed,
} from "../tasks/attention-cost.ts";
import { recallAccuracy, type RecallBatch, recallBatch, recallSymbols } from "../tasks/recall.ts";
import { train } from "../training.ts";
import { doesNotHold, holds, holdsWithinLimits, undecided } from "../verdict.ts";

const percent = (share: number): string => `${Math.round(100 * share)} %`;

interface Numbers {
  lags: readonly number[];
  recall: {
    network: Network;
    lag: number;
    /** Share of right answers after training, by seed; chance is 1/8. */
    accuracies: number[];
    /** Steps until 95 % were right, by seed; null where the budget was not enough. */
    steps: (number | null)[];
  }[];
  training: TrainingSpeed[];
  streaming: StreamCost[];
}

const [enoughRight, lookEvery] = [0.95, 25];
/** How much more of the answers must be right to be ahead. */
const ahead = 0.2;
/** What counts as a constant cost, and as one that grows. */
const [constant, grows] = [1.25, 2];

export const transformer: Experiment<Settings, Numbers> = {
  name: "transformer",
  claim:
    "Attention links any two positions directly, so it recalls over any lag; the price is training that gets " +
    "slower with the length, and streamed steps whose time and memory grow with the context, where a recurrent " +
    "state is constant (Vaswani et al. 2017).",
  criteria:
    `Holds if the Transformer recalls over every lag (at least ${enoughRight * 100} % right, mean over seeds) and over ` +
    "more lags than the LSTM, its training slows down by the length more than the LSTM's, and from the shortest to the " +
    `longest context its streamed step takes at least ${grows} times the time and its state ${grows} times the bytes, ` +
    `while the LSTM's stay within ${constant} times; within limits if at least it is ahead of the LSTM by ${ahead} ` +
    "wherever the LSTM does not recall, or at least the price is as claimed; does not hold if neither; undecided if " +
    "neither network recalls over the shortest lag.",
  settings: {
    quick: {
      hidden: 32,
      layers: 1,
      heads: 2,
      batch: 8,
      steps: 350,
      learningRate: 5e-3,
      lags: [50, 200, 500],
      lengths: [64, 256, 1024],
      tokens: 2048,
      contexts: [16, 128, 1024],
      streamHidden: 64,
    },
    thorough: {
      hidden: 32,
      layers: 1,
      heads: 2,
      batch: 8,
      steps: 600,
      learningRate: 5e-3,
      lags: [50, 200, 500, 1000],
      lengths: [64, 128, 256, 512, 1024, 2048],
      tokens: 4096,
      contexts: [16, 64, 256, 1024, 4096],
      streamHidden: 128,
    },
  },
  timed: true,
  setUp: ({ hidden, layers, heads, batch, steps, learningRate, lags, lengths, tokens, contexts, streamHidden }) =>
    `Delayed recall as in memory-span, lags ${lags.join(", ")}, but asked for at every step from the symbol on, ` +
    `as a language model is: ${layers} layer of ${hidden} units, LSTM or causal Transformer (${heads} heads, ` +
    "rotary positions, all of the " +
    `sequence in sight), Adam at ${learningRate}, at most ${steps} steps of ${batch} sequences; tested at the ` +
    "last step, the symbol first. " +
    `Training is timed on ${tokens} tokens a step in sequences of ${lengths.join(", ")}; a streamed step after ` +
    `contexts of ${contexts.join(", ")} steps, both ${streamHidden} wide. Times are processor time, medians, ` +
    "LSTM and Transformer in turn.",

  *measure(settings, { seeds }: Bench) {
    const { lags } = settings;
    const recall = yield* inTurn(
      pairs(networks, lags),
      function* ([network, lag]) {
        const runs = yield* inTurn(seeds, (seed) => learnRecall(network, lag, settings, seed));
        return {
          network,
          lag,
          accuracies: runs.map(({ accuracy }) => accuracy),
          steps: runs.map(({ steps }) => steps),
        };
      },
      ([network, lag]) => (network === "lstm" ? lag : lag + lag ** 2 / 200),
    );
    const training = yield* turning(timeTraining(settings));
    const streaming = yield* turning(timeStreams(settings));
    return { lags, recall, training, streaming };
  },

  judge({ lags, recall, training, streaming }) {
    const recalled = (network: Network): number[] =>
      recall.filter((one) => one.network === network && mean(one.accuracies) >= enoughRight).map(({ lag }) => lag);
    /** How many times the last is the first. */
    const growth = (values: readonly number[]): number => values.at(-1)! / values[0];
    const stream = (network: Network): Numbers["streaming"] => streaming.filter((one) => one.network === network);
    const time = (network: Network): number => growth(stream(network).map(({ microseconds }) => microseconds));
    const bytes = (network: Network): number => growth(stream(network).map(({ stateBytes }) => stateBytes));
    const slowdown = (network: Network): number =>
      1 / growth(training.filter((one) => one.network === network).map(({ tokensPerSecond }) => tokensPerSecond));
    const shownLags = (network: Network): string => recalled(network).join(", ") || "none";
    const [shortest, longest] = [streaming[0].context, streaming.at(-1)!.context];
    const told =
      `the Transformer recalls over lags of ${shownLags("transformer")}, the LSTM of ${shownLags("lstm")} (of ` +
      `${lags.join(", ")}); from sequences of ${training[0].length} to ${training.at(-1)!.length} steps a ` +
      "trained token costs " +
      `${significant(slowdown("transformer"))} and ${significant(slowdown("lstm"))} times as much; from a ` +
      `context of ${shortest} to one of ${longest} a streamed step takes ${significant(time("transformer"))} and ` +
      `${significant(time("lstm"))} times as long, ` +
      `and the state ${significant(bytes("transformer"))} and ${significant(bytes("lstm"))} times the bytes`;
    const neither = networks.every((network) => !recalled(network).includes(lags[0]));
    if (neither) return undecided(`the budget is too small for either to recall over ${lags[0]} steps: ${told}`);
    const links = recalled("transformer").length === lags.length && recalled("lstm").length < lags.length;
    const accuracy = (network: Network, lag: number): number =>
      mean(recall.find((one) => one.network === network && one.lag === lag)!.accuracies);
    const missed = lags.filter((lag) => !recalled("lstm").includes(lag));
    const leads =
      missed.length > 0 && missed.every((lag) => accuracy("transformer", lag) >= accuracy("lstm", lag) + ahead);
    const price =
      slowdown("transformer") > slowdown("lstm") &&
      time("transformer") >= grows &&
      bytes("transformer") >= grows &&
      time("lstm") <= constant &&
      bytes("lstm") <= constant;
    if (links && price) return holds(told);
    if (links) return holdsWithinLimits(`the recall is as claimed, but the price is not: ${told}`);
    if (leads) {
      const shares = missed.map((lag) => `${percent(accuracy("transformer", lag))} over ${lag}`).join(", ");
      return holdsWithinLimits(
        `wherever the LSTM does not recall the Transformer is far ahead (right ${shares}), but not at ` +
          `${enoughRight * 100} % over every lag within the budget${price ? "" : ", and the price is not as claimed"}: ${told}`,
      );
    }
    if (price) return holdsWithinLimits(`the price is as claimed, but the recall is not, within the budget: ${told}`);
    return doesNotHold(told);
  },

  tables: ({ recall, training, streaming }) => [
    {
      caption: "Delayed recall: share of right answers (chance 0.125) and steps until 95 % were right, by seed",
      columns: ["network", "lag", "right, mean", "right, seeds", "steps needed, seeds"],
      rows: recall.map(({ network, lag, accuracies, steps }) => [
        cellName(network),
        String(lag),
        mean(accuracies).toFixed(3),
        accuracies.map((one) => one.toFixed(3)).join(", "),
        steps.map((one) => (one === null ? "not reached" : String(one))).join(", "),
      ]),
    },
    {
      caption: "Training: tokens a second of processor time",
      columns: ["length of the sequences", ...networks.map(cellName)],
      rows: [...new Set(training.map(({ length }) => length))].map((length) => [
        String(length),
        ...networks.map((network) =>
          count(training.find((one) => one.network === network && one.length === length)!.tokensPerSecond),
        ),
      ]),
    },
    {
      caption: "Streaming: processor time of a step, and the state's size",
      columns: ["context", "LSTM, us", "Transformer, us", "LSTM, kB", "Transformer, kB"],
      rows: [...new Set(streaming.map(({ context }) => context))].map((context) => {
        const of = (network: Network): Numbers["streaming"][number] =>
          streaming.find((one) => one.network === network && one.context === context)!;
        return [
          String(context),
          ...networks.map((network) => significant(of(network).microseconds)),
          ...networks.map((network) => significant(of(network).stateBytes / 1000)),
        ];
      }),
    },
  ],

  figures: ({ recall, training, streaming }) => [
    {
      name: "recall",
      caption: "Recall by lag",
      draw: () =>
        lineChart({
          title: "Recall: attention and a recurrent state",
          subtitle: "Share of right answers within the same budget; mean and range over seeds",
          x: "lag, steps",
          y: "share right",
          logX: true,
          levels: [{ y: 1 / recallSymbols, name: "chance" }],
          lines: networks.map((network) => ({
            name: cellName(network),
            points: recall
              .filter((one) => one.network === network)
              .map(({ lag, accuracies }) => ({
                x: lag,
                y: mean(accuracies),
                low: Math.min(...accuracies),
                high: Math.max(...accuracies),
              })),
          })),
        }),
    },
    {
      name: "training",
      caption: "Training speed by length",
      draw: () =>
        lineChart({
          title: "Training speed by length",
          subtitle: "Tokens a second of processor time, as many tokens in every step",
          x: "length of the sequences",
          y: "tokens a second",
          logX: true,
          logY: true,
          lines: networks.map((network) => ({
            name: cellName(network),
            points: training
              .filter((one) => one.network === network)
              .map(({ length, tokensPerSecond }) => ({ x: length, y: tokensPerSecond })),
          })),
        }),
    },
    {
      name: "streaming",
      caption: "Time of a streamed step by context",
      draw: () =>
        lineChart({
          title: "What a streamed step costs",
          subtitle: "Microseconds of processor time after so many steps of context",
          x: "context, steps",
          y: "microseconds",
          logX: true,
          lines: networks.map((network) => ({
            name: cellName(network),
            points: streaming
              .filter((one) => one.network === network)
              .map(({ context, microseconds }) => ({ x: context, y: microseconds })),
          })),
        }),
    },
  ],
};

/** Scores of the symbols after the last token, [B, 16]. */
function lastScores(model: LanguageModel, { ids, answers }: RecallBatch): Tensor {
  const batch = answers.length;
  const { logits } = model.forward(tensor(ids, [ids.length / batch, batch], { dtype: "int32" }));
  return reshape(slice(logits, { start: -1 }), [batch, vocabularySize]);
}

/** The mean surprisal of the symbol over all steps from its own on. */
function recallLoss(model: LanguageModel, { ids, answers, places }: RecallBatch): Tensor {
  const batch = answers.length;
  const targets = Int32Array.from(ids, (_, i) => {
    const row = i % batch;
    return Math.floor(i / batch) < places[row] ? ignoredTarget : answers[row];
  });
  const { logits } = model.forward(tensor(ids, [ids.length / batch, batch], { dtype: "int32" }));
  return crossEntropy(logits, targets, { ignoreIndex: ignoredTarget });
}

function* learnRecall(
  network: Network,
  lag: number,
  settings: Settings,
  seed: number,
): Generator<number, { accuracy: number; steps: number | null }> {
  const { hidden, batch, steps, learningRate } = settings;
  engine.setSeed(seed);
  const model = makeModel(network, settings, { hidden, positions: lag + 1 });
  const random = new Random(randomKey(seed, "lab", "transformer"));
  let accuracy = 0;
  const { enoughAfter } = yield* train({
    parameters: model.parameters(),
    steps,
    optimizer: learningRate,
    loss: () => recallLoss(model, recallBatch(lag, batch, random, "anywhere")),
    enough: {
      every: lookEvery,
      reached: () => {
        accuracy = recallAccuracy((examples) => lastScores(model, examples), lag, seed, 64);
        return accuracy >= enoughRight;
      },
    },
  });
  return { accuracy, steps: enoughAfter };
}
