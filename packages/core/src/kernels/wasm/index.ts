import { type CompiledKernels, compiledKernelSet, type SharingOptions } from "../compiled-kernels.ts";
import type { KernelSet } from "../kernels.ts";
import { type InstructionSet, startWasm, type WasmInstance } from "./instance.ts";

export type { InstructionSet } from "./instance.ts";

/** How to start the WebAssembly kernels. */
export interface WasmKernelOptions extends SharingOptions {
  /** Default: `"relaxed"` (fused multiply-add) where the engine has it, else `"simd128"`. */
  instructionSet?: InstructionSet;
  /** A compiled `relaxed.wasm` or `simd128.wasm`, where bytes may not be compiled at run time. Default: the inlined bytes. */
  module?: WebAssembly.Module;
}

/**
 * The kernels in WebAssembly, compiled from C (packages/kernels).
 *
 * @throws HiddenstateError `unsupported` where this engine lacks what was asked for, `mismatch` where the module is for
 * another instruction set than the one asked for, `invalid` where it is not one of ours, `out-of-memory`
 *
 * @example
 * const set = await createWasmKernels();
 * set.writeFloats(set.heapStart, [1, 2, 3]);
 * set.kernels.unary({ out: set.heapStart, x: set.heapStart, count: 3, operation: 0 }); // tanh, in place
 */
export async function createWasmKernels(options: WasmKernelOptions = {}): Promise<KernelSet> {
  return kernelSetOn(await startWasm(options.instructionSet, options.module), options);
}

/** The kernel set of a running module. */
export function kernelSetOn(
  { exports, module, memory, instructionSet }: WasmInstance,
  options: SharingOptions = {},
): KernelSet {
  const compiled: CompiledKernels = {
    backend: "wasm",
    instructionSet,
    library: exports,
    memory,
    // Below that: the calling thread's stack, and constants.
    freeFrom: exports.__heap_base.value as number,
    speed: 40,
    forWorker: (stack) => ({ module, stack }),
  };
  return compiledKernelSet(compiled, options);
}
