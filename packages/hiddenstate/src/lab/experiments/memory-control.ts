import { crossEntropy, engine, Random, randomKey } from "@hiddenstate/core";
import { cellName } from "../../cell-name.ts";
import { lineChart } from "../../pictures/line-chart.ts";
import { median } from "../../statistics.ts";
import type { Bench, Experiment } from "../experiment.ts";
import type { RecurrentCell } from "../networks.ts";
import { inTurn } from "../shares.ts";
import { countingExamples, countingTokens, countsTo } from "../tasks/counting.ts";
import { Labeller } from "../tasks/labeller.ts";
import { train } from "../training.ts";
import { doesNotHold, holds, holdsWithinLimits, undecided } from "../verdict.ts";

interface Settings {
  hidden: number;
  batch: number;
  steps: number;
  learningRate: number;
  /** The largest count in training, and the largest that is tried. */
  trained: number;
  tried: number;
}

interface Numbers {
  trained: number;
  tried: number;
  /** The largest count up to which all words are right, by cell and seed. */
  reaches: { cell: RecurrentCell; counts: number[] }[];
}

const cells: readonly RecurrentCell[] = ["lstm", "gru", "rnn"];

/** How many times as far as trained, and as the other cells, an LSTM that counts must reach. */
const further = 1.5;

export const memoryControl: Experiment<Settings, Numbers> = {
  name: "memory-control",
  claim:
    "The LSTM's separate cell suits fine control of memory: it can count, so it goes on with a^n b^n beyond the " +
    "lengths it was trained on, further than a GRU or an RNN (Gers & " +
    "Schmidhuber 2001; Weiss, Goldberg & Yahav 2018).",
  criteria:
    `Holds if the LSTM is right up to at least ${further} times the trained count, and ${further} times as far ` +
    "as GRU and RNN (medians over seeds); within limits if it reaches further than " +
    "both, but not so far; does not hold if GRU or RNN reach as far; undecided if no cell is right on the " +
    "lengths of the training.",
  settings: {
    quick: { hidden: 12, batch: 32, steps: 1000, learningRate: 0.01, trained: 20, tried: 100 },
    thorough: { hidden: 12, batch: 32, steps: 1600, learningRate: 0.01, trained: 20, tried: 200 },
  },
  setUp: ({ hidden, batch, steps, learningRate, trained, tried }) =>
    `Next-token models of words a^n b^n with n from 1 to ${trained}; one layer of ${hidden} units, Adam at ` +
    `${learningRate}, ${steps} steps of ${batch} words. Tried are all n up to ${tried}: a word is right if ` +
    "from the first b on every next token is, the end too. Counted is the largest n up to which all words are right.",

  *measure(settings, { seeds }: Bench) {
    const { trained, tried } = settings;
    const reaches = yield* inTurn(cells, function* (cell) {
      const counts = yield* inTurn(seeds, (seed) => reachOf(cell, settings, seed));
      return { cell, counts };
    });
    return { trained, tried, reaches };
  },

  judge({ trained, tried, reaches }) {
    const reach = (cell: RecurrentCell): number => median(reaches.find((one) => one.cell === cell)!.counts);
    const [lstm, gru, rnn] = cells.map(reach);
    const told =
      `trained to ${trained}, the LSTM counts to ${lstm}${lstm === tried ? " and maybe more" : ""}, ` +
      `the GRU to ${gru}, the RNN to ${rnn}`;
    if (Math.max(lstm, gru, rnn) < trained)
      return undecided(`no cell learned all the lengths of the training: ${told}`);
    if (lstm <= Math.max(gru, rnn)) return doesNotHold(told);
    if (lstm >= further * trained && lstm >= further * Math.max(gru, rnn)) return holds(told);
    return holdsWithinLimits(`the LSTM reaches further than the others, but not ${further} times as far: ${told}`);
  },

  tables: ({ trained, reaches }) => [
    {
      caption:
        `Largest n up to which all a^n b^n are right (training went to ${trained}): median over seeds, ` +
        "and each seed",
      columns: ["cell", "median", "seeds"],
      rows: reaches.map(({ cell, counts }) => [cellName(cell), String(median(counts)), counts.join(", ")]),
    },
  ],

  figures: ({ trained, tried, reaches }) => [
    {
      name: "reach",
      caption: "How far each cell counts",
      draw: () =>
        lineChart({
          title: "Counting: how far a^n b^n is right",
          subtitle: `Share of the seeds that are right on all words up to n; training went to n = ${trained}`,
          x: "n",
          y: "share of seeds",
          lines: reaches.map(({ cell, counts }) => ({
            name: cellName(cell),
            // A little further than anybody reaches.
            points: Array.from(
              { length: Math.min(tried, 10 + Math.max(...reaches.flatMap((one) => one.counts))) },
              (_, i) => ({
                x: i + 1,
                y: counts.filter((one) => one > i).length / counts.length,
              }),
            ),
          })),
        }),
    },
  ],
};

function* reachOf(cell: RecurrentCell, settings: Settings, seed: number): Generator<number, number> {
  const { hidden, batch, steps, learningRate, trained, tried } = settings;
  engine.setSeed(seed);
  const model = new Labeller({ cell, hidden, tokens: countingTokens, labels: countingTokens });
  const random = new Random(randomKey(seed, "lab", "counting"));
  yield* train({
    parameters: model.parameters(),
    steps,
    optimizer: learningRate,
    loss: () => {
      const { ids, targets, lengths } = countingExamples(trained, batch, random);
      return crossEntropy(model.forward(ids, batch, lengths), targets);
    },
  });
  return countsTo(model, tried);
}
