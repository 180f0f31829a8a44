import { version } from "@hiddenstate/core";
import { Command } from "commander";
import { type EngineChoice, startEngine } from "../engine.ts";
import { engineOptions } from "./engine-options.ts";
import { count } from "./format.ts";
import { describeHost, type Host } from "./host.ts";
import { measureSpeed } from "./measure.ts";
import { Output } from "./output.ts";
import type { Session } from "./program.ts";

interface DoctorFlags extends EngineChoice {
  json?: true;
}

/** What computes, out of all that could. */
interface Chosen {
  backend: string;
  instructionSet: string;
  /** What the user asked for. */
  choice: EngineChoice;
  /** The host as it was before the engine started, and as it is. */
  before: Host;
  now: Host;
}

export function doctorCommand(session: Session): Command {
  const command = new Command("doctor")
    .summary("say what computes here, why, and how fast")
    .description(
      "Say what this machine and this Node offer, what was chosen to compute and why, how fast that is, and what would be faster.",
    );
  for (const option of engineOptions()) command.addOption(option);
  return command
    .addHelpText(
      "after",
      `
Examples:
  hiddenstate doctor
  hiddenstate doctor --instruction-set simd128    how fast it would be without relaxed SIMD`,
    )
    .action(async (flags: DoctorFlags) => {
      session.exitCode = await runDoctor(flags);
    });
}

async function runDoctor({ json, ...choice }: DoctorFlags): Promise<number> {
  const output = new Output(json ?? false);
  const before = describeHost();
  const { backend, instructionSet } = await startEngine(choice);
  const chosen = { backend, instructionSet, choice, before, now: describeHost() };
  const { now } = chosen;
  const reason = reasonFor(chosen);
  const speed = measureSpeed();
  const advice = adviceFor(chosen);
  output.record({ type: "doctor", version, ...now, backend, instructionSet, reason, ...speed, advice });
  const rows: [string, string][] = [
    ["hiddenstate", version],
    ["Node", `${now.node} (V8 ${now.v8})`],
    ["machine", `${now.platform} ${now.architecture}, ${now.processor}`],
    ["cores", `${now.cores}; one is used`],
    ["memory", `${count(now.memoryMb)} MB, ${count(now.freeMemoryMb)} MB free`],
    ["shared memory", yesOrNo(now.sharedMemory)],
    ["SIMD", yesOrNo(now.simd)],
    [
      "relaxed SIMD",
      yesOrNo(now.relaxedSimd) + (now.relaxedSimd && !before.relaxedSimd ? ", turned on at run time" : ""),
    ],
    ["backend", `${backend} (${instructionSet}): ${reason}`],
    ["matrix product", `${speed.matrixGflops.toFixed(1)} GFLOP/s`],
    [
      "LSTM training",
      `${speed.lstmGflops.toFixed(1)} GFLOP/s, ${count(speed.lstmTokensPerSecond)} tokens/s a layer of 256`,
    ],
    ...advice.map((line): [string, string] => ["faster with", line]),
  ];
  for (const [name, value] of rows) output.say(name.padEnd(16) + value);
  return 0;
}

const yesOrNo = (value: boolean): string => (value ? "yes" : "no");

function reasonFor({ backend, instructionSet, choice, before, now }: Chosen): string {
  if (backend === "reference" || choice.instructionSet !== undefined) return "asked for";
  if (instructionSet !== "relaxed") return "the fastest here, for want of relaxed SIMD";
  const how = before.relaxedSimd || !now.relaxedSimd ? "" : ", which this Node has behind a flag";
  return `the fastest here, with fused multiply-add${how}`;
}

/** What would be faster, in plain words; empty if nothing is known to be. */
function adviceFor({ backend, instructionSet, now }: Chosen): string[] {
  const advice: string[] = [];
  if (backend === "reference") advice.push("--backend wasm: the reference is there to be read and to check others");
  else if (instructionSet === "simd128" && now.relaxedSimd) advice.push("--instruction-set relaxed, which runs here");
  const major = Number(/^v(\d+)/.exec(now.node)?.[1]);
  if (major < 24) advice.push("Node 24 or newer, which makes better machine code of the same kernels");
  return advice;
}
