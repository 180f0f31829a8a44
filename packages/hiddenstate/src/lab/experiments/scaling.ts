import { engine, LanguageModel } from "@hiddenstate/core";
import { cellName } from "../../cell-name.ts";
import { count, significant } from "../../format.ts";
import { lineChart } from "../../pictures/line-chart.ts";
import { mean, slope } from "../../statistics.ts";
import type { Bench, Experiment } from "../experiment.ts";
import { frequencyLoss, lossOnText, trainOnText } from "../language-trial.ts";
import { inTurn } from "../shares.ts";
import type { LabText } from "../text/lab-text.ts";
import { doesNotHold, holds, holdsWithinLimits, undecided } from "../verdict.ts";

interface Settings {
  /** Widths of each network, three each, matched so that parameters are about the same. */
  widths: Record<Network, readonly number[]>;
  batch: number;
  window: number;
  steps: number;
  looks: number;
  learningRate: Record<Network, number>;
  heldOut: number;
}

const networks = ["lstm", "transformer"] as const;
type Network = (typeof networks)[number];

interface Numbers {
  frequencyLoss: number;
  tokensPerStep: number;
  models: {
    network: Network;
    width: number;
    parameters: number;
    /** Held-out loss at the end, nats, by seed. */
    losses: number[];
    /** The mean over seeds by step. */
    course: { step: number; loss: number }[];
    /** Processor seconds of one training, evaluation left out. */
    seconds: number;
  }[];
}

/** From so many parameters on, the claim is made: what a CPU in an hour can't reach. */
const claimedFrom = 1e7;
/** How much better at the largest size, and how much steeper, counts. */
const clearly = 0.02;
const learned = 0.8;

