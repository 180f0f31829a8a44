import {
  crossEntropy,
  engine,
  HiddenstateError,
  ignoredTarget,
  LSTM,
  noGrad,
  Random,
  randomKey,
  zeros,
} from "@hiddenstate/core";
import { drawPicture } from "../../pictures/draw-picture.ts";
import { mean } from "../../statistics.ts";
import type { Bench, Experiment } from "../experiment.ts";
import { inTurn, pairs } from "../shares.ts";
import { bestLabels, Labeller } from "../tasks/labeller.ts";
import { train } from "../training.ts";
import { doesNotHold, holds, holdsWithinLimits, undecided } from "../verdict.ts";

interface Settings {
  /** Units of the network in one direction, and of each direction of the other: about as many parameters. */
  oneWay: number;
  bothWays: number;
  batch: number;
  steps: number;
  learningRate: number;
  length: number;
  /** How far away the token is that decides. */
  distance: number;
}

/** Which token decides the tag of another. */
const deciders = ["the past", "the future", "past and future"] as const;
type Decider = (typeof deciders)[number];

interface Numbers {
  /** Share of tags that are right, by seed. */
  tagging: { decider: Decider; bidirectional: boolean; parameters: number; accuracies: number[] }[];
  /** What a bidirectional network said when it was asked for one step, for a stream, for a pool; null where it did as asked. */
  refusals: { asked: string; code: string | null; answer: string | null }[];
}

const symbols = 8;
/** What counts as the future's help, and as none; and what counts as learned. */
const [gain, noGain, learned] = [0.1, 0.02, 0.9];

export const bidirectional: Experiment<Settings, Numbers> = {
  name: "bidirectional",
  claim:
    "Reading in both directions helps where the whole sequence is there, as in tagging, and can't be used to " +
    "generate, where the future is not there yet (Schuster & Paliwal 1997).",
  criteria:
    `Holds if the bidirectional network's accuracy is at least ${gain} above the other's where the future ` +
    "decides, and generating with it is refused; within limits if the gain is smaller than that, but more than " +
    `${noGain}; does not hold if there is none, or if it generates; undecided if the bidirectional network ` +
    `learned the tags of neither future nor past (less than ${learned * 100} % right).`,
  settings: {
    quick: { oneWay: 24, bothWays: 15, batch: 32, steps: 400, learningRate: 0.01, length: 20, distance: 2 },
    thorough: { oneWay: 32, bothWays: 20, batch: 32, steps: 800, learningRate: 5e-3, length: 24, distance: 3 },
  },
  setUp: ({ oneWay, bothWays, batch, steps, learningRate, length, distance }) =>
    `Sequences of ${length} random symbols out of ${symbols}. A token's tag is the parity of the symbol ` +
    `${distance} before it, ${distance} after it, or whether the one before is smaller than the one after. An ` +
    `LSTM of ${oneWay} units in ` +
    `one direction against one of ${bothWays} in each of two (about as many parameters), Adam at ` +
    `${learningRate}, ${steps} steps of ${batch} sequences; accuracy on 256 fresh ones. Then the bidirectional ` +
    "network is asked for a " +
    "single step, a stream and a pool of streams.",

  *measure(settings, { seeds }: Bench) {
    const tagging = yield* inTurn(pairs(deciders, [false, true]), function* ([decider, both]) {
      const runs = yield* inTurn(seeds, (seed) => learnTags(decider, both, settings, seed));
      return {
        decider,
        bidirectional: both,
        parameters: runs[0].parameters,
        accuracies: runs.map((run) => run.accuracy),
      };
    });
    return { tagging, refusals: askToGenerate() };
  },

  judge({ tagging, refusals }) {
    const accuracy = (decider: Decider, both: boolean): number =>
      mean(tagging.find((one) => one.decider === decider && one.bidirectional === both)!.accuracies);
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
    const [one, both] = [accuracy("the future", false), accuracy("the future", true)];
    const past = [accuracy("the past", false), accuracy("the past", true)];
    const told =
      `where the future decides, ${percent(both)} of the tags are right in both directions and ` +
      `${percent(one)} in one; where the past decides, ${percent(past[1])} and ${percent(past[0])}`;
    const generating = refusals.filter(({ code }) => code !== "unsupported").map(({ asked }) => asked);
    if (generating.length > 0) return doesNotHold(`a bidirectional network gave ${generating.join(" and ")}`);
    if (Math.max(both, past[1]) < learned)
      return undecided(`the budget is too small for the bidirectional network to learn either: ${told}`);
    if (both - one >= gain) return holds(`${told}; ${refusals.map(({ asked }) => asked).join(", ")} are refused`);
    if (both - one > noGain) return holdsWithinLimits(`the future helps by less than ${gain}: ${told}`);
    return doesNotHold(told);
  },

  tables: ({ tagging, refusals }) => [
    {
      caption: "Share of tags that are right: mean over seeds, and each seed",
      columns: ["the tag is decided by", "network", "parameters", "accuracy", "seeds"],
      rows: tagging.map(({ decider, bidirectional: both, parameters, accuracies }) => [
        decider,
        both ? "both directions" : "one direction",
        String(parameters),
        mean(accuracies).toFixed(3),
        accuracies.map((accuracy) => accuracy.toFixed(3)).join(", "),
      ]),
    },
    {
      caption: "What the bidirectional network says when it is asked to go step by step",
      columns: ["asked for", "answer"],
      rows: refusals.map(({ asked, answer }) => [asked, answer ?? "did it"]),
    },
  ],

  figures: ({ tagging }) => [
    {
      name: "tagging",
      caption: "Accuracy of tagging by what decides the tags",
      draw: () =>
        drawPicture((plot) => {
          const rows = tagging.map(({ decider, bidirectional: both, accuracies }) => ({
            decider,
            network: both ? "both directions" : "one direction",
            accuracy: mean(accuracies),
            low: Math.min(...accuracies),
            high: Math.max(...accuracies),
          }));
          return {
            title: "Tagging: what the future is worth",
            subtitle: "Share of tags that are right, by the token that decides the tag; mean and range over seeds",
            height: 300,
            marginLeft: 50,
            fx: { label: null, domain: deciders },
            x: { axis: null, domain: ["one direction", "both directions"] },
            y: { label: "accuracy", domain: [0, 1], grid: true },
            color: { legend: true, domain: ["one direction", "both directions"] },
            marks: [
              plot.barY(rows, { fx: "decider", x: "network", y: "accuracy", fill: "network" }),
              plot.ruleX(rows, { fx: "decider", x: "network", y1: "low", y2: "high" }),
              plot.ruleY([0]),
            ],
          };
        }),
    },
  ],
};

