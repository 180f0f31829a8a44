import { Option } from "commander";
import { UsageError } from "../usage-error.ts";

/** An option with levels between 0 and 1, which may be given in percent, with commas between. */
export function levelsOption(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.argParser((text: string) =>
    text.split(",").map((part) => {
      const number = Number(part.trim().replace(/%$/, ""));
      const level = number >= 1 || part.includes("%") ? number / 100 : number;
      if (part.trim() !== "" && level > 0 && level < 1) return level;
      throw new UsageError(
        "invalid",
        `invalid ${option.long}: got ${JSON.stringify(part)}, expected numbers between 0 and 100 (percent), such as 80,95`,
      );
    }),
  );
}
