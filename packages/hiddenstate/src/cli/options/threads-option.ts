import { Option } from "commander";
import { UsageError } from "../usage-error.ts";

/** `--threads`: a number, or `auto`. */
export function threadsOption(): Option {
  const option = new Option("--threads <n>", "how many compute: a number, or auto, as many as pay (default: auto)");
  return option.argParser((text: string) => {
    if (text === "auto") return text;
    const threads = /^\d+$/.test(text) ? Number(text) : 0;
    if (Number.isSafeInteger(threads) && threads >= 1) return threads;
    throw new UsageError(
      "invalid",
      `invalid --threads: got ${JSON.stringify(text)}, expected auto or a whole number at least 1`,
    );
  });
}
