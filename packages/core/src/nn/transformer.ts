import { checkOperand } from "../autograd/ops/operands.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { transpose } from "../autograd/ops/transpose.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { type Tensor, tensor, zeros } from "../memory/tensor.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import { type StreamOptions, streamRules } from "../stream/recurrent-stream.ts";
import type { SequencePool, SequenceStream } from "../stream/sequence-stream.ts";
import { type PoolOptions, poolRules } from "../stream/stream-pool.ts";
import { TransformerStep } from "../stream/transformer-step.ts";
import { TransformerPool, TransformerStream } from "../stream/transformer-stream.ts";
import { pastOf, stateAfter, type TransformerState } from "./attention-cache.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { Module, type ModuleOptions } from "./module.ts";
import { positionsRule } from "./cell-choice.ts";
import { checkForwardOptions } from "./recurrent-options.ts";
import { checkLengths } from "./packing.ts";
import { sequenceRows } from "./sequence-rows.ts";
import { TransformerBlock } from "./transformer-block.ts";

export interface TransformerOptions extends ModuleOptions {
  /** Width I of each time step's input; where it is not hiddenSize, a linear map comes first. */
  inputSize: number;
  /** Width H of what goes from layer to layer: a multiple of 2 x heads. */
  hiddenSize: number;
  /** Default 2. */
  layers?: number;
  /** Heads of the attention, of hiddenSize / heads numbers each. Default 4. */
  heads?: number;
  /** Width of the feed-forward part of each layer. Default 4 x hiddenSize. */
  feedForward?: number;
  /** Share of the values dropped from what each layer adds while training, 0 up to 1. Default 0. */
  dropout?: number;
  /**
   * Causal: how many steps a step sees at most, itself included; what lies further back reaches it through the layers below. Not causal: the
   * longest sequence. Default 256.
   */
  positions?: number;
  /** Each step sees only itself and those before it; else all of the sequence. Default true. */
  causal?: boolean;
  /** Default `"gelu"`. */
  activation?: "gelu" | "relu";
  /** Inputs and outputs are [B, T, F] instead of [T, B, F]. Default false. */
  batchFirst?: boolean;
}

const rules: OptionRules<TransformerOptions> = {
  inputSize: { type: "integer", min: 1 },
  hiddenSize: { type: "integer", min: 2 },
  layers: { type: "integer", min: 1, default: 2 },
  heads: { type: "integer", min: 1, default: 4 },
  feedForward: { type: "integer", min: 1, optional: true },
  dropout: { type: "number", min: 0, below: 1, default: 0 },
  positions: positionsRule,
  causal: { type: "boolean", default: true },
  activation: { type: "choice", choices: ["gelu", "relu"], default: "gelu" },
  batchFirst: { type: "boolean", default: false },
  name: { type: "string", optional: true },
};

/** What `forward` takes besides the input. */
export interface TransformerForwardOptions {
  /** The state to go on from; default: nothing read yet. Causal only. */
  state?: TransformerState;
  /** Valid time steps of each batch row; default: all. What lies beyond is never read, and its outputs are 0. */
  lengths?: readonly number[];
  /** There is none for a Transformer: refused where true. */
  recompute?: boolean;
}

/**
 * A Transformer (Vaswani et al. 2017), normalised before each part (Xiong et al. 2020), with rotary positions (Su et al. 2021).
 *
 *     x = x + attention(norm1(x));  x = x + W2 f(W1 norm2(x) + b1) + b2      in each layer
 *     output = norm(x)
 *
 * Causal, it is a model of what comes next that streams like a recurrent one: a step sees itself and the `positions` - 1 steps before it, whose
 * keys and values are its state, so that `forward`, `step`, chunks and streams give the same bits, however long the sequence. Gradients
 * go back into a state, too, unless it is detached, as between windows of a training (Transformer-XL, Dai et al. 2019). Not causal, it reads whole sequences of at most `positions` steps.
 *
 * Parameters carry the names of PyTorch's TransformerEncoder: `layers.{l}.self_attn.in_proj_weight` [3H, H] and so on, `norm.weight`,
 * `norm.bias`; and `input.*` where inputSize is not hiddenSize.
 *
 * @example
 * const transformer = new Transformer({ inputSize: 8, hiddenSize: 32, heads: 4 });
 * const { output, state } = transformer.forward(zeros([10, 4, 8]));   // [10, 4, 32]
 */
