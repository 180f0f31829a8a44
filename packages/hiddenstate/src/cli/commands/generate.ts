import type { GenerateOptions } from "@hiddenstate/core";
import { text as allOf } from "node:stream/consumers";
import { Command, Option } from "commander";
import type { EngineChoice } from "../../engine.ts";
import { load } from "../../load.ts";
import { Interruption, interruptedCode } from "../interruption.ts";
import { engineOptions } from "../options/engine-options.ts";
import { numberOption } from "../options/number-option.ts";
import { samplingOptions } from "../options/sampling-options.ts";
import { Output } from "../output.ts";
import type { Session } from "../session.ts";

interface GenerateFlags extends GenerateOptions, EngineChoice {
  json?: true;
}

export function generateCommand(session: Session): Command {
  const command = new Command("generate")
    .summary("let a model write")
    .description(
      "Let a model write: each token is drawn from what the model expects after all before it, and shown at once.",
    )
    .argument("<model>", "the model's folder")
    .option(
      "--prompt <text>",
      "what to go on from, or - for standard input without its last line's end (default: nothing, the model starts afresh)",
    )
    .addOption(
      new Option("--stop <text>", String.raw`end before this text, if it is written; \n is a line's end`).argParser(
        (text: string) => text.replaceAll(String.raw`\n`, "\n"),
      ),
    )
    .addOption(numberOption("--length <n>", "tokens to write", { whole: true, min: 0 }).default(400));
  for (const option of [...samplingOptions(), ...engineOptions()]) command.addOption(option);
  return command
    .addHelpText(
      "after",
      `
Examples:
  hiddenstate generate runs/book --prompt "It was" --length 300
  hiddenstate generate runs/book --temperature 0.7 --top-p 0.95 --seed 7
  hiddenstate generate runs/book --prompt - < beginning.txt
  hiddenstate generate runs/book --prompt "It was" --stop "."
  hiddenstate generate runs/book --length 1000000 | head -n 20`,
    )
    .action(async (folder: string, flags: GenerateFlags) => {
      session.exitCode = await runGeneration(folder, flags);
    });
}

async function runGeneration(
  folder: string,
  { json, backend, instructionSet, threads, ...options }: GenerateFlags,
): Promise<number> {
  const output = new Output(json ?? false);
  const model = await load(folder, { task: "lm", backend, instructionSet, threads });
  output.noteEngine();
  using interruption = new Interruption().listen();
  const prompt = options.prompt === "-" ? (await allOf(process.stdin)).replace(/\r?\n$/, "") : options.prompt;
  let text = "";
  const pieces = model.generate({ ...options, prompt });
  // Drawing the first piece checks prompt and options; nothing is shown before.
  let next = await pieces.next();
  output.write(prompt ?? "");
  while (!next.done && output.listening && !interruption.signal.aborted) {
    text += next.value;
    output.write(next.value);
    next = await pieces.next();
  }
  output.write("\n");
  output.record({ type: "generation", prompt: prompt ?? "", text });
  return interruption.signal.aborted ? interruptedCode : 0;
}
