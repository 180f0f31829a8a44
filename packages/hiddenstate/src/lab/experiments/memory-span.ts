import {
  crossEntropy,
  engine,
  meanSquaredError,
  type Module,
  Random,
  randomKey,
  type Tensor,
  tensor,
} from "@hiddenstate/core";
import { cellName } from "../../cell-name.ts";
import { lineChart } from "../../pictures/line-chart.ts";
import { median } from "../../statistics.ts";
import type { Bench, Experiment } from "../experiment.ts";
import type { RecurrentCell } from "../networks.ts";
import { inTurn, pairs } from "../shares.ts";
import { addingBaseline, addingBatch, addingError, AddingModel } from "../tasks/adding.ts";
import { recallAccuracy, recallBatch, RecallModel } from "../tasks/recall.ts";
import { train } from "../training.ts";
import { doesNotHold, holds, holdsWithinLimits, undecided } from "../verdict.ts";

interface Settings {
  hidden: number;
  batch: number;
  /** Most steps for each lag. */
  steps: number;
  learningRate: number;
  lags: readonly number[];
}

interface Contender {
  cell: RecurrentCell;
  init: "default" | "pytorch";
}

type TaskName = "delayed recall" | "adding problem";

/** What one network reached on one task, by seed. */
interface Span {
  task: TaskName;
  contender: string;
  /** The longest lag learned, 0 if none was. */
  longest: number[];
}

interface Numbers {
  lags: readonly number[];
  spans: Span[];
}

const textbookRnn = "RNN, uniform start";

const contenders: Readonly<Record<string, Contender>> = {
  [textbookRnn]: { cell: "rnn", init: "pytorch" },
  "RNN, orthogonal start": { cell: "rnn", init: "default" },
  [cellName("lstm")]: { cell: "lstm", init: "default" },
  [cellName("gru")]: { cell: "gru", init: "default" },
};

const taskNames: readonly TaskName[] = ["delayed recall", "adding problem"];

/** Steps between two looks at whether the lag is learned. */
const lookEvery = 25;

/** The share of right answers, and the share of the baseline's squared error, at which a lag counts as learned. */
const [enoughRight, littleError] = [0.95, 0.1];

/** At most this far, the claim says, an RNN remembers; and at least this far gated cells. */
const [rnnReach, gatedReach] = [20, 200];

export const memorySpan: Experiment<Settings, Numbers> = {
  name: "memory-span",
  claim:
    "Vanilla RNNs fail to learn dependencies beyond 10 to 20 steps; LSTMs and GRUs reach hundreds (Hochreiter & " +
    "Schmidhuber 1997).",
  criteria:
    `Holds if on both tasks the RNN with the uniform start learns at most ${rnnReach} steps, and LSTM and GRU at ` +
    `least ${gatedReach} (medians over seeds); ` +
    "within limits if on each task LSTM or GRU reaches at least twice as far as that RNN; does not hold if on " +
    "some task neither does; undecided if neither LSTM nor GRU " +
    "learned more than the shortest lag on some task.",
  settings: {
    quick: { hidden: 32, batch: 16, steps: 500, learningRate: 5e-3, lags: [5, 10, 20, 50, 100, 200] },
    thorough: { hidden: 32, batch: 32, steps: 2000, learningRate: 5e-3, lags: [5, 10, 20, 50, 100, 200, 400] },
  },
  setUp: ({ hidden, batch, steps, learningRate, lags }) =>
    "Delayed recall: name the one of 8 symbols that stands anywhere among lag tokens that say nothing; tested " +
    "with the symbol first. Adding problem: sum of the two marked numbers of a sequence " +
    `as long as the lag. One layer of ${hidden} units, Adam at ${learningRate}, clipped at 1, ${batch} sequences ` +
    `a step, at most ${steps} steps for every cell and lag ` +
    `(${lags.join(", ")}). A lag is learned when ${enoughRight * 100} % of 128 fresh sequences are right, or ` +
    "their squared error is below a tenth of the " +
    "baseline's. Two lags in a row that were not learned end a climb. The RNN starts once as in textbooks " +
    "(uniform, as PyTorch does) and once with orthogonal " +
    "recurrent weights, as LSTM and GRU do here.",

  *measure(settings, { seeds }: Bench) {
    const lines = pairs(taskNames, Object.keys(contenders));
    const spans = yield* inTurn(lines, function* ([task, contender]) {
      const longest = yield* inTurn(seeds, (seed) => climb(task, contenders[contender], settings, seed));
      return { task, contender, longest };
    });
    return { lags: settings.lags, spans };
  },

  judge({ spans, lags }) {
    const reach = (task: TaskName, contender: string): number =>
      median(spans.find((span) => span.task === task && span.contender === contender)!.longest);
    const found = taskNames.map((task) => ({
      task,
      rnn: reach(task, textbookRnn),
      gated: [reach(task, cellName("lstm")), reach(task, cellName("gru"))] as const,
    }));
    const told = found
      .map(({ task, rnn, gated }) => `${task}: RNN ${rnn}, LSTM ${gated[0]}, GRU ${gated[1]} steps`)
      .join("; ");
    if (found.some(({ gated }) => Math.max(...gated) <= lags[0])) {
      return undecided(`the budget is too small for the gated cells too (${told})`);
    }
    if (found.every(({ rnn, gated }) => rnn <= rnnReach && Math.min(...gated) >= gatedReach)) return holds(told);
    if (found.every(({ rnn, gated }) => Math.max(...gated) >= 2 * rnn)) {
      return holdsWithinLimits(
        "gated cells reach at least twice as far as the RNN with the uniform start, but not both numbers of the " +
          `claim are met: ${told}`,
      );
    }
    return doesNotHold(`the RNN reaches more than half as far as the gated cells: ${told}`);
  },

  tables: ({ spans }) => [
    {
      caption: "Longest lag learned, in steps: median over seeds, and each seed",
      columns: ["task", "network", "median", "seeds"],
      rows: spans.map(({ task, contender, longest }) => [task, contender, String(median(longest)), longest.join(", ")]),
    },
  ],

  figures: ({ spans, lags }) =>
    taskNames.map((task) => ({
      name: task.replace(" ", "-"),
      caption: `How many seeds learned each lag of the ${task}`,
      draw: () =>
        lineChart({
          title: `${task[0].toUpperCase()}${task.slice(1)}: who learns which lag`,
          subtitle: "Share of the seeds that learned a lag or a longer one within the budget",
          x: "lag, steps",
          y: "share of seeds",
          logX: true,
          lines: spans
            .filter((span) => span.task === task)
            .map(({ contender, longest }) => ({
              name: contender,
              points: lags.map((lag) => ({ x: lag, y: longest.filter((one) => one >= lag).length / longest.length })),
            })),
        }),
    })),
};

