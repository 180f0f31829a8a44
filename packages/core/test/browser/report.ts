/** What is checked, in this order, on the page and in the worker; the test has one test for each. */
export const checkNames = [
  "the default engine is WebAssembly, with relaxed SIMD where the browser has it",
  "the heap is shared memory where the page is isolated, and only there",
  "the heap grows and keeps its numbers",
  "every kernel conforms to the reference, with relaxed SIMD",
  "every kernel conforms to the reference, with 128-bit SIMD",
  "ten steps of training lower the loss",
  "the same seed writes the same text, another seed another",
  "a stream has the bits of a batch",
  "two threads compute in an isolated page's worker, with the bits of one; elsewhere it says why they do not",
  "a module compiled from the shipped file, on a heap that is not shared, trains to the same bits",
] as const;

export type CheckName = (typeof checkNames)[number];

export interface CheckResult {
  name: CheckName;
  /** A line for each thing that was wrong. */
  failures: string[];
  /** What was found, for a person to read. */
  found: string;
  seconds: number;
}

/** One place's findings. Everything in it survives structured cloning and JSON. */
export interface Report {
  crossOriginIsolated: boolean;
  version: string;
  results: CheckResult[];
  /** The losses of the ten training steps: the same in every place that computes with the same instructions. */
  losses: number[];
  instructionSet: string;
}

/** What the page leaves on `window.__result` for the test: both reports, or why there is none. */
export type PageResult = { page: Report; worker: Report } | { error: string };
