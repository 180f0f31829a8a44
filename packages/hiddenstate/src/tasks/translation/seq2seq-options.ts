import type { TaskOption } from "../task-option.ts";

/** The flags of `train` for pairs of texts. */
export const seq2seqOptions: readonly TaskOption[] = [
  { flags: "--source <column>", about: "the column with the text to read (default: found out)", group: "Pairs" },
  {
    flags: "--target-tokenizer <kind>",
    about: "what a token is in the text to write (default: as in the other)",
    group: "Pairs",
    value: { choices: ["character", "byte", "word"] },
  },
  {
    flags: "--attention <score>",
    about:
      "how the text that is read is looked at: multiplicative (Luong) or additive (Bahdanau) (default: multiplicative)",
    group: "Pairs",
    value: { choices: ["multiplicative", "additive"] },
  },
  {
    flags: "--input-feeding",
    about: "the decoder also reads what it found by attention at the step before; slower",
    group: "Pairs",
  },
  {
    flags: "--sampling-schedule <schedule>",
    about:
      "how often, over the steps, it reads what it wrote itself and not the truth: constant:RATE, linear:STEPS[:MOST], exponential:BASE or " +
      "inverse-sigmoid:K (default: never)",
    group: "Pairs",
  },
];