export const scaling: Experiment<Settings, Numbers> = {
  name: "scaling",
  claim: "Transformers scale better with parameters, data and compute than LSTMs (Kaplan et al. 2020).",
  criteria:
    "Holds if the Transformer's loss falls faster with parameters (slope of ln loss over ln parameters) and with " +
    "training steps, and at the largest size is lower for as much processor time; within limits if " +
    "it falls faster with either, so that what a CPU can't reach would decide; does not hold if it falls more " +
    `slowly with both and is at least ${clearly * 100} % worse at every size; undecided otherwise, or if neither ` +
    "learned much " +
    `(a loss above ${learned} of what frequencies tell).`,
  settings: {
    quick: {
      widths: { lstm: [24, 48, 96], transformer: [24, 48, 96] },
      batch: 16,
      window: 64,
      steps: 200,
      looks: 4,
      learningRate: { lstm: 5e-3, transformer: 3e-3 },
      heldOut: 5_000,
    },
    thorough: {
      widths: { lstm: [40, 80, 160], transformer: [40, 80, 160] },
      batch: 16,
      window: 128,
      steps: 320,
      looks: 8,
      learningRate: { lstm: 4e-3, transformer: 2e-3 },
      heldOut: 20_000,
    },
  },
  timed: true,
  setUp: ({ widths, batch, window, steps, looks, learningRate, heldOut }) =>
    `Character models of two layers: LSTMs ${widths.lstm.join(", ")} wide, causal Transformers ` +
    `${widths.transformer.join(", ")} wide (4 heads, rotary positions, a feed-forward part 4 times as wide, so ` +
    `that parameters differ less than twofold). ${batch} rows of ${window} characters, Adam at ` +
    `${learningRate.lstm} and ${learningRate.transformer}, ${steps} steps (${count(steps * batch * window)} ` +
    `characters). The state is carried from window to window in both: the Transformer sees its ${window} last ` +
    `characters. Held-out loss on ${heldOut} characters, ${looks} times.`,

  *measure(settings, { seeds, text }: Bench) {
    const lines = networks.flatMap((network) => settings.widths[network].map((width) => ({ network, width })));
    const models = yield* inTurn(
      lines,
      function* ({ network, width }) {
        const runs = yield* inTurn(seeds, (seed) => courseOf(network, width, settings, text, seed));
        return {
          network,
          width,
          parameters: runs[0].parameters,
          losses: runs.map(({ course }) => course.at(-1)!.loss),
          course: runs[0].course.map(({ step }, i) => ({ step, loss: mean(runs.map(({ course }) => course[i].loss)) })),
          seconds: mean(runs.map(({ seconds }) => seconds)),
        };
      },
      ({ network, width }) => (network === "lstm" ? 1 : 1.5) * (width ** 2 + 2000),
    );
    const { batch, window, heldOut } = settings;
    return { frequencyLoss: frequencyLoss(text.heldOut.subarray(0, heldOut)), tokensPerStep: batch * window, models };
  },

  judge({ frequencyLoss: known, models }) {
    const of = (network: Network): Numbers["models"] => models.filter((model) => model.network === network);
    const loss = (model: Numbers["models"][number]): number => mean(model.losses);
    const best = (network: Network): number => Math.min(...of(network).map(loss));
    const byParameters = (network: Network): number =>
      slope(
        of(network).map(({ parameters }) => Math.log(parameters)),
        of(network).map((model) => Math.log(loss(model))),
      );
    /** Over the second half of the largest model's training. */
    const bySteps = (network: Network): number => {
      const { course } = of(network).at(-1)!;
      const late = course.slice(Math.floor(course.length / 2) - 1);
      return slope(
        late.map(({ step }) => Math.log(step)),
        late.map((one) => Math.log(one.loss)),
      );
    };
    const largest = networks.map((network) => of(network).at(-1)!);
    const [lstm, transformer] = largest.map(loss);
    const told =
      `at the largest size ${significant(lstm)} nats with ${count(largest[0].parameters)} parameters (LSTM, ` +
      `${significant(largest[0].seconds)} s) and ${significant(transformer)} with ` +
      `${count(largest[1].parameters)} (Transformer, ` +
      `${significant(largest[1].seconds)} s); ln loss falls by ${significant(-byParameters("lstm"))} and ` +
      `${significant(-byParameters("transformer"))} with ln parameters, by ${significant(-bySteps("lstm"))} and ` +
      `${significant(-bySteps("transformer"))} with ln steps`;
    const cannot =
      `models of ${count(claimedFrom)} parameters and more, where the claim is made, need hardware ` +
      "that is not here";
    if (Math.min(best("lstm"), best("transformer")) > learned * known)
      return undecided(`the budget is too small to learn much: ${told}; ${cannot}`);
    const steeper = [byParameters("transformer") < byParameters("lstm"), bySteps("transformer") < bySteps("lstm")];
    const lower = transformer <= lstm * (1 - clearly) && largest[1].seconds <= largest[0].seconds * 1.1;
    if (steeper.every(Boolean) && lower) return holds(`${told}; ${cannot}`);
    if (steeper.some(Boolean)) {
      const ways = ["parameters", "training"].filter((_, i) => steeper[i]).join(" and ");
      return holdsWithinLimits(
        `the Transformer gains more by more ${ways}, but is not ahead for the same time at these sizes: ${told}; ` +
          cannot,
      );
    }
    const pairsOfSizes = of("lstm").map((model, i) => loss(of("transformer")[i]) / loss(model));
    if (pairsOfSizes.every((ratio) => ratio > 1 + clearly)) return doesNotHold(`${told}; ${cannot}`);
    return undecided(`${told}; ${cannot}`);
  },

  tables: ({ frequencyLoss: known, models }) => [
    {
      caption:
        `Held-out loss by size, nats a character (frequencies alone: ${significant(known)}): mean over ` +
        "seeds, and each seed",
      columns: ["network", "width", "parameters", "loss", "seeds", "processor time of a training, s"],
      rows: models.map(({ network, width, parameters, losses, seconds }) => [
        cellName(network),
        String(width),
        count(parameters),
        mean(losses).toFixed(4),
        losses.map((loss) => loss.toFixed(4)).join(", "),
        significant(seconds),
      ]),
    },
  ],

  figures: ({ models, tokensPerStep }) => [
    {
      name: "parameters",
      caption: "Held-out loss by parameters",
      draw: () =>
        lineChart({
          title: "Loss by size",
          subtitle: "Held-out loss after as many steps; mean and range over seeds",
          x: "parameters",
          y: "nats a character",
          logX: true,
          lines: networks.map((network) => ({
            name: cellName(network),
            points: models
              .filter((model) => model.network === network)
              .map(({ parameters, losses }) => ({
                x: parameters,
                y: mean(losses),
                low: Math.min(...losses),
                high: Math.max(...losses),
              })),
          })),
        }),
    },
    {
      name: "data",
      caption: "Held-out loss by characters read",
      draw: () =>
        lineChart({
          title: "Loss by data",
          subtitle: "Held-out loss along the training; mean over seeds",
          x: "characters read in training",
          y: "nats a character",
          logX: true,
          lines: models.map(({ network, width, course }) => ({
            name: `${cellName(network)} ${width}`,
            points: course.map(({ step, loss }) => ({ x: step * tokensPerStep, y: loss })),
          })),
        }),
    },
  ],
};

function* courseOf(
  network: Network,
  width: number,
  settings: Settings,
  text: LabText,
  seed: number,
): Generator<number, { parameters: number; course: { step: number; loss: number }[]; seconds: number }> {
  const { batch, window, steps, looks, learningRate, heldOut } = settings;
  engine.setSeed(seed);
  const vocabularySize = text.tokenizer.size;
  const model = new LanguageModel({
    vocabularySize,
    cell: network,
    hidden: width,
    layers: 2,
    dropout: 0,
    ...(network === "transformer" && { positions: window }),
    name: "lab.scaling",
  });
  const held = text.heldOut.subarray(0, heldOut);
  const course: { step: number; loss: number }[] = [];
  const start = process.cpuUsage();
  let looking = 0;
  yield* trainOnText({
    model,
    text: text.training,
    batch,
    window,
    steps,
    optimizer: learningRate[network],
    watch: {
      every: Math.floor(steps / looks),
      look: (step) => {
        const before = process.cpuUsage();
        course.push({ step, loss: lossOnText(model, held) });
        looking += secondsSince(before);
      },
    },
  });
  return { parameters: model.parameterCount(), course, seconds: secondsSince(start) - looking };
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
