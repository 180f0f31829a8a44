import { Adam, clipGradNorm, crossEntropy, engine, LanguageModel, tensor, TextWindows } from "@hiddenstate/core";
import { cellName } from "../../cell-name.ts";
import { significant } from "../../format.ts";
import { lineChart } from "../../pictures/line-chart.ts";
import { mean, median } from "../../statistics.ts";
import type { Bench, Experiment } from "../experiment.ts";
import { frequencyLoss, lossOnText, trainOnText } from "../language-trial.ts";
import { inTurn, pairs } from "../shares.ts";
import type { LabText } from "../text/lab-text.ts";
import { doesNotHold, holds, holdsWithinLimits, undecided } from "../verdict.ts";

interface Settings {
  hidden: number;
  batch: number;
  window: number;
  learningRate: number;
  /** Steps on all of the text, and on a small part of it. */
  steps: number;
  smallSteps: number;
  smallText: number;
  heldOut: number;
  /** Looks at the held-out loss in a training. */
  looks: number;
  /** Blocks of ten training steps that are timed, of each cell in turn. */
  timedBlocks: number;
}

const cells = ["lstm", "gru"] as const;
type Cell = (typeof cells)[number];
const sizes = ["all of the text", "a small text"] as const;
type Size = (typeof sizes)[number];

interface Numbers {
  /** Of the recurrent layer. */
  parameters: Record<Cell, number>;
  /** Processor time of a training step, the median of the blocks, in milliseconds. */
  milliseconds: Record<Cell, number>;
  /** Held-out loss in nats of who knows the frequencies only. */
  frequencyLoss: number;
  runs: {
    cell: Cell;
    size: Size;
    /** Best held-out loss in nats a character, by seed. */
    best: number[];
    /** The mean over seeds after each look. */
    course: { step: number; loss: number }[];
  }[];
}

/** What is meant by 25 % fewer, faster, about as well, and by having learned something. */
const [fewest, most, faster, asWell, learned] = [0.7, 0.8, 0.95, 1.02, 0.8];

export const gruCost: Experiment<Settings, Numbers> = {
  name: "gru-cost",
  claim:
    "A GRU has about 25 % fewer parameters than an LSTM of the same width, trains faster, and does about as " +
    "well; on small data it may do better (Cho et al. 2014; Chung et al. 2014).",
  criteria:
    `Holds if the recurrent layer has ${fewest} to ${most} of the parameters, a training step takes at most ` +
    `${faster} of the processor time, and the best held-out loss on all of the text is at most ${asWell} of the ` +
    "LSTM's; " +
    "within limits if it has fewer parameters, but only one of the other two is so; does not hold if neither; " +
    "undecided if neither cell's held-out loss gets below " +
    `${learned} of what the characters' frequencies alone tell. Whether it is better on small data is told beside it.`,
  settings: {
    quick: {
      hidden: 64,
      batch: 16,
      window: 64,
      learningRate: 3e-3,
      steps: 500,
      smallSteps: 300,
      smallText: 20_000,
      heldOut: 10_000,
      looks: 6,
      timedBlocks: 15,
    },
    thorough: {
      hidden: 96,
      batch: 16,
      window: 64,
      learningRate: 3e-3,
      steps: 600,
      smallSteps: 300,
      smallText: 20_000,
      heldOut: 20_000,
      looks: 6,
      timedBlocks: 25,
    },
  },
  timed: true,
  setUp: ({ hidden, batch, window, learningRate, steps, smallSteps, smallText, heldOut, looks, timedBlocks }) =>
    `Character models with one layer of ${hidden} units, windows of ${window} characters, ${batch} rows, Adam at ` +
    `${learningRate}: ${steps} steps on all of the training text, and ${smallSteps} on its first ${smallText} ` +
    "characters. " +
    `The held-out loss on ${heldOut} characters is looked at ${looks} times, and the best counts. Time: ` +
    `processor time of whole training steps, LSTM and GRU in turn, the medians of ${timedBlocks} blocks of ten.`,

  *measure(settings, { seeds, text }: Bench) {
    const milliseconds = yield* timeSteps(settings, text);
    const steps = (size: Size): number => (size === "a small text" ? settings.smallSteps : settings.steps);
    const runs = yield* inTurn(
      pairs(sizes, cells),
      function* ([size, cell]) {
        const courses = yield* inTurn(seeds, (seed) => courseOf(cell, size, settings, text, seed));
        return {
          cell,
          size,
          best: courses.map((course) => Math.min(...course.map(({ loss }) => loss))),
          course: courses[0].map(({ step }, i) => ({ step, loss: mean(courses.map((course) => course[i].loss)) })),
        };
      },
      ([size]) => steps(size),
    );
    const parameters = { lstm: recurrentParameters("lstm", settings), gru: recurrentParameters("gru", settings) };
    const known = frequencyLoss(text.heldOut.subarray(0, settings.heldOut));
    return { parameters, milliseconds, frequencyLoss: known, runs };
  },

  judge(numbers) {
    const { parameters, milliseconds, runs } = numbers;
    const best = (cell: Cell, size: Size): number[] => runs.find((run) => run.cell === cell && run.size === size)!.best;
    const loss = (cell: Cell, size: Size): number => mean(best(cell, size));
    const fewer = parameters.gru / parameters.lstm;
    const time = milliseconds.gru / milliseconds.lstm;
    const quality = loss("gru", sizes[0]) / loss("lstm", sizes[0]);
    const wins = best("gru", sizes[1]).filter((value, i) => value < best("lstm", sizes[1])[i]).length;
    const small =
      `on the small text the GRU is better for ${wins} of ${best("gru", sizes[1]).length} seeds ` +
      `(${significant(loss("gru", sizes[1]))} against ${significant(loss("lstm", sizes[1]))} nats)`;
    const told =
      `${significant(fewer)} of the parameters, ${significant(time)} of the time of a step, held-out ` +
      `loss ${significant(loss("gru", sizes[0]))} against ${significant(loss("lstm", sizes[0]))} nats; ${small}`;
    if (Math.min(loss("gru", sizes[0]), loss("lstm", sizes[0])) > learned * numbers.frequencyLoss) {
      return undecided(`the budget is too small to learn much of the text: ${told}`);
    }
    const met = [time <= faster, quality <= asWell];
    if (!(fewer >= fewest && fewer <= most) || met.every((one) => !one)) return doesNotHold(told);
    if (met.every((one) => one)) return holds(told);
    return holdsWithinLimits(
      `${met[0] ? "it is faster, but does not do as well" : "it does as well, but is not faster"}: ${told}`,
    );
  },

  tables: ({ parameters, milliseconds, frequencyLoss: known, runs }) => [
    {
      caption: "Cost of the recurrent layer and of a training step",
      columns: ["cell", "parameters", "processor time of a step, ms"],
      rows: cells.map((cell) => [cellName(cell), String(parameters[cell]), significant(milliseconds[cell])]),
    },
    {
      caption:
        `Best held-out loss, nats a character (frequencies alone: ${significant(known)}): mean over ` +
        "seeds, and each seed",
      columns: ["learned from", "cell", "mean", "seeds"],
      rows: runs.map(({ cell, size, best }) => [
        size,
        cellName(cell),
        mean(best).toFixed(4),
        best.map((loss) => loss.toFixed(4)).join(", "),
      ]),
    },
  ],

  figures: ({ runs }) => [
    {
      name: "learning",
      caption: "Held-out loss of LSTM and GRU by training step",
      draw: () =>
        lineChart({
          title: "LSTM and GRU of the same width",
          subtitle: "Held-out loss, mean over seeds; dashed: learning from the small text",
          x: "step",
          y: "nats a character",
          lines: runs.map(({ cell, size, course }) => ({
            name: size === "a small text" ? `${cellName(cell)}, a small text` : cellName(cell),
            ...(size === "a small text" && { colorOf: cellName(cell), dashed: true }),
            points: course.map(({ step, loss }) => ({ x: step, y: loss })),
          })),
        }),
    },
  ],
};

