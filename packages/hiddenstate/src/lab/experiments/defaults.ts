import { engine, LanguageModel } from "@hiddenstate/core";
import { significant } from "../../format.ts";
import { drawPicture } from "../../pictures/draw-picture.ts";
import { mean } from "../../statistics.ts";
import type { Bench, Experiment } from "../experiment.ts";
import { frequencyLoss, lossOnText, trainOnText } from "../language-trial.ts";
import { inTurn } from "../shares.ts";
import type { LabText } from "../text/lab-text.ts";
import { doesNotHold, holds, holdsWithinLimits, undecided } from "../verdict.ts";

/** What is varied, one at a time. */
interface Choice {
  hidden: number;
  layers: number;
  dropout: number;
  learningRate: number;
  /** Largest gradient norm; 0: no clipping. */
  clip: number;
  window: number;
}

interface Settings {
  base: Choice;
  /** Other values of each option. */
  others: { readonly [K in keyof Choice]: readonly number[] };
  batch: number;
  /** Tokens that every variant is trained on. */
  tokens: number;
  /** Characters of the training text: few enough to be gone through several times. */
  text: number;
  heldOut: number;
}

type Option = keyof Choice;

interface Numbers {
  frequencyLoss: number;
  base: Choice;
  /** Held-out losses of the base in nats, by seed: after three quarters of the budget, and at its end. */
  baseBefore: number[];
  baseLosses: number[];
  variants: { option: Option; value: number; losses: number[] }[];
}

const options: readonly Option[] = ["hidden", "layers", "dropout", "learningRate", "clip", "window"];

const labels: Readonly<Record<Option, string>> = {
  hidden: "hidden",
  layers: "layers",
  dropout: "dropout",
  learningRate: "learning rate",
  clip: "clip",
  window: "window",
};

/** What the claim calls good practice: other values in between do not speak against it. */
const claimed: Readonly<Record<Option, readonly [low: number, high: number]>> = {
  hidden: [256, 512],
  layers: [2, 2],
  dropout: [0.3, 0.3],
  learningRate: [1e-3, 1e-3],
  clip: [1, 1],
  window: [50, 100],
};

/** How much better another value must be to speak against the default; and how little the loss may still fall in the last quarter. */
const [better, settled] = [0.02, 0.05];

