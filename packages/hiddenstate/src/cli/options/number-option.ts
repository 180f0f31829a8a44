import { Option } from "commander";
import type { NumberRange } from "../../tasks/task-option.ts";
import { UsageError } from "../usage-error.ts";

/**
 * An option that takes a number in a range.
 *
 * @param flags as commander wants them, such as `"--hidden <size>"`
 * @throws UsageError `invalid`, when parsing, for anything else
 */
export function numberOption(flags: string, description: string, range: NumberRange): Option {
  const option = new Option(flags, description);
  return option.argParser((text: string) => parseNumber(option.long!, text, range));
}

function parseNumber(flag: string, text: string, range: NumberRange): number {
  // Number() alone would take "", " 1 ", "0x10" and "Infinity".
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  const inRange =
    (range.whole ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
    value >= (range.min ?? -Infinity) &&
    value <= (range.max ?? Infinity) &&
    value > (range.above ?? -Infinity) &&
    value < (range.below ?? Infinity);
  if (!inRange)
    throw new UsageError("invalid", `invalid ${flag}: got ${JSON.stringify(text)}, expected ${expectation(range)}`);
  return value;
}

function expectation({ whole, min, above, max, below }: NumberRange): string {
  const bounds = [
    min !== undefined && `at least ${min}`,
    above !== undefined && `above ${above}`,
    max !== undefined && `at most ${max}`,
    below !== undefined && `below ${below}`,
  ].filter((bound) => bound !== false);
  return [whole ? "a whole number" : "a number", bounds.join(" and ")].filter((part) => part !== "").join(" ");
}
