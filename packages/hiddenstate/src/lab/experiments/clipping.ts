import {
  clipGradNorm,
  clipGradNormPerParameter,
  crossEntropy,
  engine,
  LanguageModel,
  SGD,
  type Tensor,
  tensor,
  TextWindows,
} from "@hiddenstate/core";
import { significant } from "../../format.ts";
import { drawPicture } from "../../pictures/draw-picture.ts";
import { lineChart } from "../../pictures/line-chart.ts";
import { cosine, mean, norm } from "../../statistics.ts";
import type { Bench, Experiment } from "../experiment.ts";
import { trainOnText } from "../language-trial.ts";
import { inTurn, pairs } from "../shares.ts";
import type { LabText } from "../text/lab-text.ts";
import { doesNotHold, holds, holdsWithinLimits, undecided } from "../verdict.ts";

interface Settings {
  hidden: number;
  batch: number;
  window: number;
  steps: number;
  learningRates: readonly number[];
  /** Largest global norms; null: no clipping. */
  thresholds: readonly (number | null)[];
  /** How many times as large as orthogonal ones the relu network's recurrent weights start: above 1, gradients explode. */
  scale: number;
}

/** One whose gradients explode, and one whose do not. */
const networks = ["relu, large weights", "tanh, orthogonal"] as const;
type NetworkName = (typeof networks)[number];

interface Numbers {
  /** Global gradient norm of fresh networks, the mean over seeds. */
  norms: Record<NetworkName, number>;
  /** Of the network whose gradients explode. */
  directions: {
    threshold: number;
    /** Cosine between the gradient before and after clipping, the mean over seeds. */
    global: number;
    perParameter: number;
  }[];
  runs: {
    network: NetworkName;
    learningRate: number;
    threshold: number | null;
    /** Runs whose loss stayed finite and ended below where it began. */
    survived: number;
    of: number;
  }[];
}

/** What counts as the same direction. */
const sameDirection = 0.9999;
/** How many of the runs that blow up without clipping must survive with it: a share. */
const saved = 0.5;

