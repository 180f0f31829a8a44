import { Option } from "commander";
import { UsageError } from "../usage-error.ts";

/**
 * An option that takes one of a few words.
 *
 * @param flags as commander wants them, such as `"--cell <cell>"`
 * @throws UsageError `invalid`, when parsing, for another word
 */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  const option = new Option(flags, description).choices(choices);
  return option.argParser((text: string) => {
    if (choices.includes(text)) return text;
    const expected = `${choices.length > 1 ? "one of " : ""}${choices.join(", ")}`;
    throw new UsageError("invalid", `invalid ${option.long}: got ${JSON.stringify(text)}, expected ${expected}`);
  });
}
