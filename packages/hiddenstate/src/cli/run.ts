import { HiddenstateError } from "@hiddenstate/core";
import { type Command, CommanderError } from "commander";
import { Output } from "./output.ts";
import { makeProgram } from "./program.ts";
import type { Session } from "./session.ts";
import { toldError } from "./told-error.ts";
import { UsageError } from "./usage-error.ts";

const failed = 1;
const wrongUse = 2;

/** For programs that call the command line in their own. */
export interface RunOptions {
  /** Whether commands end with what to do next. Default true. */
  suggestions?: boolean;
}

/**
 * Runs one command line to its end.
 *
 * @param words what stands after the program's name
 * @returns the exit code: 0 done, 1 failed, 2 wrong use, 130 interrupted with everything saved
 */
export async function run(words: readonly string[], { suggestions = true }: RunOptions = {}): Promise<number> {
  const session: Session = { exitCode: 0, suggestions };
  const program = makeProgram(session);
  // The words may be wrong in any way, so this is asked of the words themselves.
  const output = new Output(words.includes("--json"));
  const command = program.commands.find((one) => one.name() === words[0]);
  try {
    if (words.length === 0) {
      output.note(program.helpInformation().trimEnd());
      return wrongUse;
    }
    await program.parseAsync(words, { from: "user" });
    return session.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const { code, message, exitCode } = describe(error, command);
    output.note(`hiddenstate: ${message}`);
    output.record({ type: "error", code, message });
    return exitCode;
  }
}

function describe(error: unknown, called?: Command): { code: string; message: string; exitCode: number } {
  const command = called?.name();
  const place = command === undefined ? "" : `${command}: `;
  if (error instanceof CommanderError) {
    const message = `${place}${oneSentence(error.message)}; see hiddenstate ${command ?? ""} --help`.replace("  ", " ");
    return { code: codeOf(error), message, exitCode: wrongUse };
  }
  if (error instanceof UsageError) return { code: error.code, message: `${place}${error.message}`, exitCode: wrongUse };
  if (isOutOfMemory(error)) {
    const message =
      `${place}out of memory: a single array asked for more than there is; use a smaller model (--hidden, --layers) or ` +
      "smaller steps (--batch, --bptt)";
    return { code: "out-of-memory", message, exitCode: failed };
  }
  if (error instanceof HiddenstateError) {
    const told = toldError(error, called);
    return { code: error.code, message: told.message, exitCode: told.wrongUse ? wrongUse : failed };
  }
  // Nobody meant to throw this: whoever reports it needs to know where it came from.
  const stack = error instanceof Error ? error.stack : String(error);
  return { code: "unexpected", message: `unexpected fault, please report it: ${stack}`, exitCode: failed };
}

/** Whether JavaScript itself could not give an array its room. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof RangeError && /allocation failed|invalid (typed )?array length/i.test(error.message);
}

/** Commander's message in our form: `unknown option '--hiden'; did you mean --hidden?`. */
function oneSentence(message: string): string {
  return message
    .replace(/^error: /, "")
    .replace(/\n\(Did you mean (.*)\?\)$/s, "; did you mean $1?")
    .replace(/\.$/, "");
}

function codeOf(error: CommanderError): string {
  if (/unknown|excess/i.test(error.code)) return "unknown";
  if (/missing|optionMissing/i.test(error.code)) return "missing";
  if (/conflict/i.test(error.code)) return "mismatch";
  return "invalid";
}
