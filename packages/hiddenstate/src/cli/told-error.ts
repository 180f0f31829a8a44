import type { HiddenstateError } from "@hiddenstate/core";
import type { Command, Option } from "commander";
import { taskOptions } from "./options/task-options.ts";

/** An error of the library as the command line tells it. */
export interface ToldError {
  message: string;
  /** Whether the command was called wrongly: what stands on the command line is at fault, and not the data or the machine. */
  wrongUse: boolean;
}

/** Flags whose values name what lies on the disk: whatever is wrong with that is no wrong use. */
const ofPlaces = new Set(["out", "from", "validation", "history", "state"]);

/** Names of options that are words of their own: they are flags where a value follows, or where the sentence is about them. */
const everyday = new Set(
  "text label target group inputs source value date id known observed words tags data steps epochs minutes batch seed prompt state history last from resume".split(
    " ",
  ),
);

/** How a message begins, before it says what is wrong: `train: mismatch in`, `unsupported`. */
const faults = /^((?:[\w ]+: )?(?:invalid|mismatch in|unsupported|missing|unknown) )/;
const subject = new RegExp(`${faults.source}(\\w+)`);

/** Words before the name of an option, in advice. */
const before = "with|without|smaller|larger|shorter|longer|leave|use";

/** Functions of the library that a message may begin with, which nobody called by name here. */
const libraryPlace = /^(?:new [A-Z]\w*|[a-z]+[A-Z]\w*(?:\.\w+)?|(?:model|forecaster|tokenizer)\.\w+): /;

/**
 * Tells an error of the library as what it is for the command line: with flags for the names of options, and as wrong use where it is about a flag that
 * was given, or about a model that is none for the command.
 *
 * @param command the one that threw
 */
export function toldError(error: HiddenstateError, command: Command | undefined): ToldError {
  const place = command === undefined ? "" : `${command.name()}: `;
  const said = error.message.replace(libraryPlace, place);
  const [, , about = ""] = subject.exec(said) ?? [];
  const given = command?.getOptionValueSource(about) === "cli" && !ofPlaces.has(about);
  const otherModel = /^(load: mismatch in task|(\w+: )?unsupported model)\b/.test(said);
  const own = command?.options ?? [];
  // Advice to train otherwise names flags of `train`; a command that trains has all that it knows of itself.
  const trains = own.some((option) => option.attributeName() === "hidden");
  const flags = trains ? own : [...taskOptions(), ...own];
  const message = withFlags(said, flags, given ? about : undefined);
  return { message, wrongUse: given || otherModel };
}

/**
 * A message with flags for the names that options have in the library.
 *
 * @param given the option that it is about, where that was given
 * @example
 * withFlags("train: mismatch in momentum: it does nothing with optimizer adam", options);   // "... in --momentum: ... with --optimizer adam"
 */
export function withFlags(message: string, options: readonly Option[], given?: string): string {
  let told = message.replaceAll(/\bhiddenSize\b/g, "hidden").replaceAll(/\(resume(: true)?\)/g, "(--resume)");
  for (const option of options) {
    const [name, flag] = [option.attributeName(), option.long!];
    // What a flag switches off has another name than the flag.
    if ((option.presetArg === false && name !== given) || name === "json") continue;
    const word = `(?<![-\\w./"])${name}(?![-\\w/]|\\.\\w)`;
    const choices = (option.argChoices ?? []).join("|");
    if (/[A-Z]/.test(name)) told = told.replaceAll(new RegExp(`${word}(: true)?`, "g"), flag);
    if (choices !== "") told = told.replaceAll(new RegExp(`${word} "?(${choices})\\b"?`, "g"), `${flag} $1`);
    if (name === given || !everyday.has(name))
      told = told.replace(new RegExp(`${faults.source}${word}(?! size)`), `$1${flag}`);
    // In brackets stands what to give, and where a run is gone on with what it was given.
    told = told
      .replaceAll(`(${name})`, `(${flag})`)
      .replaceAll(new RegExp(`(?<=otherwise: |; )${word}(?= was )`, "g"), flag);
    if (!everyday.has(name))
      told = told
        .replaceAll(new RegExp(`${word}(?= \\d)`, "g"), flag)
        .replaceAll(new RegExp(`\\b(${before}) ${word}(: true)?`, "g"), `$1 ${flag}`);
  }
  return told;
}
