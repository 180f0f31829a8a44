import { HiddenstateError } from "../errors.ts";
import type { KernelSet } from "../kernels/kernels.ts";
import { Heap } from "./heap.ts";
import type { Scope } from "./scope.ts";

/** What `engine.init` made: the kernels, their heap, the seed, and the scope that new tensors belong to. */
export class Runtime {
  readonly kernelSet: KernelSet;
  readonly heap: Heap;
  seed: number;
  /** The innermost open scope, or null. */
  scope: Scope | null = null;
  /** False inside `noGrad`. */
  recording = true;
  #modulesNamed = new Map<string, number>();

  constructor(kernelSet: KernelSet, seed: number) {
    this.kernelSet = kernelSet;
    this.heap = new Heap(kernelSet);
    this.seed = seed;
  }

  /** A name for a module that was given none: `lstm1`, `lstm2`, ... in the order of construction. */
  nameModule(kind: string): string {
    const number = (this.#modulesNamed.get(kind) ?? 0) + 1;
    this.#modulesNamed.set(kind, number);
    return `${kind}${number}`;
  }
}

let current: Runtime | null = null;

/**
 * The runtime in use.
 * @throws HiddenstateError `missing` before `engine.init`
 */
export function runtime(): Runtime {
  if (!current) {
    throw new HiddenstateError(
      "missing",
      "engine: missing initialisation; call `await engine.init()` once before using tensors",
    );
  }
  return current;
}

/** The runtime in use, or null before `engine.init`. */
export function currentRuntime(): Runtime | null {
  return current;
}

export function setRuntime(next: Runtime | null): void {
  current = next;
}
