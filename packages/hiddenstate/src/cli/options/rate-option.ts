import type { Option } from "commander";
import { numberOption } from "./number-option.ts";

/** How much of what is usual is called odd, for models that watch. */
export const rateOption = (): Option =>
  numberOption(
    "--rate <share>",
    "share of usual lines of a text, or values of a series, to call odd: false alarms to put up with (default: 0.01)",
    { above: 0, below: 1 },
  );
