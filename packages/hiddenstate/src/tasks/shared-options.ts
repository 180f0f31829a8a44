import { cellKinds } from "@hiddenstate/core";
import type { TaskOption } from "./task-option.ts";

const positive = { whole: true, min: 1 } as const;

/** Flags of a recurrent network's shape. */
export const networkOptions: readonly TaskOption[] = [
  {
    flags: "--cell <cell>",
    about: "recurrent cell, or a Transformer (default: lstm, for series gru)",
    group: "Model",
    value: { choices: cellKinds },
  },
  {
    flags: "--hidden <size>",
    about: "size of the hidden state (default: 256, for labels and numbers 128, for series 32)",
    group: "Model",
    value: { range: positive },
  },
  {
    flags: "--heads <n>",
    about: "heads of a Transformer's attention (default: 4)",
    group: "Model",
    value: { range: positive },
  },
  {
    flags: "--positions <n>",
    about: "steps that a Transformer's step can see at most (default: 256)",
    group: "Model",
    value: { range: positive },
  },
  {
    flags: "--layers <n>",
    about: "layers (default: 2, for tags, pairs and series 1)",
    group: "Model",
    value: { range: positive },
  },
  {
    flags: "--dropout <share>",
    about: "dropped between layers while training (default: 0.3, for tags 0.5, for pairs and series 0.1)",
    group: "Model",
    value: { range: { min: 0, below: 1 } },
  },
  {
    flags: "--nonlinearity <name>",
    about: "rnn only: what bends its state (default: tanh)",
    group: "Cell",
    value: { choices: ["tanh", "relu"] },
  },
  {
    flags: "--reset-before",
    name: "resetAfter",
    sets: false,
    about: "gru only: the reset gate acts on the state, before the product with it, instead of after",
    group: "Cell",
  },
  { flags: "--layer-norm", about: "normalise gates, and an LSTM's cell state", group: "Cell" },
  {
    flags: "--recurrent-dropout <share>",
    about: "dropped of what is written to the state while training (default: 0)",
    group: "Cell",
    value: { range: { min: 0, below: 1 } },
  },
  {
    flags: "--variational",
    about: "with --recurrent-dropout: one mask for all steps of a sequence, instead of one for each",
    group: "Cell",
  },
  {
    flags: "--projection <size>",
    about: "lstm only: width of what goes on from a wider cell state, below --hidden",
    group: "Cell",
    value: { range: positive },
  },
  { flags: "--peepholes", about: "lstm only: gates see the cell state", group: "Cell" },
  { flags: "--coupled-gates", about: "lstm only: what is written is what was forgotten", group: "Cell" },
  { flags: "--learned-state", about: "learn the state to start from, instead of 0", group: "Cell" },
  { flags: "--residual", about: "each layer above the first adds what it reads to what it gives", group: "Cell" },
];

/** Where held-out data comes from, and how much is read at a time. */
export const dataOptions: readonly TaskOption[] = [
  {
    flags: "--validation <data>",
    about: "held-out data (default: a tenth of the data; of a text the last, at most a million tokens)",
    group: "Data",
  },
  {
    flags: "--batch <n>",
    about: "streams of text, or sequences, side by side (default: 32, for pairs 64)",
    group: "Data",
    value: { range: positive },
  },
];

/** What a token is, where data is text. */
export const textOptions: readonly TaskOption[] = [
  {
    flags: "--tokenizer <kind>",
    about: "what a token is (default: character)",
    group: "Text",
    value: { choices: ["character", "byte", "word"] },
  },
];

/** Which words are known. */
export const minimumCountOption: TaskOption = {
  flags: "--min-count <n>",
  name: "minimumCount",
  about: "with words as tokens, and for tags: rarer words become one unknown word (default: 2, for pairs 1)",
  group: "Text",
  value: { range: positive },
};

/** The budget, the optimiser and the seed: every task that trains takes these. */
export const trainingOptions: readonly TaskOption[] = [
  {
    flags: "--epochs <n>",
    about: "budget: passes over the data (default: 10; for series 2000 steps at most)",
    group: "Training",
    value: { range: { above: 0 } },
    conflicts: ["steps", "minutes"],
  },
  {
    flags: "--steps <n>",
    about: "or a budget of optimiser steps",
    group: "Training",
    value: { range: positive },
    conflicts: ["epochs", "minutes"],
  },
  {
    flags: "--minutes <m>",
    about: "or a budget of minutes",
    group: "Training",
    value: { range: { above: 0 } },
    conflicts: ["epochs", "steps"],
  },
  {
    flags: "--optimizer <name>",
    about: "(default: adam)",
    group: "Training",
    value: { choices: ["adam", "adamw", "sgd"] },
  },
  {
    flags: "--lr <rate>",
    about: "learning rate (default: 1e-3, for tags and pairs 2e-3)",
    group: "Training",
    value: { range: { above: 0 } },
  },
  { flags: "--weight-decay <rate>", about: "(default: 0)", group: "Training", value: { range: { min: 0 } } },
  {
    flags: "--momentum <share>",
    about: "sgd only (default: 0)",
    group: "Training",
    value: { range: { min: 0, below: 1 } },
  },
  {
    flags: "--clip <norm>",
    about: "largest global gradient norm (default: 1.0, for tags 5)",
    group: "Training",
    value: { range: { above: 0 } },
  },
  {
    flags: "--schedule <name>",
    about: "of the learning rate, over the budget (default: cosine, for text constant)",
    group: "Training",
    value: { choices: ["constant", "cosine", "step", "plateau"] },
  },
  {
    flags: "--warmup <steps>",
    about: "linear warm-up, cosine schedule only (default: 0)",
    group: "Training",
    value: { range: { whole: true, min: 0 } },
  },
  {
    flags: "--average <decay>",
    about:
      "keep the mean of the parameters over about the last 1 / (1 - decay) steps (default: for labels and numbers 0.999, else 0, none)",
    group: "Training",
    value: { range: { min: 0, below: 1 } },
  },
  {
    flags: "--patience <n>",
    about: "stop after so many evaluations that are no better (default: never, for series 5)",
    group: "Training",
    value: { range: positive },
  },
  {
    flags: "--seed <n>",
    about: "key of all random numbers (default: 0)",
    group: "Training",
    value: { range: { whole: true, min: 0 } },
  },
];

/** Which examples are held out, where they are drawn. */
export const splitSeedOption: TaskOption = {
  flags: "--split-seed <n>",
  about: "key of the draw of what is held out (default: --seed)",
  group: "Training",
  value: { range: { whole: true, min: 0 } },
  conflicts: ["validation"],
};

/** A model to start from. */
export const fromOption: TaskOption = {
  flags: "--from <model>",
  about: "a trained model's folder to start from instead of random numbers",
  group: "Training",
};

/** One matrix for both ends of what writes. */
export const tiedOption: TaskOption = {
  flags: "--tied",
  about: "text and pairs: the output layer's weights are the vectors of the tokens that are written",
  group: "Model",
};

/** How wide the vectors of tokens are. */
export const embeddingOption: TaskOption = {
  flags: "--embedding <size>",
  about: "width of a token's or a word's vector (default: hidden, for tags 128, for pairs 64 unless --tied)",
  group: "Model",
  value: { range: positive },
};

/** The column of what is learned, where that is no label. */
export const targetOption: TaskOption = {
  flags: "--target <column>",
  about:
    "the column with the number to learn, in place of --label; for pairs, with the text to write (default: found out)",
  group: "Labels and numbers",
};
