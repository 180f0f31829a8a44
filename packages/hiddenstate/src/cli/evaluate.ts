import { Command } from "commander";
import type { EngineChoice } from "../engine.ts";
import { openText } from "../files/open-texts.ts";
import { load } from "../load.ts";
import { engineOptions } from "./engine-options.ts";
import { count, duration } from "./format.ts";
import { Interruption, interruptedCode } from "./interruption.ts";
import { describeLoss } from "./loss.ts";
import { Output } from "./output.ts";
import type { Session } from "./program.ts";

interface EvaluateFlags extends EngineChoice {
  json?: true;
}

export function evaluateCommand(session: Session): Command {
  const command = new Command("evaluate")
    .summary("measure how well a model predicts a text")
    .description(
      "Measure how well a model predicts a text that it was not trained on: the mean loss of a token in nats and in bits, " +
        "and the perplexity. The text is read from its beginning to its end with carried state.",
    )
    .argument("<model>", "the model's folder")
    .argument("<data>", "the text to read, UTF-8");
  for (const option of engineOptions()) command.addOption(option);
  return command
    .addHelpText(
      "after",
      `
Examples:
  hiddenstate evaluate runs/book other-book.txt
  hiddenstate evaluate runs/book other-book.txt --json | jq .loss`,
    )
    .action(async (folder: string, data: string, flags: EvaluateFlags) => {
      session.exitCode = await runEvaluation(folder, data, flags);
    });
}

async function runEvaluation(folder: string, data: string, { json, ...engine }: EvaluateFlags): Promise<number> {
  const output = new Output(json ?? false);
  const model = await load(folder, engine);
  output.noteEngine();
  const { text, close } = await openText(data, model.tokenizer);
  using interruption = new Interruption(() => output.note("interrupted")).listen();
  const result = await model.evaluate(text, { signal: interruption.signal }).finally(close);
  if (interruption.signal.aborted) return interruptedCode;
  output.record({ type: "evaluation", ...result });
  output.say(`loss ${describeLoss(result.loss, model.tokenizer.kind)}`);
  output.say(`${count(result.tokens)} tokens in ${duration(result.seconds)}`);
  return 0;
}
