import type { KernelArguments, KernelName, Kernels } from "../kernels.ts";
import { signatures } from "../signatures.ts";
import type { ArgumentBlock } from "./argument-block.ts";
import type { WasmInstance } from "./instance.ts";

/**
 * Every kernel as a function of its arguments: written to the block, then read there by the export.
 *
 * @param parts how many parts each kernel is done in, one after another; no result may depend on it
 */
export function bindKernels({ exports }: WasmInstance, block: ArgumentBlock, scratch: number, parts = 1): Kernels {
  const bind = <K extends KernelName>(name: K): ((args: KernelArguments<K>) => void) => {
    const write = block.writer(name);
    const run = exports[name];
    return (args) => {
      write(args);
      for (let part = 0; part < parts; part++) run(0, block.offset, part, parts, scratch);
    };
  };
  const names = Object.keys(signatures) as KernelName[];
  return Object.fromEntries(names.map((name) => [name, bind(name)])) as unknown as Kernels;
}
