// The benchmarks: `npm run bench -- --help`.
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { parseCase, standardCases } from "./cases.js";
import { cellCosts } from "./cell-costs.js";
import { memory } from "./memory.js";
import { ParticipantError } from "./participant.js";
import { profile } from "./profile.js";
import { recompute } from "./recompute.js";
import { report } from "./report.js";
import { rows } from "./rows.js";
import { UsageError } from "./usage-error.js";

/** @param {string} text */
function wholeNumber(text) {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("expected a whole number from 1.");
  return value;
}

/** @param {string} name */
function caseNamed(name) {
  const shape = parseCase(name);
  if (shape) return shape;
  throw new InvalidArgumentError(
    `expected CELL-LxH-bB-tT-vV with cell rnn, lstm, gru or (without -mixed) transformer, and maybe -mixed, such as\n  ${standardCases.join("\n  ")}`,
  );
}

/** @param {string} name @param {ReturnType<typeof caseNamed>[]} before */
const moreCases = (name, before = []) => [...before, caseNamed(name)];

/** @param {string} path @param {string[]} before */
const morePaths = (path, before = []) => [...before, path];

const program = new Command("bench").description("measures Hiddenstate, and the peers that are installed beside it");
program
  .exitOverride()
  .addHelpText("after", "\nOptions without a command are those of rows: see `npm run bench -- rows --help`.");

/** @param {Command} command */
function withEngine(command) {
  return command
    .option("--backend <name>", "what computes, such as auto, wasm or reference", "auto")
    .option("--instruction-set <name>", "of the wasm kernels: relaxed or simd128; default: the best that runs here")
    .option("--threads <n>", "how many threads compute", wholeNumber, 1);
}

withEngine(program.command("rows", { isDefault: true }))
  .allowExcessArguments(false)
  .description("measures the cases (this is what runs without a command)")
  .option("--case <name>", "measure only this case; may be given more than once", moreCases)
  .option("--repeats <n>", "samples of everything", wholeNumber, 5)
  .option(
    "--undisturbed",
    "wait for a quiet machine, and take samples again that other programs disturbed; for one thread",
  )
  .option("--json", "one JSON object a line on standard output, nothing else there")
  .option("--peers", "measure the peers that are installed too (the default)", true)
  .option("--no-peers", "measure Hiddenstate only")
  .option("--also-node <path>", "another Node to measure in the same run; may be given more than once", morePaths)
  .option("--save <file>", "write a results file for the report")
  .action(rows);

program
  .command("memory")
  .description("trains, evaluates and generates for many steps, and fails if any memory grows")
  .option("--backend <name>", "what computes, such as auto, wasm or reference", "auto")
  .option("--steps <n>", "training steps", wholeNumber, 10_000)
  .option("--json", "one JSON object a line on standard output, nothing else there")
  .option("--save <file>", "write a results file for the report")
  .action(memory);

withEngine(program.command("profile"))
  .description("which kernels a training step's time goes to")
  .option("--case <name>", "what to train", caseNamed, caseNamed("lstm-2x256-b32-t64-v64"))
  .option("--steps <n>", "training steps to time", wholeNumber, 10)
  .addOption(
    new Option("--clock <name>", "wall; or processor, which a busy machine cannot disturb, for one thread")
      .choices(["wall", "processor"])
      .default("wall"),
  )
  .option("--json", "one JSON object a line on standard output, nothing else there")
  .action(profile);

withEngine(program.command("cells"))
  .description(
    "what cell options, minGRU and minLSTM cost beside the plain cells, in one process, step by step in turn",
  )
  .option("--rounds <n>", "steps of everything", wholeNumber, 15)
  .addOption(
    new Option("--clock <name>", "wall; or processor, which a busy machine cannot disturb, for one thread")
      .choices(["wall", "processor"])
      .default("wall"),
  )
  .option("--json", "one JSON object a line on standard output, nothing else there")
  .option("--save <file>", "write a results file for the report")
  .action(cellCosts);

withEngine(program.command("recompute"))
  .description("what recompute: true saves in memory and costs in time, on long sequences")
  .option("--case <name>", "measure only this case; may be given more than once", moreCases)
  .option("--repeats <n>", "samples of each", wholeNumber, 5)
  .option("--json", "one JSON object a line on standard output, nothing else there")
  .option("--save <file>", "write a results file for the report")
  .action((options) => recompute(options, caseNamed));

program
  .command("report")
  .description("writes the tables of docs/performance.md from bench/results")
  .option("--check", "write nothing; fail if the tables are not those of the results")
  .action(report);

// A signal's own end would pass over what is to happen at the exit: ending the peers.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof ParticipantError || error instanceof UsageError) {
    console.error(`bench: ${error.message}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  } else throw error;
}