/** Tries longer and longer lags, each from a new start. */
function* climb(task: TaskName, contender: Contender, settings: Settings, seed: number): Generator<number, number> {
  const { lags } = settings;
  const whole = lags.reduce((total, lag) => total + lag, 0);
  let [longest, failures, before] = [0, 0, 0];
  for (const lag of lags) {
    const running = learns(task, lag, contender, settings, seed);
    let next = running.next();
    for (; !next.done; next = running.next()) yield (before + next.value * lag) / whole;
    if (next.value) longest = lag;
    failures = next.value ? 0 : failures + 1;
    if (failures === 2) break;
    before += lag;
  }
  return longest;
}

/** One lag of a task: a new model, its loss on fresh sequences, and whether it has learned the lag. */
interface Lesson {
  model: Module;
  loss: () => Tensor;
  learned: () => boolean;
}

type MakeLesson = (lag: number, contender: Contender, settings: Settings, seed: number) => Lesson;

const lessons: Readonly<Record<TaskName, MakeLesson>> = {
  "delayed recall": (lag, { cell, init }, { hidden, batch }, seed) => {
    const model = new RecallModel(cell, hidden, init);
    const random = new Random(randomKey(seed, "lab", "recall"));
    return {
      model,
      loss: () => {
        const examples = recallBatch(lag, batch, random, "anywhere");
        return crossEntropy(model.forward(examples), examples.answers);
      },
      learned: () => recallAccuracy((examples) => model.forward(examples), lag, seed) >= enoughRight,
    };
  },
  "adding problem": (lag, { cell, init }, { hidden, batch }, seed) => {
    const model = new AddingModel(cell, hidden, init);
    const random = new Random(randomKey(seed, "lab", "adding"));
    return {
      model,
      loss: () => {
        const examples = addingBatch(lag, batch, random);
        return meanSquaredError(model.forward(examples), tensor(examples.sums, [1, batch, 1]));
      },
      learned: () => addingError(model, lag, seed) <= littleError * addingBaseline,
    };
  },
};

/** Trains until the lag is learned, or the budget is spent. */
function* learns(
  task: TaskName,
  lag: number,
  contender: Contender,
  settings: Settings,
  seed: number,
): Generator<number, boolean> {
  engine.setSeed(seed);
  const { model, loss, learned } = lessons[task](lag, contender, settings, seed);
  const { enoughAfter } = yield* train({
    parameters: model.parameters(),
    steps: settings.steps,
    optimizer: settings.learningRate,
    loss,
    enough: { every: lookEvery, reached: learned },
  });
  return enoughAfter !== null;
}
