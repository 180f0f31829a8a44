import type { TranslateOptions } from "@hiddenstate/core";
import { Command, Option } from "commander";
import type { EngineChoice } from "../../engine.ts";
import { load } from "../../load.ts";
import { checkPictureFile } from "../../pictures/picture.ts";
import { answerSources } from "../../tasks/translation/answer-sources.ts";
import { attentionPicture } from "../../tasks/translation/attention-picture.ts";
import { readSources } from "../../tasks/translation/read-pairs.ts";
import { Interruption, interruptedCode } from "../interruption.ts";
import { engineOptions } from "../options/engine-options.ts";
import { numberOption } from "../options/number-option.ts";
import { samplingOptions } from "../options/sampling-options.ts";
import { Output } from "../output.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

type Writing = Omit<TranslateOptions, "signal" | "places">;

interface TranslateFlags extends Writing, EngineChoice {
  picture?: string;
  json?: true;
}

const positive = { whole: true, min: 1 } as const;

/** What is said of an empty line. */
const nothing = { text: "", empty: true };

/** Texts written at a time: what somebody waits for, and what keeps the processors busy. */
const together = 1024;

export function translateCommand(session: Session): Command {
  const command = new Command("translate")
    .summary("let a model write a text from each text")
    .description(
      "Write what each text becomes: a line for each line of the files, of which a table's column of sources is read, or of standard input; for an empty line an empty one. " +
        "Without options the likeliest token at each step.",
    )
    .argument("<model>", "the model's folder")
    .argument("[texts...]", "files to read: a text in each line, or as the training's data was")
    .addOption(numberOption("--beam <n>", "beam search: follow so many beginnings, and give the best of all", positive))
    .addOption(
      numberOption("--length-penalty <a>", "beam search: divides ln p by ((5 + length) / 6)^a (default: 0.6)", {
        min: 0,
      }),
    );
  command.addOption(
    new Option("--sample", "draw each token at random, as --temperature, --top-k or --top-p do without it"),
  );
  for (const option of samplingOptions()) command.addOption(option);
  command
    .addOption(
      numberOption("--longest <n>", "most tokens of a text (default: half as many again as in training)", positive),
    )
    .addOption(
      new Option(
        "--attention",
        "with --json: tell how much each token of the source counted for each written one (--picture draws it)",
      ),
    )
    .option("--picture <file>", "draw what the first text's tokens looked at: a file that ends in .svg, .png or .html");
  for (const option of engineOptions()) command.addOption(option);
  return command
    .addHelpText(
      "after",
      `
Examples:
  echo "the 5th of March 2024" | hiddenstate translate runs/dates
  hiddenstate translate runs/dates dates.txt --beam 4 > iso.txt
  hiddenstate translate runs/dates dates.txt --beam 4 --json | jq .alternatives
  echo "5 March 2024" | hiddenstate translate runs/dates --picture attention.png`,
    )
    .action(async (folder: string, paths: string[], flags: TranslateFlags) => {
      session.exitCode = await runTranslation(folder, paths, flags);
    });
}

async function runTranslation(folder: string, paths: string[], flags: TranslateFlags): Promise<number> {
  const { json, picture, backend, instructionSet, threads, ...options } = flags;
  const output = new Output(json ?? false);
  if (picture !== undefined) checkPictureFile(picture);
  if (options.attention && !json)
    throw new UsageError(
      "mismatch",
      "mismatch in --attention: its numbers stand in the records of --json, and lines of text have no room for them; " +
        "add --json, or draw them with --picture attention.png",
    );
  const model = await load(folder, { task: "seq2seq", backend, instructionSet, threads });
  output.noteEngine();
  // Whoever waits for a line has to be woken: the input ends here.
  using interruption = new Interruption(() => void (paths.length === 0 && process.stdin.destroy())).listen();
  const { signal } = interruption;
  let drawn = picture === undefined;
  try {
    for await (const asked of readSources({ paths, input: process.stdin }, model.config.source ?? {})) {
      for (let start = 0; start < asked.length && output.listening; start += together) {
        const part = asked.slice(start, start + together);
        const written = await answerSources(model, part, { ...options, signal });
        written.forEach((translation, i) => {
          output.record({ type: "translation", source: part[i].text, ...(translation ?? nothing) });
          // Texts are lines here, whatever they hold.
          output.say(translation?.text.replaceAll("\n", String.raw`\n`) ?? "");
        });
        const first = part.find(({ empty }) => !empty);
        if (!drawn && first) {
          drawn = true;
          const [shown] = await answerSources(model, [first], { ...options, attention: true, signal });
          const { text, attention } = shown!;
          await (await attentionPicture(`“${first.text}” becomes “${text}”`, attention!)).save(picture!);
          output.note(`drawn in ${picture}`);
        }
      }
      if (signal.aborted || !output.listening) break;
    }
  } catch (fault) {
    if (!signal.aborted) throw fault;
  }
  if (!drawn && !signal.aborted) output.note(`${picture} was not drawn: there was no text to write of`);
  return signal.aborted ? interruptedCode : 0;
}
