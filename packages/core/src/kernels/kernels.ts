import type { HiddenstateError } from "../errors.ts";
import type { signatures } from "./signatures.ts";

export type Signatures = typeof signatures;
export type KernelName = keyof Signatures;

/** The arguments of one kernel, by name: offsets, whole numbers, reals. */
export type KernelArguments<K extends KernelName> = { [A in keyof Signatures[K]]: number };

/** All kernels. They return nothing: results are written to the heap. What each computes stands in signatures/. */
export type Kernels = { [K in KernelName]: (args: KernelArguments<K>) => void };

/** The precision of every real number in a heap. */
export type Precision = "f32" | "f64";

/** Threads that do parts of kernels beside the calling one. */
export interface KernelTeam {
  /** Why no kernel can run any more: one of them failed or died. */
  readonly failure: HiddenstateError | null;
  /** What the user should know: threads that could not be started. */
  readonly notices: readonly string[];
  /** Starts them, and waits until all that can take parts do. Without it they start when they are first needed. */
  whenReady(): Promise<void>;
}

/**
 * One implementation of the kernels together with the heap they work on: THE interface between the numbers and the rest of
 * the library. Offsets are opaque byte positions, at most 2^32 - 1; nothing outside kernels/ touches the heap's bytes.
 *
 * Values below 2^-100 in magnitude are flushed to zero in recurrent state (h, c), gate gradients, propagated state gradients
 * and optimiser moments (D Denormals).
 */
export interface KernelSet {
  /** Which implementation: what `engine.init({ backend })` names. */
  readonly backend: "reference" | "wasm" | "native";
  /** Which instruction set, such as `"relaxed"`, `"simd128"` or `"f64"`: bits are equal only within one. */
  readonly instructionSet: string;
  readonly precision: Precision;
  /** 4 or 8. Whole numbers in the heap always take 4. */
  readonly bytesPerFloat: number;
  /** The first offset that may be allocated; a multiple of 64. Never 0, which stands for "absent". */
  readonly heapStart: number;
  readonly kernels: Kernels;
  /** How many threads compute, the calling one included. */
  readonly threads: number;
  /** Those beside the calling one; null where there are none. */
  readonly team: KernelTeam | null;

  /** Elements in the panels of a K x N matrix (kernel `pack`). */
  panelSize(k: number, n: number): number;
  /** Elements in the panels of a recurrent weight [gates*hiddenSize, inputs] (kernel `packGates`). */
  gatePanelSize(gates: number, hiddenSize: number, inputs: number, transpose: 0 | 1): number;
  /** Elements in one row of a gate slab. */
  gateWidth(gates: number, hiddenSize: number): number;

  /**
   * Makes every offset below `bytes` usable; the heap never shrinks.
   * @returns false where the memory cannot be had
   */
  reserve(bytes: number): boolean;
  /** Copies numbers into the heap. */
  writeFloats(offset: number, values: ArrayLike<number>): void;
  writeInts(offset: number, values: ArrayLike<number>): void;
  /** Copies numbers out of the heap; f64 heaps give a Float64Array. */
  readFloats(offset: number, count: number): Float32Array | Float64Array;
  readInts(offset: number, count: number): Int32Array;
  /** As `readFloats`, into an array that is there already: as many numbers as it holds. f64 heaps round them to float32. */
  readFloatsInto(target: Float32Array, offset: number): void;
  /** Gives back what the set holds besides memory (worker threads). */
  close(): void;
}
