import type { KernelArguments, KernelName, Kernels, KernelSet } from "../kernels.ts";
import { signatures } from "../signatures.ts";
import { ArgumentBlock, argumentBlockBytes } from "../wasm/argument-block.ts";
import { WasmHeap } from "../wasm/heap.ts";
import { canShareMemory, createMemory } from "../wasm/memory.ts";
import type { NativeAddon, NativeInstructionSet } from "./addon.ts";

/** Where argument blocks start; nothing lies at 0, which stands for "absent". */
const argumentsStart = 64;

/**
 * The kernels compiled for this processor, from the same C sources as the WebAssembly ones and on the same kind of heap.
 *
 * @param instructionSet one that the addon says runs here
 * @param parts how many parts each kernel is done in, one after another (default 1)
 *
 * @example
 * const { addon } = findAddon();
 * if (addon) createNativeKernels(addon, "avx2");
 */
export function createNativeKernels(addon: NativeAddon, instructionSet: NativeInstructionSet, parts = 1): KernelSet {
  const functions = addon.load(instructionSet);
  const memory = createMemory(1, canShareMemory());
  const scratch = argumentsStart + argumentBlockBytes;
  const heapStart = scratch + Math.ceil(functions.scratchSize() / 64) * 64;
  const heap = new WasmHeap(memory);
  heap.reserve(heapStart);
  const block = new ArgumentBlock(memory.buffer, argumentsStart);
  let bytes = new Uint8Array(memory.buffer);

  const bind = <K extends KernelName>(name: K): ((args: KernelArguments<K>) => void) => {
    const write = block.writer(name);
    const run = functions[name];
    return (args) => {
      write(args);
      for (let part = 0; part < parts; part++) run(bytes, argumentsStart, part, parts, scratch);
    };
  };
  const names = Object.keys(signatures) as KernelName[];

  return {
    backend: "native",
    instructionSet,
    precision: "f32",
    bytesPerFloat: 4,
    heapStart,
    kernels: Object.fromEntries(names.map((name) => [name, bind(name)])) as unknown as Kernels,
    panelSize: (k, n) => functions.panelSize(k, n),
    gatePanelSize: (gates, hiddenSize, inputs, transpose) =>
      functions.gatePanelSize(gates, hiddenSize, inputs, transpose),
    gateWidth: (gates, hiddenSize) => functions.gateWidth(gates, hiddenSize),
    reserve: (wanted) => {
      const reserved = heap.reserve(wanted);
      block.moveTo(memory.buffer);
      bytes = new Uint8Array(memory.buffer);
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