export const clipping: Experiment<Settings, Numbers> = {
  name: "clipping",
  claim:
    "Clipping the global norm of the gradient at 1 to 5 prevents blow-ups and keeps its direction; clipping each " +
    "parameter's norm by itself does not keep it (Pascanu, Mikolov & Bengio 2013).",
  criteria:
    `Holds if clipping by the global norm keeps the direction (cosine at least ${sameDirection}) and per ` +
    `parameter does not, and if every threshold saves at least ${saved * 100} % of the runs that are lost ` +
    "without clipping, " +
    "where gradients explode; within limits if some of the thresholds do; does not hold if none does, or if the " +
    "direction is lost; undecided if no run is lost without clipping.",
  settings: {
    quick: {
      hidden: 48,
      batch: 8,
      window: 80,
      steps: 120,
      learningRates: [0.03, 0.3, 1, 3],
      thresholds: [null, 1, 5],
      scale: 1.4,
    },
    thorough: {
      hidden: 48,
      batch: 8,
      window: 80,
      steps: 150,
      learningRates: [0.01, 0.1, 0.3, 1, 3],
      thresholds: [null, 1, 2, 3, 5],
      scale: 1.4,
    },
  },
  setUp: ({ hidden, batch, window, steps, learningRates, thresholds, scale }) =>
    `Character models of one RNN layer of ${hidden} units, once with relu and orthogonal recurrent weights times ` +
    `${scale}, once with tanh and orthogonal ones; windows of ${window} characters, ${batch} rows, SGD at ` +
    `${learningRates.join(", ")}, ${steps} steps, clipped at ` +
    `${thresholds.map((one) => one ?? "nothing").join(", ")}. A run survives if its loss is finite in every step ` +
    "and the mean of its last 20 is below its first. Directions: cosine between " +
    "the gradient before and after clipping, of fresh relu networks.",

  *measure(settings, { seeds, text }: Bench) {
    const lines = pairs(networks, pairs(settings.learningRates, settings.thresholds));
    const runs = yield* inTurn(lines, function* ([network, [learningRate, threshold]]) {
      const survived = yield* inTurn(seeds, (seed) =>
        survives({ network, learningRate, threshold, seed }, settings, text),
      );
      return { network, learningRate, threshold, survived: survived.filter(Boolean).length, of: seeds.length };
    });
    const kept = (clip: (parameters: readonly Tensor[]) => unknown): number =>
      mean(
        seeds.map((seed) => {
          const { before, after } = freshGradient("relu, large weights", settings, text, seed, clip);
          return cosine(before, after);
        }),
      );
    const normOf = (network: NetworkName): number =>
      mean(seeds.map((seed) => norm(freshGradient(network, settings, text, seed, () => {}).before)));
    const thresholds = settings.thresholds.filter((one) => one !== null);
    return {
      norms: { [networks[0]]: normOf(networks[0]), [networks[1]]: normOf(networks[1]) },
      directions: thresholds.map((threshold) => ({
        threshold,
        global: kept((parameters) => clipGradNorm(parameters, threshold)),
        perParameter: kept((parameters) => clipGradNormPerParameter(parameters, threshold)),
      })),
      runs,
    };
  },

  judge({ norms, directions, runs }) {
    const survivors = (threshold: number | null, network: NetworkName): number =>
      runs
        .filter((run) => run.threshold === threshold && run.network === network)
        .reduce((total, { survived }) => total + survived, 0);
    const all = runs
      .filter((run) => run.threshold === null && run.network === networks[0])
      .reduce((total, { of }) => total + of, 0);
    const without = survivors(null, networks[0]);
    const withClipping = directions.map(({ threshold }) => ({
      threshold,
      survived: survivors(threshold, networks[0]),
    }));
    const told =
      `where gradients explode, ${without} of ${all} runs survive without clipping, ` +
      `${withClipping.map((one) => `${one.survived} clipped at ${one.threshold}`).join(", ")}; of a tanh network ` +
      `with orthogonal weights ${survivors(null, networks[1])} survive without clipping`;
    const global = Math.min(...directions.map((one) => one.global));
    const perParameter = Math.max(...directions.map((one) => one.perParameter));
    const turned =
      `the cosine is at least ${significant(global)} for the global norm and at most ` +
      `${significant(perParameter)} per parameter (norm ${significant(norms["relu, large weights"])} before)`;
    if (!(global >= sameDirection)) return doesNotHold(`clipping the global norm turns the gradient: ${turned}`);
    if (without === all)
      return undecided(`no run is lost without clipping: the learning rates are too low to tell; ${turned}`);
    const savers = withClipping.filter(({ survived }) => survived - without >= saved * (all - without));
    if (savers.length === 0) return doesNotHold(`${told}; ${turned}`);
    if (savers.length === withClipping.length && perParameter < sameDirection) return holds(`${told}; ${turned}`);
    const limits = [
      ...(savers.length < withClipping.length
        ? [`with thresholds of ${savers.map((one) => one.threshold).join(", ")} only`]
        : []),
      ...(perParameter < sameDirection
        ? []
        : ["clipping per parameter keeps the direction too, where one parameter has nearly all of the norm"]),
    ];
    return holdsWithinLimits(`${limits.join("; ")}: ${told}; ${turned}`);
  },

  tables: ({ directions, runs }) => [
    {
      caption: "Cosine between the gradient before and after clipping, mean over seeds",
      columns: ["threshold", "global norm", "each parameter's norm"],
      rows: directions.map(({ threshold, global, perParameter }) => [
        String(threshold),
        global.toFixed(4),
        perParameter.toFixed(4),
      ]),
    },
    {
      caption: "Runs that survive, of all seeds",
      columns: [
        "network",
        "learning rate",
        ...thresholdsOf(runs).map((one) => (one === null ? "no clipping" : `clipped at ${one}`)),
      ],
      rows: pairs(networks, [...new Set(runs.map(({ learningRate }) => learningRate))]).map(([network, rate]) => [
        network,
        String(rate),
        ...thresholdsOf(runs).map((threshold) => {
          const run = runs.find(
            (one) => one.network === network && one.learningRate === rate && one.threshold === threshold,
          )!;
          return `${run.survived} of ${run.of}`;
        }),
      ]),
    },
  ],

  figures: ({ directions, runs }) => [
    {
      name: "survival",
      caption: "Share of runs that survive by learning rate",
      draw: () =>
        lineChart({
          title: "Who survives high learning rates",
          subtitle: "Share of runs whose loss stays finite and falls: SGD, a relu RNN with large recurrent weights",
          x: "learning rate",
          y: "share of runs",
          logX: true,
          lines: thresholdsOf(runs).map((threshold) => ({
            name: threshold === null ? "no clipping" : `clipped at ${threshold}`,
            points: runs
              .filter((run) => run.threshold === threshold && run.network === networks[0])
              .map(({ learningRate, survived, of }) => ({ x: learningRate, y: survived / of })),
          })),
        }),
    },
    {
      name: "direction",
      caption: "Cosine between the gradient before and after clipping",
      draw: () =>
        drawPicture((plot) => {
          const rows = directions.flatMap(({ threshold, global, perParameter }) => [
            { threshold, how: "global norm", cosine: global },
            { threshold, how: "each parameter's norm", cosine: perParameter },
          ]);
          return {
            title: "Clipping and the gradient's direction",
            subtitle: "Cosine between the gradient before and after clipping",
            height: 280,
            fx: { label: "threshold" },
            x: { axis: null, domain: ["global norm", "each parameter's norm"] },
            y: { label: "cosine", domain: [0, 1], grid: true },
            color: { legend: true, domain: ["global norm", "each parameter's norm"] },
            marks: [plot.barY(rows, { fx: "threshold", x: "how", y: "cosine", fill: "how" }), plot.ruleY([0])],
          };
        }),
    },
  ],
};

