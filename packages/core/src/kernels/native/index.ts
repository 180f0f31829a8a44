import { type CompiledKernels, compiledKernelSet, type SharingOptions } from "../compiled-kernels.ts";
import type { KernelSet } from "../kernels.ts";
import { canShareMemory, createMemory } from "../wasm/memory.ts";
import type { NativeAddon, NativeInstructionSet } from "./addon.ts";

/**
 * The kernels compiled for this processor, from the same C sources as the WebAssembly ones and on the same kind of heap.
 *
 * @param instructionSet one that the addon says runs here
 *
 * @example
 * const { addon } = findAddon();
 * if (addon) createNativeKernels(addon, "avx2");
 */
export function createNativeKernels(
  addon: NativeAddon,
  instructionSet: NativeInstructionSet,
  options: SharingOptions = {},
): KernelSet {
  const compiled: CompiledKernels = {
    backend: "native",
    instructionSet,
    library: addon.load(instructionSet),
    memory: createMemory(1, canShareMemory()),
    // Nothing lies at 0, which stands for "absent".
    freeFrom: 64,
    speed: 150,
    forWorker: () => ({ addon: addon.file, instructionSet }),
  };
  return compiledKernelSet(compiled, options);
}
