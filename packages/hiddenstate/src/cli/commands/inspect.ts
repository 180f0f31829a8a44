import type { InspectionProgress } from "@hiddenstate/core";
import { Command, Option } from "commander";
import { followedLines } from "../../inspect/followed-lines.ts";
import { inspect, type InspectOptions, type ModelInspection } from "../../inspect/inspect-model.ts";
import { inspectionPage, type PageSection, placeOf } from "../../inspect/page.ts";
import { saveInspection } from "../../inspect/save-inspection.ts";
import { wrapWords } from "../../wrap-words.ts";
import { Interruption, interruptedCode } from "../interruption.ts";
import { engineOptions } from "../options/engine-options.ts";
import { numberOption } from "../options/number-option.ts";
import { Output } from "../output.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

interface InspectFlags extends Omit<InspectOptions, "model" | "data" | "signal" | "onProgress"> {
  json?: true;
  out?: string;
}

/** Letters of a line of the page. */
const pageWidth = 100;

const positive = { whole: true, min: 1 } as const;

export function inspectCommand(session: Session): Command {
  const command = new Command("inspect")
    .summary("see what a model remembers, and what window its training should use")
    .description(
      "See how far a recurrent network's gradients reach, how much of the past its predictions use, whether its state shrinks or explodes, " +
        "what its gates do, how its training went, and what window the training should use.",
    )
    .argument("<model>", "the model's folder")
    .argument(
      "[data]",
      "data as the training's, best held out; without it the page tells of the model and its training alone",
    )
    .addOption(numberOption("--lags <k>", "the furthest lag of the gradient flow (default: 200)", positive))
    .addOption(numberOption("--context <k>", "the longest context to cut the past to (default: 512)", positive))
    .addOption(numberOption("--window <steps>", "it was trained with (default: what its folder says)", positive))
    .addOption(
      new Option(
        "--unit <layer:unit>",
        "the unit to follow along the data, both from 1 (default: the most telling)",
      ).argParser(parseUnit),
    )
    .option("--gate <name>", "what of the unit: a gate, hidden or cell (default: cell, else hidden)")
    .addOption(
      numberOption("--follow <steps>", "of the data to follow it along (default: 240)", { whole: true, min: 8 }),
    )
    .option("--out <folder>", "also a page with pictures: index.html, and each picture as SVG and PNG");
  for (const option of engineOptions()) command.addOption(option);
  return command
    .addHelpText(
      "after",
      `
Examples:
  hiddenstate inspect runs/book other-book.txt
  hiddenstate inspect runs/book other-book.txt --unit 2:17 --gate forget
  hiddenstate inspect runs/book other-book.txt --out book-inside
  hiddenstate inspect runs/book other-book.txt --json | jq .report.advice`,
    )
    .action(async (model: string, data: string | undefined, flags: InspectFlags) => {
      session.exitCode = await runInspection(model, data, flags);
    });
}

async function runInspection(
  model: string,
  data: string | undefined,
  { json, unit, gate, out, ...options }: InspectFlags,
): Promise<number> {
  const output = new Output(json ?? false);
  using interruption = new Interruption(() => output.note("interrupted")).listen();
  const { signal } = interruption;
  const progress = new PartLine();
  let found: ModelInspection;
  try {
    const onProgress = (part: InspectionProgress): void => progress.show(part);
    found = await inspect({ ...options, model, data, unit, gate, signal, onProgress });
  } catch (fault) {
    if (signal.aborted) return interruptedCode;
    throw fault;
  } finally {
    progress.clear();
  }
  output.noteEngine();
  const { followed } = found;
  output.record({ type: "inspection", ...found });
  const colors = !output.json && process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
  const strong = (text: string): string => (colors ? `\u001b[1m${text}\u001b[22m` : text);
  const faint = (text: string): string => (colors ? `\u001b[2m${text}\u001b[22m` : text);
  const page = inspectionPage(found);
  for (const line of page.head) output.say(strong(line));
  const say = ({ title, about, table, sentences }: PageSection): void => {
    output.say("");
    output.say(strong(title) + (about === "" ? "" : `  ${faint(about)}`));
    for (const line of [...table, ...sentences.flatMap((one) => wrapWords(one, pageWidth, "  "))])
      output.say(`  ${line}`);
  };
  const last = page.sections.at(-1)!;
  for (const section of page.sections.slice(0, -1)) say(section);
  if (followed) {
    const what = { cell: "tanh(c)", hidden: "h", state: "h" }[followed.signal] ?? `${followed.signal} gate`;
    const { layer, unit: number } = followed;
    const about = `${placeOf(layer, "forward")}, unit ${number + 1}, ${what}`;
    say({ title: "A unit at work", about, table: followedLines(followed, colors), sentences: [] });
  }
  say(last);
  if (out !== undefined) {
    await saveInspection(found, out);
    output.say("");
    output.say(`pictures in ${out}: open ${out}/index.html`);
  }
  return 0;
}

function parseUnit(text: string): { layer: number; unit: number } {
  const [, layer, unit] = /^([1-9]\d*):([1-9]\d*)$/.exec(text) ?? [];
  if (layer === undefined)
    throw new UsageError("invalid", `invalid --unit: got ${JSON.stringify(text)}, expected layer:unit, such as 2:17`);
  return { layer: Number(layer) - 1, unit: Number(unit) - 1 };
}

/** On a terminal, what is being measured. */
class PartLine {
  #part = "";

  show({ part }: InspectionProgress): void {
    if (!process.stderr.isTTY || part === this.#part) return;
    this.#part = part;
    process.stderr.write(`\r\u001b[Kmeasuring: ${part}`);
  }

  clear(): void {
    if (this.#part !== "") process.stderr.write("\r\u001b[K");
    this.#part = "";
  }
}
