import { version } from "../../version.ts";
import type { CompiledLibrary } from "../compiled-kernels.ts";
import { signatures } from "../signatures.ts";

export type NativeInstructionSet = "avx512" | "avx2" | "neon";

/** What the package @hiddenstate/native exports (packages/native/src/addon.c). */
export interface NativeAddon {
  version: string;
  /** Path of the binary, for threads to load it too. */
  file: string;
  /** All kernels and their arguments, as JSON. */
  layout: string;
  /** Those compiled in, the best first, and whether this processor has them. */
  instructionSets: readonly { name: NativeInstructionSet; runs: boolean }[];
  load(instructionSet: NativeInstructionSet): CompiledLibrary;
}

/** The addon, or why there is none to use. */
export type FoundAddon = { addon: NativeAddon; missing?: undefined } | { addon?: undefined; missing: string };

interface NodeModule {
  createRequire(from: string): (name: string) => unknown;
}
interface NodeProcess {
  getBuiltinModule?(name: string): unknown;
}

const packageName = "@hiddenstate/native";

/** Looks for the optional package beside this one: in Node only, and without an import that a bundler would follow. */
export function findAddon(): FoundAddon {
  const process = (globalThis as { process?: NodeProcess }).process;
  const node = process?.getBuiltinModule?.("module") as NodeModule | undefined;
  if (!node) return { missing: "no Node here to load it" };
  // The heap is a WebAssembly memory, which Node lacks when it runs without a compiler (--jitless).
  if (typeof WebAssembly === "undefined") return { missing: "no WebAssembly here, which holds the heap" };
  let addon: NativeAddon;
  try {
    addon = node.createRequire(import.meta.url)(packageName) as NativeAddon;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const absent = code === "MODULE_NOT_FOUND" && message.includes(`'${packageName}'`);
    return {
      missing: absent ? `${packageName} is not installed` : `${packageName} does not load: ${firstLine(message)}`,
    };
  }
  return checkAddon(addon);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0];
}

/** Takes only an addon of this version, made from the same table of kernels: with any other, arguments would be misread. */
function checkAddon(addon: NativeAddon): FoundAddon {
  if (addon.version !== version) {
    return {
      missing: `${packageName} is version ${addon.version}, and @hiddenstate/core is ${version}; install the same version of both`,
    };
  }
  if (addon.layout !== JSON.stringify(signatures)) {
    return { missing: `${packageName} was built from other sources of version ${version}; build it again` };
  }
  return { addon };
}