function* learnTags(
  decider: Decider,
  both: boolean,
  settings: Settings,
  seed: number,
): Generator<number, { accuracy: number; parameters: number }> {
  const { oneWay, bothWays, batch, steps, learningRate } = settings;
  engine.setSeed(seed);
  const hidden = both ? bothWays : oneWay;
  const model = new Labeller({ cell: "lstm", hidden, bidirectional: both, tokens: symbols, labels: 2 });
  const random = new Random(randomKey(seed, "lab", "bidirectional"));
  yield* train({
    parameters: model.parameters(),
    steps,
    optimizer: learningRate,
    loss: () => {
      const { ids, tags } = taggedSymbols(decider, settings, batch, random);
      return crossEntropy(model.forward(ids, batch), tags);
    },
  });
  const fresh = taggedSymbols(decider, settings, 256, new Random(randomKey(seed, "lab", "bidirectional.test")));
  const scores = engine.scope(() => noGrad(() => model.forward(fresh.ids, 256))).dataSync();
  const found = bestLabels(scores, 2);
  const counted = [...fresh.tags.keys()].filter((i) => fresh.tags[i] !== ignoredTarget);
  const right = counted.filter((i) => found[i] === fresh.tags[i]).length;
  return { accuracy: right / counted.length, parameters: model.parameterCount() };
}

/** Random symbols [T, B], and the tag of each; those without a decider count for nothing. */
function taggedSymbols(
  decider: Decider,
  { length, distance }: Settings,
  batch: number,
  random: Random,
): { ids: Int32Array; tags: Int32Array } {
  const ids = Int32Array.from({ length: length * batch }, () => random.integer(symbols));
  const tags = Int32Array.from(ids, (_, i) => {
    const before = ids[i - distance * batch];
    const after = ids[i + distance * batch];
    if (before === undefined || after === undefined) return ignoredTarget;
    if (decider === "the past") return before % 2;
    return decider === "the future" ? after % 2 : Number(before < after);
  });
  return { ids, tags };
}

function askToGenerate(): Numbers["refusals"] {
  const lstm = new LSTM({ inputSize: 4, hiddenSize: 4, bidirectional: true, name: "lab.refusal" });
  const requests: [string, () => unknown][] = [
    ["a single step", () => lstm.step(zeros([1, 4]))],
    ["a stream", () => lstm.stream()],
    ["a pool of streams", () => lstm.pool()],
  ];
  return requests.map(([asked, ask]) => {
    try {
      ask();
      return { asked, code: null, answer: null };
    } catch (error) {
      if (!(error instanceof HiddenstateError)) throw error;
      return { asked, code: error.code, answer: error.message };
    }
  });
}
