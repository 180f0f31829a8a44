import { HiddenstateError, shown } from "../errors.ts";
import { DrawJournal } from "../memory/draw-journal.ts";
import { runtime } from "../memory/runtime.ts";
import { scope } from "../memory/scope.ts";
import { empty, type Tensor } from "../memory/tensor.ts";
import { BackwardPass } from "./backward.ts";
import { copyDense } from "./copy.ts";
import { noGrad, operationsRecorded, record, type TapeNode, withRecording } from "./tape.ts";

/** What one chunk of a recurrence gives: some rows of the output, [rows of the chunk, F], and the state for the next chunk. */
export interface ChunkResult {
  output: Tensor;
  state: readonly Tensor[];
}

/** A long recurrence cut into chunks: (output_k, state_k+1) = run(k, state_k). */
export interface ChunkedRecurrence {
  /** How many chunks there are, at least 1. */
  chunks: number;
  /** Rows of all chunks' outputs together. */
  rows: number;
  /** state_0 */
  initial: readonly Tensor[];
  /** What else `run` computes from, parameters too. More is found where the last chunk reads it. */
  inputs: readonly Tensor[];
  /** Computes one chunk: the same one every time, for it is run again on the way back (and draws then what it drew before). */
  run: (chunk: number, state: readonly Tensor[]) => ChunkResult;
}

/**
 * Runs a recurrence chunk by chunk and keeps only the outputs and the states between chunks. On the way back each chunk is run
 * again, last first, this time on the tape, and gone back over at once: in memory there are the activations of one chunk, for the price of a
 * second forward pass. (The last chunk, with which the way back begins, is run once.)
 *
 * A chunk may read whatever was there before it: nothing behind that is gone through until all chunks have added their gradients.
 *
 * One operation on the tape. Its gradients are those of the plain recurrence, but that a parameter's is summed chunk by chunk, from
 * the last to the first.
 *
 * @returns the outputs of all chunks below one another, [rows, F], and the state after the last
 * @throws HiddenstateError (from `backward`) `unsupported` where a chunk reads a tensor from outside that the last one did not, `invalid`
 *   where it draws more or fewer random masks than the first time
 *
 * Source: Chen, Xu, Zhang & Guestrin 2016, "Training deep nets with sublinear memory cost"; Gruslys et al. 2016,
 * "Memory-efficient backpropagation through time".
 */
