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
import { currentRuntime, Runtime, runtime, setRuntime } from "./memory/runtime.ts";
import { scope } from "./memory/scope.ts";
import { resolveOptions } from "./options.ts";

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
  seed: number;
  /** Memory of all tensors now, the most there ever was, and what the heap asked of the system. */
  bytesInUse: number;
  peakBytes: number;
  reservedBytes: number;
}

let considered: readonly ConsideredKernels[] = [];

async function init(options: EngineOptions = {}): Promise<EngineInfo> {
  const resolved = resolveOptions("engine.init", options, {
    backend: { type: "choice", choices: backends, default: "auto" },
    precision: { type: "choice", choices: ["f32", "f64"], default: "f32" },
    instructionSet: { type: "choice", choices: Object.keys(instructionSets), optional: true },
    module: { type: "any", optional: true },
    seed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
  });
  const chosen = await chooseKernels(kernelRequest(resolved));
  currentRuntime()?.kernelSet.close();
  considered = chosen.considered;
  setRuntime(new Runtime(chosen.kernelSet, resolved.seed));
  return info();
}

function info(): EngineInfo {
  const { kernelSet, heap, seed } = runtime();
  const { backend, instructionSet, precision } = kernelSet;
  const { bytesInUse, peakBytes, reservedBytes } = heap;
  return { backend, instructionSet, precision, considered, seed, bytesInUse, peakBytes, reservedBytes };
}

function setSeed(seed: number): void {
  runtime().seed = seed;
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
  /** The key of the random numbers of modules made from here on. */
  setSeed: (seed: number) => void;
  /** Runs a function whose tensors end with it, except what it returns and what is persistent. */
  scope: typeof scope;
} = { init, info, setSeed, scope };
