import { significant } from "../../format.ts";
import { lineChart } from "../../pictures/line-chart.ts";
import { mean } from "../../statistics.ts";
import type { Bench, Experiment } from "../experiment.ts";
import { inTurn, pairs } from "../shares.ts";
import { continuesFed, type FedSeriesSettings } from "../tasks/fed-series.ts";
import { type FedTextSettings, unknownInReality, writesFed } from "../tasks/fed-text.ts";
import { type Feeding, feedings } from "../tasks/feeding.ts";
import { wordsOf } from "../text/known-words.ts";
import { doesNotHold, holds, holdsWithinLimits, undecided } from "../verdict.ts";

interface Settings {
  text: FedTextSettings;
  series: FedSeriesSettings;
}

const tasks = ["text", "series"] as const;
type Task = (typeof tasks)[number];

interface Numbers {
  /** Share of unknown words in the real text: what a model that writes perfectly would reach. */
  real: number;
  runs: {
    task: Task;
    feeding: Feeding;
    /** The error with the truth fed, by seed: nats a character, or squared error over variance. */
    withTruth: number[];
    /** The error on own outputs by thirds of what is made, the mean over seeds: share of unknown words, or squared error over variance. */
    thirds: number[];
    /** That of the last third, by seed. */
    lastThird: number[];
  }[];
}

/** What counts as faster, as a drift (the last third's error over the first's), and as a gap that is narrower. */
const [faster, drift, narrower] = [0.98, 1.2, 0.8];
/** An error of the first third with which nothing can be told: most words unknown, or no better than the mean. */
const hopeless = 0.7;

