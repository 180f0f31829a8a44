import type { Option } from "commander";
import { numberOption } from "./number-option.ts";

/** The flag of commands that let models of several tasks work, one of which writes. */
export const beamOption = (): Option =>
  numberOption("--beam <n>", "texts: follow so many beginnings and give the best of all (default: token by token)", {
    whole: true,
    min: 1,
  });
