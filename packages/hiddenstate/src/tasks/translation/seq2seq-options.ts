import { samplingScheduleOption } from "../sampling-schedule-option.ts";
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
  samplingScheduleOption,
];