export const exposureBias: Experiment<Settings, Numbers> = {
  name: "exposure-bias",
  claim:
    "Teacher forcing trains fast, but a model that only ever saw the truth drifts when it feeds on its own " +
    "output; scheduled sampling narrows the gap (Bengio et al. 2015; Ranzato et al. 2016).",
  criteria:
    `On a task all of it is so if teacher forcing's error with the truth fed is at most ${faster} of that of ` +
    "training on own outputs only, its error on own outputs is in the last third of what it makes at least " +
    `${drift} times that in the first, and ` +
    `scheduled sampling's error in the last third (above that of the real text) is at most ${narrower} of its. ` +
    "Holds if all of it is so on text and on series; within limits if on one of them, or if at least training " +
    "fast and one of the others is; does not " +
    `hold otherwise; undecided if on both tasks teacher forcing's error on own outputs is above ${hopeless} from ` +
    "the start.",
  settings: {
    quick: {
      text: {
        hidden: 64,
        batch: 16,
        window: 32,
        steps: 250,
        learningRate: 5e-3,
        heldOut: 5_000,
        texts: 32,
        prompt: 40,
        length: 300,
      },
      series: { hidden: 32, batch: 16, steps: 250, learningRate: 5e-3, prompt: 30, length: 45, tested: 64 },
    },
    thorough: {
      text: {
        hidden: 96,
        batch: 16,
        window: 32,
        steps: 500,
        learningRate: 3e-3,
        heldOut: 20_000,
        texts: 64,
        prompt: 50,
        length: 450,
      },
      series: { hidden: 32, batch: 32, steps: 400, learningRate: 5e-3, prompt: 30, length: 60, tested: 128 },
    },
  },
  setUp: ({ text, series }) =>
    "Inputs in training are the truth (teacher forcing), the model's own outputs with a probability that rises " +
    "linearly from 0 to 0.5 (scheduled sampling), or own outputs only; own outputs are not differentiated. Text: " +
    "character LSTMs of one layer of " +
    `${text.hidden} units, windows of ${text.window} characters, ${text.batch} rows, Adam at ` +
    `${text.learningRate}, ${text.steps} steps; they go on from ${text.texts} held-out beginnings of ` +
    `${text.prompt} characters for ${text.length}, drawing at temperature 1, and the share of ` +
    "words that are not in the training text is their error. Series: sums of two sines of random periods and " +
    `phases, LSTMs of ${series.hidden} units that foretell the next value, Adam at ${series.learningRate}, ` +
    `${series.steps} steps of ${series.batch} series; after ` +
    `${series.prompt} true values they go on for ${series.length} on their own, and the squared error over the ` +
    "series' variance is theirs.",

  *measure(settings, { seeds, text }: Bench) {
    const known = wordsOf(text.tokenizer.decode(text.training));
    const runs = yield* inTurn(
      pairs(tasks, feedings),
      function* ([task, feeding]) {
        const found = yield* inTurn(seeds, (seed) =>
          task === "text"
            ? writesFed(feeding, settings.text, text, known, seed)
            : continuesFed(feeding, settings.series, seed),
        );
        return {
          task,
          feeding,
          withTruth: found.map((run) => run.withTruth),
          thirds: [0, 1, 2].map((third) => mean(found.map((run) => run.thirds[third]))),
          lastThird: found.map((run) => run.thirds[2]),
        };
      },
      ([task, feeding]) => (task === "text" && feeding === "teacher forcing" ? 1 : 2),
    );
    return { real: unknownInReality(settings.text, text, known), runs };
  },

  judge({ real, runs }) {
    const found = tasks.map((task) => {
      const [forced, scheduled, own] = feedings.map((feeding) =>
        runs.find((one) => one.task === task && one.feeding === feeding)!,
      );
      const floor = task === "text" ? real : 0;
      return {
        task,
        fast: mean(forced.withTruth) <= faster * mean(own.withTruth),
        drifts: forced.thirds[2] >= drift * forced.thirds[0],
        narrows: scheduled.thirds[2] - floor <= narrower * (forced.thirds[2] - floor),
        start: forced.thirds[0],
        told:
          `${task}: error with the truth fed ${significant(mean(forced.withTruth))} by teacher forcing, ` +
          `${significant(mean(scheduled.withTruth))} by scheduled sampling and ` +
          `${significant(mean(own.withTruth))} on own outputs; ` +
          `on own outputs teacher forcing errs by ${significant(forced.thirds[0])} in the first third and ` +
          `${significant(forced.thirds[2])} in the last, scheduled sampling by ` +
          `${significant(scheduled.thirds[0])} and ${significant(scheduled.thirds[2])}`,
      };
    });
    const told = found.map((one) => one.told).join("; ");
    const whole = found.filter(({ fast, drifts, narrows }) => fast && drifts && narrows).map(({ task }) => task);
    if (found.every(({ start }) => start > hopeless)) return undecided(`the budget is too small: ${told}`);
    if (whole.length === tasks.length) return holds(told);
    if (whole.length > 0) return holdsWithinLimits(`all of it on ${whole.join(" and ")} only: ${told}`);
    const partly = found.filter(({ fast, drifts, narrows }) => fast && (drifts || narrows));
    if (partly.length === 0) return doesNotHold(told);
    const which = partly.map(
      ({ task, drifts }) =>
        `on ${task} it ` +
        (drifts ? "drifts, but scheduled sampling does not help" : "does not drift, but scheduled sampling helps"),
    );
    return holdsWithinLimits(`${which.join("; ")}: ${told}`);
  },

  tables: ({ real, runs }) => [
    {
      caption:
        "Text: held-out loss with the truth fed (nats a character), and the share of unknown words in " +
        `what is written (real text: ${significant(100 * real)} %)`,
      columns: ["inputs in training", "loss", "loss, seeds", "first third", "second", "last", "last, seeds"],
      rows: rowsOf(runs, "text", (share) => `${(100 * share).toFixed(1)} %`),
    },
    {
      caption: "Series: squared error over variance, with the truth fed and on own outputs",
      columns: ["inputs in training", "truth fed", "truth fed, seeds", "first third", "second", "last", "last, seeds"],
      rows: rowsOf(runs, "series", significant),
    },
  ],

  figures: ({ real, runs }) =>
    tasks.map((task) => ({
      name: task,
      caption: `Error on own outputs along what is made, ${task}`,
      draw: () =>
        lineChart({
          title: `Feeding on oneself: ${task}`,
          subtitle:
            `${task === "text" ? "Share of the written words that do not occur in the training text" : "Squared error over the variance of the series"}, ` +
            "in each third of what is made; mean over seeds",
          x: "of what is made, %",
          y: "error",
          levels: task === "text" ? [{ y: real, name: "real text" }] : [],
          lines: runs
            .filter((run) => run.task === task)
            .map(({ feeding, thirds }) => ({
              name: feeding,
              points: thirds.map((y, i) => ({ x: (100 * (2 * i + 1)) / 6, y })),
            })),
        }),
    })),
};

function rowsOf(runs: Numbers["runs"], task: Task, shown: (error: number) => string): string[][] {
  return runs
    .filter((run) => run.task === task)
    .map(({ feeding, withTruth, thirds, lastThird }) => [
      feeding,
      significant(mean(withTruth)),
      withTruth.map(significant).join(", "),
      ...thirds.map(shown),
      lastThird.map(shown).join(", "),
    ]);
}
