import { type ConsideredKernels, type EngineInfo, version } from "@hiddenstate/core";
import { Command } from "commander";
import { type EngineChoice, startEngine } from "../../engine.ts";
import { count } from "../../format.ts";
import { describeHost, type Host } from "../machine/host.ts";
import { measureSpeed } from "../machine/measure-speed.ts";
import { engineOptions } from "../options/engine-options.ts";
import { Output } from "../output.ts";
import type { Session } from "../session.ts";

interface DoctorFlags extends EngineChoice {
  json?: true;
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
  const engine = await startEngine(choice);
  const { backend, instructionSet, considered, threads } = engine;
  const host = describeHost();
  const reason = spoken(considered.find(({ chosen }) => chosen)!.reason);
  const threadsReason = spoken(engine.threadsReason);
  const speed = measureSpeed();
  const advice = adviceFor(engine, host);
  output.record({
    type: "doctor",
    version,
    ...host,
    backend,
    instructionSet,
    reason,
    threads,
    threadsReason,
    considered,
    ...speed,
    advice,
  });
  const others = considered.filter(({ chosen }) => !chosen);
  const rows: [string, string][] = [
    ["hiddenstate", version],
    ["Node", `${host.node} (V8 ${host.v8})`],
    ["machine", `${host.platform} ${host.architecture}, ${host.processor}, ${host.cores} cores`],
    ["memory", `${count(host.memoryMb)} MB, ${count(host.freeMemoryMb)} MB free`],
    ["shared memory", yesOrNo(host.sharedMemory)],
    ["SIMD", yesOrNo(host.simd)],
    [
      "relaxed SIMD",
      yesOrNo(host.relaxedSimd) + (host.relaxedSimd && !before.relaxedSimd ? ", turned on at run time" : ""),
    ],
    ["backend", `${backend} (${instructionSet}): ${reason}`],
    ...others.map((one): [string, string] => ["not chosen", `${nameOf(one)}: ${one.reason}`]),
    ["threads", `${threads}: ${threadsReason}`],
    ["matrix product", `${speed.matrixGflops.toFixed(1)} GFLOP/s`],
    [
      "LSTM training",
      `${speed.lstmGflops.toFixed(1)} GFLOP/s, ${count(speed.lstmTokensPerSecond)} tokens/s a layer of 256`,
    ],
    ...advice.map((line): [string, string] => ["faster with", line]),
  ];
  output.noteEngine();
  for (const [name, value] of rows) output.say(name.padEnd(16) + value);
  return 0;
}

/** The engine was started by this command. */
const spoken = (reason: string): string => reason.replace("engine.init", "the command line");

const yesOrNo = (value: boolean): string => (value ? "yes" : "no");

const nameOf = ({ backend, instructionSet }: ConsideredKernels): string =>
  instructionSet === null ? backend : `${backend} (${instructionSet})`;

/** What would be faster, in plain words; empty if nothing is known to be. */
function adviceFor({ backend, considered }: EngineInfo, { node }: Host): string[] {
  const advice: string[] = [];
  const best = considered.find(({ available }) => available);
  if (best && !best.chosen) advice.push(`${nameOf(best)}, which runs here: leave --backend and --instruction-set out`);
  const major = Number(/^v(\d+)/.exec(node)?.[1]);
  if (backend === "wasm" && major < 24)
    advice.push("Node 24 or newer, whose V8 makes better machine code of WebAssembly");
  return advice;
}