function makeModel(cell: Cell, { hidden }: Settings, text: LabText): LanguageModel {
  const vocabularySize = text.tokenizer.size;
  return new LanguageModel({ vocabularySize, cell, hidden, layers: 1, dropout: 0, name: "lab.gru-cost" });
}

/** Those of one layer, its input as wide as its state. */
const recurrentParameters = (cell: Cell, { hidden }: Settings): number =>
  (cell === "lstm" ? 4 : 3) * (2 * hidden * hidden + 2 * hidden);

/** The held-out loss after each look, in one training. */
function* courseOf(
  cell: Cell,
  size: Size,
  settings: Settings,
  text: LabText,
  seed: number,
): Generator<number, { step: number; loss: number }[]> {
  const small = size === "a small text";
  const steps = small ? settings.smallSteps : settings.steps;
  const heldOut = text.heldOut.subarray(0, settings.heldOut);
  engine.setSeed(seed);
  const model = makeModel(cell, settings, text);
  const course: { step: number; loss: number }[] = [];
  yield* trainOnText({
    model,
    text: small ? text.training.subarray(0, settings.smallText) : text.training,
    batch: settings.batch,
    window: settings.window,
    steps,
    optimizer: settings.learningRate,
    watch: {
      every: Math.floor(steps / settings.looks),
      look: (step) => course.push({ step, loss: lossOnText(model, heldOut) }),
    },
  });
  return course;
}

/** The processor time of a training step of each cell: blocks in turn, so that whatever else the machine does meets both. */
function* timeSteps(settings: Settings, text: LabText): Generator<number, Record<Cell, number>> {
  const { batch, window, timedBlocks } = settings;
  const windows = new TextWindows(text.training, { batch, bptt: window });
  const { inputs, targets } = windows.at(0);
  const trainers = cells.map((cell) => {
    const model = makeModel(cell, settings, text);
    const parameters = model.parameters();
    const adam = new Adam(parameters);
    return (): void =>
      engine.scope(() => {
        adam.zeroGrad();
        const ids = tensor(inputs, [inputs.length / windows.batch, windows.batch], { dtype: "int32" });
        crossEntropy(model.forward(ids).logits, targets).backward();
        clipGradNorm(parameters, 1);
        adam.step();
      });
  });
  const blocks: number[][] = cells.map(() => []);
  for (let block = -1; block < timedBlocks; block++) {
    for (const [i, step] of trainers.entries()) {
      const before = process.cpuUsage();
      for (let repeat = 0; repeat < 10; repeat++) step();
      const { user, system } = process.cpuUsage(before);
      // The first block warms up.
      if (block >= 0) blocks[i].push((user + system) / 1e4);
    }
    yield 0;
  }
  return { lstm: median(blocks[0]), gru: median(blocks[1]) };
}
