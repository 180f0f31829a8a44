import { HiddenstateError } from "../errors.ts";
import type { KernelSet, Precision } from "./kernels.ts";
import { findAddon, type NativeInstructionSet } from "./native/addon.ts";
import { createNativeKernels } from "./native/index.ts";
import { createReferenceKernels } from "./reference/index.ts";
import { createWasmKernels, type InstructionSet as WasmInstructionSet } from "./wasm/index.ts";
import { hasRelaxedSimd, hasSimd } from "./wasm/relaxed-simd.ts";

/** What computes: `"auto"` takes the fastest that runs here: native, then wasm, then the reference. */
export const backends = ["auto", "native", "wasm", "reference"] as const;
export type Backend = (typeof backends)[number];

/** Every instruction set that kernels are compiled for, and the backend that has it. */
export const instructionSets = {
  avx512: "native",
  avx2: "native",
  neon: "native",
  relaxed: "wasm",
  simd128: "wasm",
} as const;
export type InstructionSet = keyof typeof instructionSets;

/** One way to compute, as `engine.info().considered` tells it. */
export interface ConsideredKernels {
  backend: KernelSet["backend"];
  /** null for a backend of which nothing is known here. */
  instructionSet: string | null;
  available: boolean;
  chosen: boolean;
  /** Why it was chosen, or why it is not available; otherwise that it runs here. */
  reason: string;
}

/** What is asked for; whatever is left out is free. */
export interface KernelRequest {
  backend?: KernelSet["backend"];
  instructionSet?: InstructionSet;
  module?: WebAssembly.Module;
  precision: Precision;
  /** Who asks for a backend or an instruction set. */
  askedBy: string;
}

interface Candidate {
  backend: KernelSet["backend"];
  instructionSet: string | null;
  missing: string | null;
  start(): KernelSet | Promise<KernelSet>;
}

/** All that this library can compute with, the fastest first. */
function candidates({ precision, module, instructionSet: wanted }: KernelRequest, threads: number): Candidate[] {
  const noSimd = hasWebAssembly() && hasSimd() ? null : "no WebAssembly SIMD here";
  const noRelaxedSimd = noSimd ?? (hasRelaxedSimd() ? null : "no relaxed SIMD here");
  const wasm = (instructionSet: WasmInstructionSet, missing: string | null): Candidate => ({
    backend: "wasm",
    instructionSet,
    missing,
    start: () =>
      createWasmKernels({
        ...(module ? { module, instructionSet: wanted as WasmInstructionSet } : { instructionSet }),
        threads,
      }),
  });
  const fast = [...nativeCandidates(threads), wasm("relaxed", noRelaxedSimd), wasm("simd128", noSimd)];
  if (precision === "f64") for (const one of fast) one.missing ??= "it computes in f32 only";
  const reference = { instructionSet: precision, missing: null, start: () => createReferenceKernels(precision) };
  return [...fast, { backend: "reference", ...reference }];
}

/** Node without a compiler (--jitless) has none. */
function hasWebAssembly(): boolean {
  return typeof WebAssembly !== "undefined";
}

function nativeCandidates(threads: number): Candidate[] {
  const { addon, missing } = findAddon();
  const native = (instructionSet: NativeInstructionSet | null, why: string | null): Candidate => ({
    backend: "native",
    instructionSet,
    missing: why,
    start: () => createNativeKernels(addon!, instructionSet!, { threads }),
  });
  if (!addon) return [native(null, missing)];
  return addon.instructionSets.map(({ name, runs }) => native(name, runs ? null : "this processor lacks it"));
}

/**
 * Starts the fastest kernels that fit a request.
 *
 * @param threads how many compute, where the kernels can use several; default 1
 * @throws HiddenstateError `unsupported` where nothing here does, with a list of what there is
 */
export async function chooseKernels(
  request: KernelRequest,
  threads = 1,
): Promise<{ kernelSet: KernelSet; considered: ConsideredKernels[] }> {
  const all = candidates(request, threads);
  const fitting = all.filter((one) => fits(one, request));
  const candidate = fitting.find(({ missing }) => missing === null);
  if (!candidate) throw lacking(request, fitting, all);
  const kernelSet = await candidate.start();
  const asked = request.backend || request.instructionSet || request.precision === "f64";
  const why = asked ? `asked for by ${request.askedBy}` : "the fastest that runs here";
  const considered = all.map(({ backend, instructionSet, missing }) => {
    const chosen = backend === kernelSet.backend && instructionSet === kernelSet.instructionSet;
    const reason = missing ?? (chosen ? why : "runs here");
    return { backend, instructionSet, available: missing === null, chosen, reason };
  });
  return { kernelSet, considered };
}

function fits({ backend, instructionSet }: Candidate, request: KernelRequest): boolean {
  if (request.backend && request.backend !== backend) return false;
  // What a module has shows when it is started.
  if (!request.instructionSet || request.module) return true;
  // A backend that is missing altogether has no instruction sets to tell apart.
  if (instructionSet === null) return instructionSets[request.instructionSet] === backend;
  return request.instructionSet === instructionSet;
}

function lacking(request: KernelRequest, fitting: readonly Candidate[], all: readonly Candidate[]): HiddenstateError {
  const { backend, instructionSet, precision, askedBy } = request;
  const wanted = [
    backend && `backend "${backend}"`,
    instructionSet && `instruction set "${instructionSet}"`,
    precision === "f64" && 'precision "f64"',
  ];
  const why = fitting[0]?.missing ?? "nothing here has it";
  return new HiddenstateError(
    "unsupported",
    `${askedBy}: unsupported ${wanted.filter(Boolean).join(" with ")}: ${why}; this host runs ${listed(all)}`,
  );
}

/** What runs here, in words: `native (avx512, avx2), wasm (relaxed, simd128), reference`. */
function listed(all: readonly Candidate[]): string {
  const runs = all.filter(({ missing }) => missing === null);
  const running = [...new Set(runs.map(({ backend }) => backend))];
  const named = running.map((backend) => {
    const sets = runs.filter((one) => one.backend === backend).map((one) => one.instructionSet);
    return backend === "reference" ? backend : `${backend} (${sets.join(", ")})`;
  });
  return named.join(", ");
}
