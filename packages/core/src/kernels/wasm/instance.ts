import { HiddenstateError } from "../../errors.ts";
import type { CompiledLibrary } from "../compiled-kernels.ts";
import { applyEdits } from "./edits.ts";
import { inflate } from "./inflate.ts";
import { canShareMemory, createMemory, isShared, setSharedImport } from "./memory.ts";
import { hasRelaxedSimd, hasSimd } from "./relaxed-simd.ts";

/** What our modules export. */
export interface ModuleExports extends CompiledLibrary {
  usesRelaxedSimd(): number;
  __heap_base: WebAssembly.Global;
  __stack_pointer: WebAssembly.Global;
}

export type InstructionSet = "relaxed" | "simd128";

/** A running module and the memory it works on. */
export interface WasmInstance {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  exports: ModuleExports;
  instructionSet: InstructionSet;
}

/**
 * Compiles and starts the kernels' module, or starts the given one.
 *
 * @throws HiddenstateError as createWasmKernels
 */
export async function startWasm(wanted?: InstructionSet, given?: WebAssembly.Module): Promise<WasmInstance> {
  if (given) return startGiven(given, wanted);
  const instructionSet = chooseInstructionSet(wanted);
  const memory = newMemory(canShareMemory());
  const bytes = await inlinedBytes(instructionSet);
  setSharedImport(bytes, isShared(memory));
  return start(await WebAssembly.compile(bytes), memory);
}

/** The instruction set to use: the wanted one, or the best there is. */
function chooseInstructionSet(wanted: InstructionSet | undefined): InstructionSet {
  if (!hasSimd()) {
    throw unsupported('unsupported engine: it has no WebAssembly SIMD; use backend "reference"');
  }
  if (wanted === "simd128") return wanted;
  if (hasRelaxedSimd()) return "relaxed";
  if (wanted) throw unsupported('unsupported instruction set "relaxed": this engine has only "simd128"');
  return "simd128";
}

function unsupported(message: string): HiddenstateError {
  return new HiddenstateError("unsupported", `wasm kernels: ${message}`);
}

/** The inlined module, which uses relaxed SIMD; without it, the one made out of that by few edits. */
export async function inlinedBytes(instructionSet: InstructionSet): Promise<Uint8Array<ArrayBuffer>> {
  const { relaxedBytes } = await import("./relaxed-bytes.generated.ts");
  const relaxed = await inflate(relaxedBytes.text, relaxedBytes.length);
  if (instructionSet === "relaxed") return relaxed;
  const { text, length, editedLength } = (await import("./simd128-edits.generated.ts")).simd128Edits;
  return applyEdits(relaxed, await inflate(text, length), editedLength);
}

/** Pages of memory to begin with: room for the stack, the constants and one thread's scratch. */
const initialPages = 32;

function newMemory(shared: boolean): WebAssembly.Memory {
  try {
    return createMemory(initialPages, shared);
  } catch (cause) {
    throw new HiddenstateError(
      "out-of-memory",
      'wasm kernels: no address space left for a WebAssembly memory; use fewer engines, or backend "reference"',
      { cause },
    );
  }
}

async function start(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<WasmInstance> {
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const exports = instance.exports as unknown as WasmInstance["exports"];
  return { module, memory, exports, instructionSet: exports.usesRelaxedSimd() ? "relaxed" : "simd128" };
}

/** A compiled module says only when it is started whether it takes shared memory. */
async function startGiven(module: WebAssembly.Module, wanted: InstructionSet | undefined): Promise<WasmInstance> {
  if (!WebAssembly.Module.exports(module).some(({ name }) => name === "usesRelaxedSimd")) {
    throw new HiddenstateError(
      "invalid",
      "wasm kernels: invalid module: it does not export the kernels; compile this package's relaxed.wasm or simd128.wasm",
    );
  }
  let instance: WasmInstance;
  try {
    instance = await start(module, newMemory(canShareMemory()));
  } catch (error) {
    if (!(error instanceof WebAssembly.LinkError)) throw error;
    instance = await start(module, newMemory(false));
  }
  if (wanted && wanted !== instance.instructionSet) {
    throw new HiddenstateError(
      "mismatch",
      `wasm kernels: mismatch in module: it is for "${instance.instructionSet}", expected "${wanted}"; compile ${wanted}.wasm`,
    );
  }
  return instance;
}
