import type { KernelArguments, KernelName, Kernels, KernelSet } from "../kernels.ts";
import { signatures } from "../signatures.ts";
import { ArgumentBlock, argumentBlockBytes } from "./argument-block.ts";
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
 * @throws HiddenstateError `unsupported` where this engine lacks what was asked for
 *
 * @example
 * const set = await createWasmKernels();
 * set.writeFloats(set.heapStart, [1, 2, 3]);
 * set.kernels.unary({ out: set.heapStart, x: set.heapStart, count: 3, operation: 0 }); // tanh, in place
 */
export async function createWasmKernels(options: WasmKernelOptions = {}): Promise<KernelSet> {
  const instance = await startWasm(options.instructionSet, options.module);
  const { exports } = instance;
  const heap = new WasmHeap(instance.memory);

  // Below the heap that others use: the stack and constants (up to __heap_base), the argument block, the scratch.
  const argumentsStart = aligned(exports.__heap_base.value);
  const scratch = argumentsStart + argumentBlockBytes;
  const heapStart = scratch + aligned(exports.scratchSize());
  heap.reserve(heapStart);
  const block = new ArgumentBlock(instance.memory.buffer, argumentsStart);

  return {
    backend: "wasm",
    instructionSet: instance.instructionSet,
    precision: "f32",
    bytesPerFloat: 4,
    heapStart,
    kernels: bindKernels(instance, block, scratch),
    panelSize: (k, n) => exports.panelSize(k, n) >>> 0,
    gatePanelSize: (gates, hiddenSize, inputs, transpose) =>
      exports.gatePanelSize(gates, hiddenSize, inputs, transpose) >>> 0,
    gateWidth: (gates, hiddenSize) => exports.gateWidth(gates, hiddenSize) >>> 0,
    reserve: (bytes) => {
      const reserved = heap.reserve(bytes);
      block.moveTo(instance.memory.buffer);
      return reserved;
    },
    writeFloats: (offset, values) => heap.writeFloats(offset, values),
    writeInts: (offset, values) => heap.writeInts(offset, values),
    readFloats: (offset, count) => heap.readFloats(offset, count),
    readInts: (offset, count) => heap.readInts(offset, count),
    close: () => {},
  };
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

/** Every kernel as a function of its arguments: written to the block, then read there by the export. */
function bindKernels({ exports }: WasmInstance, block: ArgumentBlock, scratch: number): Kernels {
  const bind = <K extends KernelName>(name: K): ((args: KernelArguments<K>) => void) => {
    const write = block.writer(name);
    const run = exports[name];
    return (args) => {
      write(args);
      run(0, block.offset, 0, 1, scratch);
    };
  };
  return Object.fromEntries(
    (Object.keys(signatures) as KernelName[]).map((name) => [name, bind(name)]),
  ) as unknown as Kernels;
}