export function recomputeChunks({ chunks, rows, initial, inputs, run }: ChunkedRecurrence): {
  output: Tensor;
  state: readonly Tensor[];
} {
  const begun = operationsRecorded();
  /** All that gradients go to: nothing behind it belongs to the chunks. */
  const reached = new Set([...inputs, ...initial]);
  /** state_k, k = 0 .. chunks - 1 */
  const states: (readonly Tensor[])[] = [initial];
  /** First row of each chunk in the output. */
  const firstRows = [0];
  const journals = Array.from({ length: chunks }, () => new DrawJournal());
  let output: Tensor | undefined;
  let final: readonly Tensor[] = [];
  let kept: ChunkOnTape | null = null;

  const runOnTape = (chunk: number): ChunkOnTape => {
    const before = chunk === 0 ? initial : states[chunk].map(asLeaf);
    return { before, after: withRecording(true, () => run(chunk, before), "recompute") };
  };

  for (let chunk = 0; chunk < chunks; chunk++) {
    const isLast = chunk === chunks - 1;
    if (isLast && runtime().recording) {
      kept = runOnTape(chunk);
      for (const tensor of readBy(kept, begun)) reached.add(tensor);
    }
    const part = kept?.after ?? scope(() => noGrad(() => journals[chunk].record(() => run(chunk, states[chunk]))));
    output ??= empty([rows, part.output.shape[1]]);
    copyDense(rowOffset(output.offset, firstRows[chunk], output), part.output.offset, part.output.size);
    if (isLast) {
      final = part.state.map((values) => values.detach());
    } else {
      firstRows.push(firstRows[chunk] + part.output.shape[0]);
      states.push(part.state);
      part.output.end();
    }
  }
  const joined = output!;

  const runAgain = (chunk: number): ChunkOnTape => {
    const again = journals[chunk].replay("recompute", () => runOnTape(chunk));
    for (const tensor of readBy(again, begun))
      if (tensor.node && !reached.has(tensor)) refuseUnseen(tensor.node, tensor);
    return again;
  };

  /** Adds one chunk's gradients, given those of the state after it, and returns those of the state before it. */
  const goBackThrough = (
    chunk: number,
    pass: BackwardPass,
    gradState: readonly number[],
  ): readonly (Tensor | null)[] => {
    const { before, after } = chunk === chunks - 1 ? kept! : runAgain(chunk);
    const inner = new BackwardPass(pass, reached);
    const gradOutput = pass.gradient(joined);
    if (gradOutput) inner.seed(after.output, rowOffset(gradOutput, firstRows[chunk], joined));
    after.state.forEach((part, i) => gradState[i] && inner.seed(part, gradState[i]));
    inner.goBack([after.output, ...after.state]);
    return chunk === 0 ? [] : before.map(({ grad }) => grad);
  };

  record({
    name: "recompute",
    inputs: [...reached],
    outputs: [joined, ...final],
    saved: [...states.slice(1).flat(), ...(kept ? [kept.after.output, ...kept.after.state] : [])],
    backward: (pass) => {
      let offsets = final.map((part) => pass.gradient(part));
      let gradients: readonly (Tensor | null)[] = [];
      for (let chunk = chunks - 1; chunk >= 0; chunk--) {
        // The activations end with the scope; gradients that were begun in it and belong to the outer pass do not.
        const { gradBefore } = scope(() => ({
          gradBefore: goBackThrough(chunk, pass, offsets),
          outer: [...reached].map((input) => pass.gradientTensor(input)),
        }));
        for (const gradient of gradients) gradient?.end();
        gradients = gradBefore;
        offsets = gradients.map((gradient) => gradient?.offset ?? 0);
      }
    },
  });
  return { output: joined, state: final };
}

/** A chunk that was run on a tape of its own, between these states. */
interface ChunkOnTape {
  before: readonly Tensor[];
  after: ChunkResult;
}

/** What a chunk was computed from that was there before it and needs a gradient, but for the state before it. */
function readBy({ before, after }: ChunkOnTape, begun: number): Set<Tensor> {
  const own = new Set(before);
  const found = new Set<Tensor>();
  const seen = new Set<TapeNode>();
  const pending = [after.output, ...after.state];
  for (let tensor = pending.pop(); tensor; tensor = pending.pop()) {
    if (!tensor.requiresGrad || own.has(tensor)) continue;
    const { node } = tensor;
    if (!node || node.order < begun) found.add(tensor);
    else if (!seen.has(node)) {
      seen.add(node);
      pending.push(...node.inputs);
    }
  }
  return found;
}

/** Gradients that go to such a tensor would come too late: the way back has no place for it. */
function refuseUnseen({ name }: TapeNode, { shape }: Tensor): never {
  throw new HiddenstateError(
    "unsupported",
    `recompute: unsupported use of a tensor of shape ${shown(shape)} (made by ${name}) in some time steps only: it was made outside of the ` +
      "cell, and the last steps did not read it; make it inside the cell, read it at every step, or leave recompute out",
  );
}

/** The same numbers as something to differentiate by. */
function asLeaf(values: Tensor): Tensor {
  const leaf = values.detach();
  leaf.requiresGrad = true;
  return leaf;
}

/** Where a row of a [rows, F] tensor's memory (or of its gradient's) lies. */
function rowOffset(start: number, row: number, { shape }: Tensor): number {
  return start + row * shape[1] * runtime().kernelSet.bytesPerFloat;
}