export const defaults: Experiment<Settings, Numbers> = {
  name: "defaults",
  claim:
    "Hidden size 256 to 512, 2 layers, dropout 0.3, Adam at 1e-3, gradients clipped at 1.0 and windows of 50 to " +
    "100 steps are good practice for a language model.",
  criteria:
    "Holds if no value of a single option outside of what the claim names has a held-out loss more than " +
    `${better * 100} % below the default's (mean over seeds); within limits if up to half of the options have one; does ` +
    "not hold if more have; undecided if the default's own loss still falls by more than " +
    `${settled * 100} % in the last quarter of the budget: then who learns faster is taken for who is better.`,
  settings: {
    quick: {
      base: { hidden: 256, layers: 2, dropout: 0.3, learningRate: 1e-3, clip: 1, window: 64 },
      others: { hidden: [128], layers: [1], dropout: [0], learningRate: [3e-3], clip: [0], window: [32] },
      batch: 8,
      tokens: 30_000,
      text: 100_000,
      heldOut: 5_000,
    },
    thorough: {
      base: { hidden: 256, layers: 2, dropout: 0.3, learningRate: 1e-3, clip: 1, window: 64 },
      others: {
        hidden: [128, 384],
        layers: [1, 3],
        dropout: [0, 0.5],
        learningRate: [3e-4, 3e-3],
        clip: [0, 5],
        window: [32, 128],
      },
      batch: 8,
      tokens: 160_000,
      text: 60_000,
      heldOut: 20_000,
    },
  },
  setUp: ({ base, others, batch, tokens, text, heldOut }) =>
    `Character LSTMs on the first ${text} characters of the training text, ${batch} rows, ${tokens} tokens for ` +
    `every variant (${(tokens / text).toFixed(1)} times the text), Adam. From the default ` +
    `(${options.map((option) => `${labels[option]} ${base[option]}`).join(", ")}) ` +
    "one option at a time is changed: " +
    `${options.map((option) => `${labels[option]} ${others[option].map((value) => shownValue(option, value)).join(" or ")}`).join("; ")}. ` +
    `Held-out loss on ${heldOut} characters.`,

  *measure(settings, { seeds, text }: Bench) {
    const { base, others } = settings;
    const variants = options.flatMap((option) => others[option].map((value) => ({ option, value })));
    const all: { option: Option | null; value: number }[] = [{ option: null, value: 0 }, ...variants];
    const choiceOf = ({ option, value }: (typeof all)[number]): Choice =>
      option === null ? base : { ...base, [option]: value };
    const found = yield* inTurn(
      all,
      function* (variant) {
        return yield* inTurn(seeds, (seed) => lossesOf(choiceOf(variant), settings, text, seed));
      },
      // About what a token costs: both products of each layer.
      (variant) => choiceOf(variant).layers * choiceOf(variant).hidden ** 2,
    );
    return {
      frequencyLoss: frequencyLoss(text.heldOut.subarray(0, settings.heldOut)),
      base,
      baseBefore: found[0].map(({ before }) => before),
      baseLosses: found[0].map(({ end }) => end),
      variants: variants.map((variant, i) => ({ ...variant, losses: found[i + 1].map(({ end }) => end) })),
    };
  },

  judge({ base, baseBefore, baseLosses, variants }) {
    const own = mean(baseLosses);
    const still = 1 - own / mean(baseBefore);
    const gains = variants.map(({ option, value, losses }) => ({ option, value, gain: 1 - mean(losses) / own }));
    const beaten = gains.filter(({ option, value, gain }) => {
      const [low, high] = claimed[option];
      return gain > better && (value < low || value > high);
    });
    const beatenOptions = [...new Set(beaten.map(({ option }) => option))];
    const told =
      beaten.length === 0
        ? `no single change lowers the default's ${significant(own)} nats by more than ${better * 100} %`
        : `of the default's ${significant(own)} nats ${beaten
            .map(
              ({ option, value, gain }) =>
                `${labels[option]} ${shownValue(option, value)} instead of ${base[option]} saves ` +
                `${(100 * gain).toFixed(1)} %`,
            )
            .join(", ")}`;
    if (still > settled) {
      return undecided(
        `the budget is too small: the default's loss still fell by ${(100 * still).toFixed(1)} % in the last ` +
          `quarter; so far, ${told}`,
      );
    }
    if (beatenOptions.length === 0) return holds(told);
    if (2 * beatenOptions.length <= options.length) {
      return holdsWithinLimits(`but not for ${beatenOptions.map((option) => labels[option]).join(", ")}: ${told}`);
    }
    return doesNotHold(told);
  },

  tables: ({ base, baseLosses, variants, frequencyLoss: known }) => [
    {
      caption:
        `Held-out loss, nats a character (frequencies alone: ${significant(known)}): mean over seeds, and ` +
        "each seed",
      columns: ["changed", "to", "loss", "against the default", "seeds"],
      rows: [
        [
          "nothing",
          options.map((option) => `${labels[option]} ${base[option]}`).join(", "),
          mean(baseLosses).toFixed(4),
          "",
          baseLosses.map((loss) => loss.toFixed(4)).join(", "),
        ],
        ...variants.map(({ option, value, losses }) => {
          const change = 100 * (mean(losses) / mean(baseLosses) - 1);
          return [
            labels[option],
            shownValue(option, value),
            mean(losses).toFixed(4),
            `${change > 0 ? "+" : ""}${change.toFixed(1)} %`,
            losses.map((loss) => loss.toFixed(4)).join(", "),
          ];
        }),
      ],
    },
  ],

  figures: ({ baseLosses, variants }) => [
    {
      name: "grid",
      caption: "Held-out loss of each variant; the line is the default",
      draw: () =>
        drawPicture((plot) => {
          const rows = variants.map(({ option, value, losses }) => ({
            variant: `${labels[option]} ${shownValue(option, value)}`,
            option: labels[option],
            loss: mean(losses),
            low: Math.min(...losses),
            high: Math.max(...losses),
          }));
          return {
            title: "One change from the defaults",
            subtitle: "Held-out loss in nats a character, mean and range over seeds; the dashed line is the default",
            height: 40 + 26 * rows.length,
            marginLeft: 140,
            marginBottom: 40,
            x: { label: "nats a character", grid: true, nice: true },
            y: { label: null, domain: rows.map(({ variant }) => variant) },
            color: { domain: options.map((option) => labels[option]) },
            marks: [
              plot.ruleX([mean(baseLosses)], { strokeDasharray: "5 4", stroke: "#5a6068" }),
              plot.ruleY(rows, { y: "variant", x1: "low", x2: "high", stroke: "option", strokeWidth: 2 }),
              plot.dot(rows, { x: "loss", y: "variant", fill: "option", r: 5 }),
            ],
          };
        }),
    },
  ],
};

const shownValue = (option: Option, value: number): string =>
  option === "clip" && value === 0 ? "off" : String(value);

function* lossesOf(
  { hidden, layers, dropout, learningRate, clip, window }: Choice,
  { batch, tokens, text: length, heldOut }: Settings,
  text: LabText,
  seed: number,
): Generator<number, { before: number; end: number }> {
  engine.setSeed(seed);
  const vocabularySize = text.tokenizer.size;
  const model = new LanguageModel({ vocabularySize, hidden, layers, dropout, name: "lab.defaults" });
  const held = text.heldOut.subarray(0, heldOut);
  const steps = Math.max(4, Math.round(tokens / (batch * window)));
  const late = Math.floor(steps * 0.75);
  let before = NaN;
  yield* trainOnText({
    model,
    text: text.training.subarray(0, length),
    batch,
    window,
    steps,
    optimizer: learningRate,
    clip: clip === 0 ? Infinity : clip,
    watch: {
      every: late,
      look: (step) => {
        if (step === late) before = lossOnText(model, held);
      },
    },
  });
  return { before, end: lossOnText(model, held) };
}
