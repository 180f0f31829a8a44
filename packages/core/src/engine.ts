import {
  type Backend,
  backends,
  chooseKernels,
  type ConsideredKernels,
  type InstructionSet,
  instructionSets,
} from "./kernels/choose.ts";
import { kernelRequest } from "./kernels/kernel-request.ts";
import type { KernelSet, Precision } from "./kernels/kernels.ts";
import { type ThreadCount, threadCount } from "./kernels/threads/thread-count.ts";
import { currentRuntime, Runtime, runtime, setRuntime } from "./memory/runtime.ts";
import { scope } from "./memory/scope.ts";
import { type OptionRule, resolveOptions } from "./options.ts";

export interface EngineOptions {
  /** Default `"auto"`: what the environment variable HIDDENSTATE_BACKEND names, else the fastest that runs here. */
  backend?: Backend;
  /** Precision of all numbers; `"f64"` only with the reference, for tests. Default `"f32"`. */
  precision?: Precision;
  /**
   * The instruction set of the kernels: `"avx512"`, `"avx2"` or `"neon"` are native, `"relaxed"` and `"simd128"` wasm. Default: what the
   * environment variable HIDDENSTATE_INSTRUCTION_SET names, else the best there is.
   */
  instructionSet?: InstructionSet;
  /** A compiled wasm module from this package's `wasm/` folder, for hosts that forbid compiling bytes. */
  module?: WebAssembly.Module;
  /**
   * How many threads compute, the calling one included; results have the same bits for any number. Default `"auto"`: what the environment
   * variable HIDDENSTATE_THREADS says, else as many as pay here. In a browser only in a Web Worker of a cross-origin isolated page.
   */
  threads?: number | "auto";
  /** Key of all random numbers, a whole number from 0. Default 0. */
  seed?: number;
}

/** What `engine.info` tells. */
export interface EngineInfo {
  backend: KernelSet["backend"];
  instructionSet: string;
  precision: Precision;
  /** All that could compute, the fastest first, and why it does or does not. */
  considered: readonly ConsideredKernels[];
  /** How many threads compute, the calling one included, and why so many. */
  threads: number;
  threadsReason: string;
  /** What the user should be told once, such as that fewer threads are used than were asked for. */
  notices: readonly string[];
  seed: number;
  /** Memory of all tensors now, the most there ever was, and what the heap asked of the system. */
  bytesInUse: number;
  peakBytes: number;
  reservedBytes: number;
}

/** What was found when the engine was started. */
let findings: { considered: readonly ConsideredKernels[]; threadsReason: string; notices: readonly string[] };

const seedRule: OptionRule = { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 };

async function init(options: EngineOptions = {}): Promise<EngineInfo> {
  const resolved = resolveOptions("engine.init", options, {
    backend: { type: "choice", choices: backends, default: "auto" },
    precision: { type: "choice", choices: ["f32", "f64"], default: "f32" },
    instructionSet: { type: "choice", choices: Object.keys(instructionSets), optional: true },
    module: { type: "any", optional: true },
    threads: { type: "any", optional: true },
    seed: seedRule,
  });
  const threading = threadCount(resolved.threads);
  const { kernelSet, considered } = await chooseKernels(kernelRequest(resolved), threading.threads);
  const { reason: threadsReason, notices } = fewerThreads(threading, kernelSet);
  close();
  findings = { considered, threadsReason, notices };
  setRuntime(new Runtime(kernelSet, resolved.seed));
  return info();
}

function info(): EngineInfo {
  const { kernelSet, heap, seed } = runtime();
  const { backend, instructionSet, precision, threads, team } = kernelSet;
  const { bytesInUse, peakBytes, reservedBytes } = heap;
  const { considered, threadsReason } = findings;
  const notices = [...findings.notices, ...(team?.notices ?? [])];
  return {
    backend,
    instructionSet,
    precision,
    considered,
    threads,
    threadsReason,
    notices,
    seed,
    bytesInUse,
    peakBytes,
    reservedBytes,
  };
}

/** Kernels may use fewer threads than the host has room for. */
function fewerThreads({ threads, reason, asked, notices }: ThreadCount, kernelSet: KernelSet): ThreadCount {
  if (kernelSet.threads === threads) return { threads, reason, asked, notices };
  const why =
    kernelSet.backend === "reference"
      ? "the reference kernels compute on one"
      : "the memory of the module that was given can't be shared";
  return { threads: 1, reason: why, asked, notices: asked ? [`threads: 1 instead of ${threads}: ${why}`] : [] };
}

function close(): void {
  currentRuntime()?.kernelSet.close();
  setRuntime(null);
}

function setSeed(seed: number): void {
  runtime().seed = resolveOptions("engine.setSeed", { seed }, { seed: seedRule }).seed;
}

/** The one engine of a program: initialise it once, then make tensors. */
export const engine: {
  /**
   * Chooses and starts what computes. Calling it again starts afresh: tensors from before can't be used any more.
   * @throws HiddenstateError `unsupported` where the host lacks what was forced
   * @example
   * await engine.init({ backend: "auto", seed: 0 });
   */
  init: (options?: EngineOptions) => Promise<EngineInfo>;
  /** What was chosen, and the memory in use. */
  info: () => EngineInfo;
  /**
   * The key of the random numbers of modules made from here on.
   * @throws HiddenstateError `invalid` for a seed that is no whole number from 0
   */
  setSeed: (seed: number) => void;
  /** Ends the engine and its threads: tensors can't be used any more. Threads do not keep a program running without this either. */
  close: () => void;
  /** Runs a function whose tensors end with it, except what it returns and what is persistent. */
  scope: typeof scope;
} = { init, info, setSeed, close, scope };