export class Transformer extends Module {
  readonly options: Required<TransformerOptions>;
  /** Width of the output, H. */
  readonly outputSize: number;
  /** One, whether it looks ahead or not. */
  readonly directions = 1 as const;
  readonly input: Linear | null;
  readonly layers: readonly TransformerBlock[];
  readonly norm: LayerNorm;

  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: TransformerOptions) {
    const resolved = resolveOptions("new Transformer", options, rules);
    super("transformer", resolved.name);
    const { inputSize, hiddenSize, heads, layers } = resolved;
    checkHeads("new Transformer", hiddenSize, heads);
    this.outputSize = hiddenSize;
    this.options = { ...resolved, feedForward: resolved.feedForward ?? 4 * hiddenSize };
    const named = (part: string): string => `${this.name}.${part}`;
    this.input =
      inputSize === hiddenSize
        ? null
        : this.part("input", new Linear({ inputSize, outputSize: hiddenSize, name: named("input") }));
    this.layers = Array.from({ length: layers }, (_, layer) =>
      this.part(`layers.${layer}`, new TransformerBlock(this.options, named(`layers.${layer}`))),
    );
    this.norm = this.part("norm", new LayerNorm({ size: hiddenSize, name: named("norm") }));
  }

  /**
   * Runs the network over whole sequences.
   *
   * @param x [T, B, I] (batchFirst: [B, T, I])
   * @returns output [T, B, H], 0 in the padding; and, where causal, the state after each row's last valid step
   * @throws HiddenstateError `mismatch` or `invalid` for shapes, lengths and states that do not fit, `invalid` for sequences longer than
   *   the positions of a network that is not causal, `unsupported` for a state there and for `recompute`
   */
  forward(x: Tensor, options: TransformerForwardOptions = {}): { output: Tensor; state: TransformerState } {
    const { batchFirst, inputSize, positions, causal } = this.options;
    const where = "transformer.forward";
    checkForwardOptions(where, options);
    this.#refuse(where, options);
    checkOperand(where, "x", x);
    if (x.shape.length !== 3 || x.shape[2] !== inputSize) this.#refuseInput(where, x, batchFirst ? "[B, T," : "[T, B,");
    const timeMajor = batchFirst ? transpose(x, [1, 0, 2]) : x;
    const [steps, batch] = timeMajor.shape as [number, number, number];
    const lengths = options.lengths ?? Array.from({ length: batch }, () => steps);
    checkLengths(where, lengths, steps, batch);
    if (!causal) refuseLonger(where, Math.max(0, ...lengths), positions);
    const before = options.state ?? null;
    if (before) this.#checkState(where, before, batch);
    const { output, state } = this.#run(reshape(timeMajor, [steps * batch, inputSize]), lengths, steps, before);
    const padded = reshape(output, [steps, batch, output.shape[1]]);
    return { output: batchFirst ? transpose(padded, [1, 0, 2]) : padded, state };
  }

  /**
   * One time step: the same numbers, bit for bit, as `forward` over the whole sequence.
   *
   * @param x [B, I]
   * @param state the state before; default: nothing read yet
   * @returns output [B, H] and the state after
   * @throws HiddenstateError `unsupported` for a network that is not causal, which needs the whole sequence
   */
  step(x: Tensor, state?: TransformerState): { output: Tensor; state: TransformerState } {
    const where = "transformer.step";
    this.refuseWholeSequences(where);
    checkOperand(where, "x", x);
    if (x.shape.length !== 2 || x.shape[1] !== this.options.inputSize) this.#refuseInput(where, x, "[B,");
    const batch = x.shape[0];
    if (state) this.#checkState(where, state, batch);
    return this.#run(
      x,
      Array.from({ length: batch }, () => 1),
      1,
      state ?? null,
    );
  }

  /**
   * One sequence (or a few side by side) as it comes, step by step: the same numbers, bit for bit, as `forward` over the whole sequence.
   * Allocates nothing once it has read as many steps as a step can see.
   *
   * @throws HiddenstateError `unsupported` for a network that is not causal, and for weights of 8 bits
   * @example
   * const stream = transformer.stream();
   * for (const x of sensor) console.log(stream.push(x));
   */
  stream(options: StreamOptions = {}): SequenceStream {
    const where = "transformer.stream";
    const { rows, weights } = resolveOptions(where, options, streamRules);
    return new TransformerStream(where, this.streamStep(where, weights), null, rows);
  }

  /**
   * Many independent streams, any of which advance together in one batched step.
   *
   * @throws HiddenstateError `unsupported` for a network that is not causal, and for weights of 8 bits
   */
  pool(options: PoolOptions = {}): SequencePool {
    const where = "transformer.pool";
    const { capacity, weights } = resolveOptions(where, options, poolRules);
    return new TransformerPool(where, this.streamStep(where, weights), null, capacity);
  }

  /** The step of a stream over this network, of this module's or of a model that it is a part of. */
  streamStep(where: string, weights: "float32" | "int8"): TransformerStep {
    this.refuseWholeSequences(where);
    if (weights === "float32") return new TransformerStep(this);
    throw new HiddenstateError(
      "unsupported",
      `${where}: unsupported weights int8 for a Transformer; use float32, or a recurrent cell`,
    );
  }

  /** A state in which nothing was read yet. */
  zeroState(batch: number): TransformerState {
    const { layers, hiddenSize } = this.options;
    const positions = tensor(new Int32Array(batch), [batch], { dtype: "int32" });
    return { h: zeros([layers, batch, 0, 2 * hiddenSize]), positions };
  }

  /** @throws HiddenstateError `unsupported` where the network is not causal */
  refuseWholeSequences(where: string): void {
    if (this.options.causal) return;
    throw new HiddenstateError(
      "unsupported",
      `${where}: unsupported for a Transformer that is not causal, which needs the whole sequence; use forward, or causal: true`,
    );
  }

  #run(
    x: Tensor,
    lengths: readonly number[],
    steps: number,
    before: TransformerState | null,
  ): { output: Tensor; state: TransformerState } {
    const { hiddenSize, heads, positions, causal } = this.options;
    const batch = lengths.length;
    const room = before ? before.h.shape[2] : 0;
    const past = before ? pastOf(before) : lengths.map(() => ({ position: 0, seen: 0 }));
    const rows = sequenceRows(lengths, steps, past, room, hiddenSize / heads);
    let output = rows.pack(x);
    if (this.input) output = this.input.forward(output);
    const turned = this.layers.map((block, layer) => {
      const cache = room
        ? reshape(slice(before!.h, { start: layer, end: layer + 1 }), [batch * room, 2 * hiddenSize])
        : null;
      const result = block.forward(output, rows, cache);
      output = result.output;
      return result.turned;
    });
    const state = stateAfter(before, turned, rows, causal ? positions - 1 : 0);
    return { output: rows.unpack(this.norm.forward(output)), state };
  }

  #refuse(where: string, { state, recompute }: TransformerForwardOptions): void {
    if (state) this.refuseWholeSequences(where);
    if (!recompute) return;
    throw new HiddenstateError(
      "unsupported",
      `${where}: unsupported recompute: a Transformer has no chain of steps to compute again; leave it out`,
    );
  }

  #checkState(where: string, { h, positions }: TransformerState, batch: number): void {
    const { layers, hiddenSize } = this.options;
    const [ofLayers, ofBatch, , width] = h.shape;
    const fits = h.shape.length === 4 && ofLayers === layers && ofBatch === batch && width === 2 * hiddenSize;
    if (fits && positions?.size === batch) {
      checkOperand(where, "state.h", h);
      return checkOperand(where, "state.positions", positions, "int32");
    }
    throw new HiddenstateError(
      "mismatch",
      `${where}: mismatch in state: got h ${shown(h.shape)} and positions ${shown(positions?.shape)}, expected ` +
        `[${layers}, ${batch}, n, ${2 * hiddenSize}] and [${batch}] ([layers, B, steps, 2 x hiddenSize], [B])`,
    );
  }

  #refuseInput(where: string, x: Tensor, axes: string): never {
    const { inputSize } = this.options;
    throw new HiddenstateError(
      "mismatch",
      `${where}: mismatch in x: got ${shown(x.shape)}, expected ${axes} ${inputSize}] (inputSize ${inputSize})`,
    );
  }
}

/** @throws HiddenstateError `invalid` unless each head has an even number of numbers, which rotary positions turn in pairs */
function checkHeads(where: string, hidden: number, heads: number): void {
  if (hidden % (2 * heads) === 0) return;
  throw new HiddenstateError(
    "invalid",
    `${where}: invalid hidden size: got ${hidden}, expected a multiple of ${2 * heads} (2 x heads ${heads}); ` +
      `use ${Math.max(1, Math.round(hidden / (2 * heads))) * 2 * heads}, or another number of heads`,
  );
}

/** @throws HiddenstateError `invalid` for more steps than a Transformer that looks both ways has positions */
function refuseLonger(where: string, longest: number, positions: number): void {
  if (longest <= positions) return;
  throw new HiddenstateError(
    "invalid",
    `${where}: invalid length: got a sequence of ${longest} steps, expected at most ${positions}, the Transformer's positions; ` +
      "cut the sequence, or make a network with more positions",
  );
}
