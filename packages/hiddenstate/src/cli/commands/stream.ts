import { HiddenstateError, version } from "@hiddenstate/core";
import { Command } from "commander";
import type { EngineChoice } from "../../engine.ts";
import { readJsonFile, writeJsonFile } from "../../files/json-file.ts";
import { linesOf } from "../../files/lines-of.ts";
import { count } from "../../format.ts";
import { load } from "../../load.ts";
import { taskOf } from "../../tasks/tasks.ts";
import type { Watch } from "../../tasks/watch.ts";
import { Interruption, interruptedCode } from "../interruption.ts";
import { engineOptions } from "../options/engine-options.ts";
import { refuseFlagsOfOthers } from "../options/flags-of-others.ts";
import { rateOption } from "../options/rate-option.ts";
import { Output } from "../output.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

interface StreamFlags extends EngineChoice {
  rate?: number;
  history?: string;
  state?: string;
  tokens?: true;
  json?: true;
}

/** A state as it lies in a file. */
interface SavedState {
  version: string;
  task: string;
  watch: unknown;
}

/** Milliseconds between two savings of the state, and that the event loop may stand still. */
const [savingInterval, longestTurn] = [10_000, 50];

export function streamCommand(session: Session): Command {
  const command = new Command("stream")
    .summary("watch what comes in, line by line, and say what is odd")
    .description(
      "Read lines from standard input as they come and say of each, in a line of JSON at once, how odd it is: for a language model how surprising a " +
        "line of a text or an event log is, for a forecaster how far a value is from what was forecast of it. What came before is remembered. " +
        "What is odd goes by held-out data: a share of --rate of what is usual.",
    )
    .argument("<model>", "the model's folder")
    .addOption(rateOption())
    .option("--history <data>", "what came before, to be read first, in the form of the training's data")
    .option("--state <file>", "goes on from the state in this file, if there is one, and keeps it there")
    .option("--tokens", "language models: tell every token's surprisal, not only that of odd ones");
  for (const option of engineOptions()) command.addOption(option);
  return command
    .addHelpText(
      "after",
      `
Examples:
  tail -f access.log | hiddenstate stream runs/access | jq -c 'select(.odd)'
  sensor | hiddenstate stream runs/sensor --history sensor.csv --rate 0.001
  hiddenstate stream runs/access --state access.state < today.log`,
    )
    .action(async (folder: string, flags: StreamFlags) => {
      session.exitCode = await runStream(folder, flags);
    });
}

async function runStream(folder: string, flags: StreamFlags): Promise<number> {
  const { json, rate, history, state: path, tokens, ...engine } = flags;
  const output = new Output(json ?? false);
  const model = await load(folder, engine);
  output.noteEngine();
  const task = taskOf(model.task);
  if (!task.watch)
    throw new UsageError(
      "unsupported",
      `unsupported model ${folder}: it is ${task.noun}, for which each row stands for itself, so there is nothing to remember between lines; ` +
        "hiddenstate predict answers line by line too",
    );
  refuseFlagsOfOthers(task, folder, { tokens });
  const saved = path === undefined ? null : await savedState(path, model.task);
  if (saved && history !== undefined) output.note(`${path}: its state goes on; --history is not read`);
  const watch = await task.watch(model, {
    rate,
    tokens,
    notice: (text) => output.note(text),
    ...(saved ? { state: saved.watch } : { history }),
  });
  // Whoever waits for a line has to be woken: the input ends here.
  using interruption = new Interruption(() => process.stdin.destroy()).listen();
  const save = async (): Promise<void> => {
    if (path !== undefined)
      await writeJsonFile(path, { version, task: model.task, watch: watch.state() } satisfies SavedState);
  };
  let refused = 0;
  try {
    refused = await answer(watch, output, interruption.signal, save);
  } finally {
    await save();
    process.stdin.destroy();
  }
  if (refused > 0) output.note(`${count(refused)} line${refused > 1 ? "s" : ""} could not be read`);
  if (interruption.signal.aborted) return interruptedCode;
  return refused > 0 ? 1 : 0;
}

/** Answers each line at once. @returns how many lines could not be read */
async function answer(watch: Watch, output: Output, signal: AbortSignal, save: () => Promise<void>): Promise<number> {
  let [number, refused] = [0, 0];
  let [saved, turned] = [performance.now(), performance.now()];
  try {
    for await (const lines of linesOf(process.stdin)) {
      for (const line of lines) {
        number++;
        const told = tell(watch, line, number);
        if (told === null) continue;
        if ("type" in told && told.type === "error") refused++;
        await output.lines([told]);
        if (performance.now() - turned > longestTurn) {
          // Ctrl-C must arrive.
          await new Promise((resolve) => setImmediate(resolve));
          turned = performance.now();
        }
        if (signal.aborted || !output.listening) return refused;
      }
      if (performance.now() - saved > savingInterval) {
        await save();
        saved = performance.now();
      }
    }
  } catch (fault) {
    if (!signal.aborted) throw fault;
  }
  return refused;
}

/** What is said of a line; of one that can't be read, why. */
function tell(watch: Watch, line: string, number: number): object | null {
  try {
    return watch.push(line);
  } catch (error) {
    if (!(error instanceof HiddenstateError)) throw error;
    return { type: "error", line: number, code: error.code, message: error.message };
  }
}

async function savedState(path: string, task: string): Promise<SavedState | null> {
  const found = (await readJsonFile(path)) as Partial<SavedState> | null;
  if (found === null) return null;
  if (found.task === task && found.watch !== undefined) return found as SavedState;
  throw new HiddenstateError(
    "mismatch",
    `${path}: mismatch in state: it is ${typeof found.task === "string" ? `one of a model for ${found.task}` : "none of a stream"}, expected one of a model for ${task}; give another file`,
  );
}
