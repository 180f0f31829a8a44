import { attentionWorkspace } from "../../kernels/attention-workspace.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import { copyDense } from "../copy.ts";
import { record, recordsFor } from "../tape.ts";

/** Which rows attend to which: sequences of rows one after the other, and what came before them. */
export interface AttentionRows {
  /** int32 [S, 5]: see the kernel attentionForward. */
  sequences: Tensor;
  /** Cosines and sines of some positions, [P, headSize]; int32 [N]: which of them each row turns by. */
  angles: Tensor;
  index: Tensor;
  /** The most keys that a sequence has, past ones included. */
  longest: number;
}

export interface AttentionOptions {
  heads: number;
  headSize: number;
  causal: boolean;
  /** Causal only: how many keys a query sees at most, itself included. */
  context: number;
}

/**
 * Multi-head self-attention with rotary positions, over packed rows [q | k | v].
 *
 * out_i = Σ_j softmax_j(R_i q_i · R_j k_j / √d) v_j for each head, R_i the rotation by position i
 *
 * qkv [N, 3W], result [N, W]; `turned`, [N, 3W], has the rotated queries and keys: what later rows take as their past, rows [k | v] of 2W.
 * Its gradient goes back into what they were computed from.
 *
 * Source: Vaswani et al., "Attention is all you need", 2017; Su et al., "RoFormer: enhanced transformer with rotary position
 * embedding", 2021.
 */
export function selfAttention(
  qkv: Tensor,
  rows: AttentionRows,
  past: Tensor | null,
  { heads, headSize, causal, context }: AttentionOptions,
): { output: Tensor; turned: Tensor } {
  const { kernelSet } = runtime();
  const { kernels } = kernelSet;
  const width = heads * headSize;
  const count = qkv.shape[0];
  const { sequences, angles, index } = rows;
  const rotation = {
    angles: angles.offset,
    index: index.offset,
    rows: count,
    width: 3 * width,
    heads: 2 * heads,
    headSize,
  };
  const turned = empty(qkv.shape);
  kernels.rotatePositions({ out: turned.offset, x: qkv.offset, ...rotation, inverse: 0, accumulate: 0 });

  const taped = recordsFor(past ? [qkv, past] : [qkv]);
  const output = empty([count, width]);
  const logNormalizer = taped ? empty([count, heads]) : null;
  const workspaceSize = attentionWorkspace(rows.longest, headSize);
  const inWorkspace = <T>(run: (workspace: number) => T): T => {
    const workspace = empty([kernelSet.threads * workspaceSize]);
    const result = run(workspace.offset);
    workspace.end();
    return result;
  };
  const before = past && past.size > 0 ? past : null;
  const callArguments = (workspace: number): Parameters<typeof kernels.attentionForward>[0] => ({
    out: output.offset,
    logNormalizer: logNormalizer?.offset ?? 0,
    x: turned.offset,
    past: before?.offset ?? 0,
    sequences: sequences.offset,
    workspace,
    sequenceCount: sequences.shape[0],
    heads,
    headSize,
    causal: Number(causal),
    // More than there is to see is all: kernels add to it in 32 bits.
    context: Math.min(context, rows.longest),
    workspaces: kernelSet.threads,
    workspaceSize,
    scale: 1 / Math.sqrt(headSize),
  });
  inWorkspace((workspace) => kernels.attentionForward(callArguments(workspace)));
  record({
    name: "selfAttention",
    inputs: before ? [qkv, before, sequences, angles, index] : [qkv, sequences, angles, index],
    outputs: [output, turned],
    saved: logNormalizer ? [logNormalizer] : [],
    backward: (pass) => {
      const gradOut = pass.gradient(output);
      const gradTurned = pass.gradient(turned);
      const gradX = empty(turned.shape);
      if (gradOut) {
        const gradPast = (before && pass.partialTarget(before)?.offset) ?? 0;
        inWorkspace((workspace) =>
          kernels.attentionBackward({ ...callArguments(workspace), gradX: gradX.offset, gradOut, gradPast }),
        );
      }
      // What later steps saw of these keys and values.
      if (gradTurned) copyDense(gradX.offset, gradTurned, gradX.size, gradOut ? 1 : 0);
      const target = pass.target(qkv);
      if (target) {
        const { offset: out, accumulate } = target;
        const { offset: x } = gradX;
        kernels.rotatePositions({
          ...rotation,
          angles: angles.offset,
          index: index.offset,
          out,
          x,
          inverse: 1,
          accumulate,
        });
      }
      gradX.end();
    },
  });
  return { output, turned };
}
