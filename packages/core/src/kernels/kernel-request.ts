import { HiddenstateError, shown } from "../errors.ts";
import { type Backend, backends, type InstructionSet, instructionSets, type KernelRequest } from "./choose.ts";
import type { Precision } from "./kernels.ts";

/** The options of engine.init that choose what computes. */
export interface KernelOptions {
  backend: Backend;
  precision: Precision;
  instructionSet?: InstructionSet;
  module?: WebAssembly.Module;
}

/**
 * What options and environment together ask for. Options come first: HIDDENSTATE_BACKEND stands in where they name neither a
 * backend nor an instruction set, HIDDENSTATE_INSTRUCTION_SET where they name no instruction set and their backend has that one.
 *
 * @throws HiddenstateError `invalid` for a variable that names nothing known, `unsupported` for options that exclude each other
 */
export function kernelRequest({ backend: named, precision, instructionSet, module }: KernelOptions): KernelRequest {
  let backend = named === "auto" ? undefined : named;
  if (module) {
    if ((backend ?? "wasm") !== "wasm") {
      throw new HiddenstateError(
        "unsupported",
        `engine.init: unsupported module with backend "${backend}"; it belongs to backend "wasm"`,
      );
    }
    if (!(module instanceof WebAssembly.Module)) {
      throw new HiddenstateError(
        "invalid",
        `engine.init: invalid module: got ${shown(module)}, expected a WebAssembly.Module, such as WebAssembly.compile gives`,
      );
    }
    return { backend: "wasm", instructionSet, module, precision, askedBy: "engine.init" };
  }
  if (instructionSet || precision === "f64") return { backend, instructionSet, precision, askedBy: "engine.init" };

  const asking = backend ? ["engine.init"] : [];
  const otherBackend = backend ? undefined : variable("HIDDENSTATE_BACKEND", backends);
  if (otherBackend && otherBackend !== "auto") {
    backend = otherBackend;
    asking.push("HIDDENSTATE_BACKEND");
  }
  const otherSet = variable("HIDDENSTATE_INSTRUCTION_SET", Object.keys(instructionSets) as InstructionSet[]);
  if (otherSet && (named === "auto" || instructionSets[otherSet] === backend)) {
    instructionSet = otherSet;
    asking.push("HIDDENSTATE_INSTRUCTION_SET");
  }
  return { backend, instructionSet, precision, askedBy: asking.join(" and ") };
}

/** An environment variable that names one of several things; undefined where it is not set or there is no environment. */
function variable<T extends string>(name: string, choices: readonly T[]): T | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const value = process?.env?.[name];
  if (!value) return undefined;
  if ((choices as readonly string[]).includes(value)) return value as T;
  throw new HiddenstateError(
    "invalid",
    `engine.init: invalid environment variable ${name}: got ${shown(value)}, expected one of ${choices.join(", ")}`,
  );
}
