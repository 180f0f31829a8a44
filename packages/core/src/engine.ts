import { HiddenstateError } from "./errors.ts";
import type { KernelSet, Precision } from "./kernels/kernels.ts";
import { createReferenceKernels } from "./kernels/reference/index.ts";
import { createWasmKernels } from "./kernels/wasm/index.ts";
import { currentRuntime, Runtime, runtime, setRuntime } from "./memory/runtime.ts";
import { scope } from "./memory/scope.ts";
import { resolveOptions } from "./options.ts";

/** What computes: `"auto"` takes the fastest that runs here. */
export type Backend = "auto" | "wasm" | "reference";

export interface EngineOptions {
  /** Default `"auto"`. */
  backend?: Backend;
  /** Precision of all numbers; `"f64"` only with the reference, for tests. Default `"f32"`. */
  precision?: Precision;
  /** The instruction set of the wasm kernels; default: relaxed SIMD where the host has it. */
  instructionSet?: "relaxed" | "simd128";
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
  seed: number;
  /** Memory of all tensors now, the most there ever was, and what the heap asked of the system. */
  bytesInUse: number;
  peakBytes: number;
  reservedBytes: number;
}

async function init(options: EngineOptions = {}): Promise<EngineInfo> {
  const { backend, precision, seed, instructionSet, module } = resolveOptions("engine.init", options, {
    backend: { type: "choice", choices: ["auto", "wasm", "reference"], default: "auto" },
    precision: { type: "choice", choices: ["f32", "f64"], default: "f32" },
    instructionSet: { type: "choice", choices: ["relaxed", "simd128"], optional: true },
    module: { type: "any", optional: true },
    seed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
  });
  if (precision === "f64" && backend === "wasm") {
    throw new HiddenstateError(
      "unsupported",
      'engine.init: unsupported precision "f64" with backend "wasm"; use backend "reference"',
    );
  }
  if (backend === "reference" && (instructionSet || module)) {
    throw new HiddenstateError(
      "unsupported",
      'engine.init: unsupported instructionSet or module with backend "reference"; they belong to backend "wasm"',
    );
  }
  const useReference = backend === "reference" || precision === "f64";
  const kernelSet = useReference
    ? createReferenceKernels(precision)
    : await createWasmKernels({ instructionSet, module });
  currentRuntime()?.kernelSet.close();
  setRuntime(new Runtime(kernelSet, seed));
  return info();
}

function info(): EngineInfo {
  const { kernelSet, heap, seed } = runtime();
  const { backend, instructionSet, precision } = kernelSet;
  const { bytesInUse, peakBytes, reservedBytes } = heap;
  return { backend, instructionSet, precision, seed, bytesInUse, peakBytes, reservedBytes };
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
