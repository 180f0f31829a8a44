import type { Option } from "commander";
import { numberOption } from "./number-option.ts";

/** Flags of how tokens are drawn, of all commands that write. */
export const samplingOptions = (): Option[] => [
  numberOption(
    "--temperature <t>",
    "of the draws: below 1 more predictable, above 1 more varied, 0 always the likeliest (default: 1)",
    { min: 0 },
  ),
  numberOption("--top-k <k>", "draw among the k likeliest only (default: all)", { whole: true, min: 1 }),
  numberOption("--top-p <p>", "draw among the likeliest that together have this probability (default: 1)", {
    above: 0,
    max: 1,
  }),
  numberOption("--seed <n>", "key of the draws: the same seed writes the same text (default: 0)", {
    whole: true,
    min: 0,
  }),
];
