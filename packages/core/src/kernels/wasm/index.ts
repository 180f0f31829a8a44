import type { KernelSet } from "../kernels.ts";
import { ArgumentBlock, argumentBlockBytes } from "./argument-block.ts";
import { bindKernels } from "./bind-kernels.ts";
import { WasmHeap } from "./heap.ts";
import { type InstructionSet, startWasm, type WasmInstance } from "./instance.ts";

export type { InstructionSet } from "./instance.ts";

/** How to start the WebAssembly kernels. */
export interface WasmKernelOptions {
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
  return kernelSetOn(await startWasm(options.instructionSet, options.module));
}

/**
 * The kernel set of a running module.
 *
 * @param parts how many parts each kernel is done in, one after another (default 1)
 */
export function kernelSetOn(instance: WasmInstance, parts = 1): KernelSet {
  const { exports, memory } = instance;
  // Below the heap that others use: the stack and constants (up to __heap_base), the argument block, the scratch.
  const argumentsStart = aligned(exports.__heap_base.value);
  const scratch = argumentsStart + argumentBlockBytes;
  const heapStart = scratch + aligned(exports.scratchSize());
  const heap = new WasmHeap(memory);
  heap.reserve(heapStart);
  const block = new ArgumentBlock(memory.buffer, argumentsStart);

  return {
    backend: "wasm",
    instructionSet: instance.instructionSet,
    precision: "f32",
    bytesPerFloat: 4,
    heapStart,
    kernels: bindKernels(instance, block, scratch, parts),
    panelSize: (k, n) => exports.panelSize(k, n) >>> 0,
    gatePanelSize: (gates, hiddenSize, inputs, transpose) =>
      exports.gatePanelSize(gates, hiddenSize, inputs, transpose) >>> 0,
    gateWidth: (gates, hiddenSize) => exports.gateWidth(gates, hiddenSize) >>> 0,
    reserve: (bytes) => {
      const reserved = heap.reserve(bytes);
      block.moveTo(memory.buffer);
      return reserved;
    },
    writeFloats: (offset, values) => heap.writeFloats(offset, values),
    writeInts: (offset, values) => heap.writeInts(offset, values),
    readFloats: (offset, count) => heap.readFloats(offset, count),
    readInts: (offset, count) => heap.readInts(offset, count),
    readFloatsInto: (target, offset) => heap.readFloatsInto(target, offset),
    close: () => {},
  };
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
