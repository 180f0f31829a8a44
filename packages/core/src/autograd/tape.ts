import { HiddenstateError } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import type { Tensor } from "../memory/tensor.ts";
import type { BackwardPass } from "./backward.ts";

/** One operation on the tape: what it read, what it made, and how gradients go back through it. */
export interface TapeNode {
  readonly name: string;
  /** Later operations have higher numbers: going back by number is going back in order. */
  readonly order: number;
  readonly inputs: readonly Tensor[];
  /** Versions of the inputs when the operation ran. */
  readonly versions: readonly number[];
  readonly outputs: readonly Tensor[];
  /** Versions of the outputs when they were made: what is assigned to one later was not computed here. */
  readonly outputVersions: readonly number[];
  /** Tensors kept for the way back only; they end when the node has run. */
  readonly saved: readonly Tensor[];
  readonly backward: (pass: BackwardPass) => void;
  done: boolean;
}

let operations = 0;

/** How many operations were recorded so far: those that are recorded from now on have this order or a higher one. */
export function operationsRecorded(): number {
  return operations;
}

/** What an operation tells the tape. */
export interface Recording {
  name: string;
  inputs: readonly Tensor[];
  outputs: readonly Tensor[];
  saved?: readonly Tensor[];
  /**
   * Adds this operation's share to the gradients of its inputs: reads `pass.gradient(output)`, writes where
   * `pass.target(input)` says.
   */
  backward: (pass: BackwardPass) => void;
}

/**
 * Puts an operation on the tape if any of its inputs needs a gradient, else ends what it saved.
 */
export function record(recording: Recording): void {
  const { name, inputs, outputs, saved = [], backward } = recording;
  if (!runtime().recording || !inputs.some((input) => input.requiresGrad)) {
    for (const tensor of saved) tensor.end();
    return;
  }
  const versions = inputs.map(versionOf);
  const outputVersions = outputs.map(versionOf);
  const order = operations++;
  const node: TapeNode = { name, order, inputs, versions, outputs, outputVersions, saved, backward, done: false };
  for (const output of outputs) {
    output.requiresGrad = true;
    output.node = node;
  }
}

function versionOf(tensor: Tensor): number {
  return tensor.storage.version;
}

/** Whether an operation over these inputs would go on the tape. */
export function recordsFor(inputs: readonly Tensor[]): boolean {
  return runtime().recording && inputs.some((input) => input.requiresGrad);
}

/**
 * Runs `fn` without putting anything on the tape.
 *
 * @throws HiddenstateError `unsupported` if `fn` returns a promise: what runs later would be recorded
 * @example
 * const { output } = noGrad(() => lstm.forward(x));
 */
export function noGrad<T>(fn: () => T): T {
  return withRecording(false, fn, "noGrad");
}

/** Runs `fn` with or without putting operations on the tape, whatever it is outside; `where` names it in errors. */
export function withRecording<T>(recording: boolean, fn: () => T, where: string): T {
  const active = runtime();
  const before = active.recording;
  active.recording = recording;
  try {
    const result = fn();
    if (result instanceof Promise) {
      result.catch(() => {});
      throw new HiddenstateError(
        "unsupported",
        `${where}: unsupported async function; compute in a synchronous function and await outside of it`,
      );
    }
    return result;
  } finally {
    active.recording = before;
  }
}