const thresholdsOf = (runs: Numbers["runs"]): (number | null)[] => [...new Set(runs.map(({ threshold }) => threshold))];

function makeModel(network: NetworkName, { hidden, scale }: Settings, text: LabText): LanguageModel {
  const explosive = network === "relu, large weights";
  const model = new LanguageModel({
    vocabularySize: text.tokenizer.size,
    cell: "rnn",
    nonlinearity: explosive ? "relu" : "tanh",
    hidden,
    embedding: 32,
    layers: 1,
    dropout: 0,
    name: "lab.clipping",
  });
  const weight = model.stateDict().get("rnn.weight_hh_l0")!;
  if (explosive) weight.assign(weight.dataSync().map((value) => scale * value));
  return model;
}

interface Run {
  network: NetworkName;
  learningRate: number;
  threshold: number | null;
  seed: number;
}

function* survives(
  { network, learningRate, threshold, seed }: Run,
  settings: Settings,
  text: LabText,
): Generator<number, boolean> {
  engine.setSeed(seed);
  const model = makeModel(network, settings, text);
  const { batch, window, steps } = settings;
  const optimizer = new SGD(model.parameters(), { lr: learningRate });
  const losses = yield* trainOnText({
    model,
    text: text.training,
    batch,
    window,
    steps,
    optimizer,
    clip: threshold ?? Infinity,
  });
  return losses.every(Number.isFinite) && mean(losses.slice(-20)) < losses[0];
}

/** The gradient of a fresh network on the first window, before and after something was done to it. */
function freshGradient(
  network: NetworkName,
  settings: Settings,
  text: LabText,
  seed: number,
  change: (parameters: readonly Tensor[]) => unknown,
): { before: Float32Array; after: Float32Array } {
  engine.setSeed(seed);
  const model = makeModel(network, settings, text);
  const window = new TextWindows(text.training, { batch: settings.batch, bptt: settings.window }).at(seed);
  return engine.scope(() => {
    const ids = tensor(window.inputs, [window.steps, window.batch], { dtype: "int32" });
    crossEntropy(model.forward(ids).logits, window.targets).backward();
    const parameters = model.parameters();
    const all = (): Float32Array => Float32Array.from(parameters.flatMap(({ grad }) => [...grad!.dataSync()]));
    const before = all();
    change(parameters);
    return { before, after: all() };
  });
}
