import { attend } from "../autograd/ops/attend.ts";
import { indicesOf } from "../autograd/ops/operands.ts";
import { gatherRows } from "../autograd/ops/gather-rows.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { ints, type Tensor } from "../memory/tensor.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import { uniform } from "./init.ts";
import { Linear } from "./linear.ts";
import { Module, type ModuleOptions } from "./module.ts";
import { timeMajor } from "./pooling.ts";

export interface GlobalAttentionOptions extends ModuleOptions {
  /** Width Q of a query, such as a decoder's h. */
  querySize: number;
  /** Width M of each place of a memory, such as an encoder's output. */
  memorySize: number;
  /** `"multiplicative"` (Luong et al. 2015, "general") or `"additive"` (Bahdanau et al. 2015). Default `"multiplicative"`. */
  score?: "multiplicative" | "additive";
  /** Additive scores only: width A in which query and memory are added. Default: querySize. */
  size?: number;
}

const rules: OptionRules<GlobalAttentionOptions> = {
  querySize: { type: "integer", min: 1 },
  memorySize: { type: "integer", min: 1 },
  score: { type: "choice", choices: ["multiplicative", "additive"], default: "multiplicative" },
  size: { type: "integer", min: 1, optional: true },
  name: { type: "string", optional: true },
};

/** What is looked at, with what each place is compared by made once for all queries. */
export interface AttentionMemory {
  /** [S, B, A] */
  keys: Tensor;
  /** [S, B, M] */
  values: Tensor;
  /** int32 [B] */
  lengths: Tensor;
}

/** What queries found, and where. */
export interface Attention {
  /** The mean of the values: [T, B, M], or [N, M] of a step. */
  context: Tensor;
  /** How much each place counted: [T, B, S], or [N, S] of a step. Each row sums to 1, with 0 in the padding; not on the tape. */
  weights: Tensor;
}

/**
 * Attention between a decoder and what an encoder left: each query looks at all places of its memory.
 *
 *     multiplicative: score(q, m) = q · (W m)                      additive: score(q, m) = v · tanh(W q + b + U m)
 *     weights = softmax over the memory's own places;              context = Σ_s weights_s m_s
 *
 * Parameters: `key.weight` (W [Q, M], or U [A, M]); additive also `query.weight` [A, Q], `query.bias` [A] and `vector` [A].
 *
 * Source: Luong, Pham & Manning 2015 (arXiv 1508.04025, eq. 8, "general"); Bahdanau, Cho & Bengio 2015 (arXiv 1409.0473, appendix A.1.2).
 *
 * @example
 * const attention = new GlobalAttention({ querySize: 128, memorySize: 256 });
 * const memory = attention.memory(encoded, lengths);                // encoded [S, B, 256]
 * const { context, weights } = attention.forward(decoded, memory);  // decoded [T, B, 128]
 */
export class GlobalAttention extends Module {
  readonly options: Required<GlobalAttentionOptions>;
  readonly key: Linear;
  readonly query: Linear | null;
  readonly vector: Tensor | null;

  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none, `mismatch` for a size of products */
  constructor(options: GlobalAttentionOptions) {
    const resolved = resolveOptions("new GlobalAttention", options, rules);
    super("globalAttention", resolved.name);
    const { querySize, memorySize, score } = resolved;
    const size = options.size ?? querySize;
    this.options = { ...resolved, size };
    if (score === "multiplicative" && options.size !== undefined) {
      throw new HiddenstateError(
        "mismatch",
        "new GlobalAttention: mismatch in size: multiplicative scores have none but querySize; leave it out, or use additive ones",
      );
    }
    const key = new Linear({ inputSize: memorySize, outputSize: size, bias: false, name: `${this.name}.key` });
    this.key = this.part("key", key);
    const additive = score === "additive";
    this.query = additive
      ? this.part("query", new Linear({ inputSize: querySize, outputSize: size, name: `${this.name}.query` }))
      : null;
    const start = { seed: this.seed, path: `${this.name}.vector` };
    this.vector = additive ? this.parameter("vector", uniform([size], 1 / Math.sqrt(size), start)) : null;
  }

  /**
   * Makes what queries are compared with, once for all of them.
   *
   * @param values [S, B, M]; what lies beyond a row's length, NaN even, reaches nothing
   * @param lengths the places of each memory that are there; default: all
   * @throws HiddenstateError `mismatch` or `invalid` for shapes and lengths that do not fit
   */
  memory(values: Tensor, lengths?: readonly number[]): AttentionMemory {
    const where = "globalAttention.memory";
    const { steps, batch, width, valid } = timeMajor(where, values, lengths);
    if (width !== this.options.memorySize) throw this.#mismatch(where, "values", values, "[S, B,", "memorySize");
    const clean = lengths ? withoutPadding(values, valid) : values;
    const keys = this.key.forward(reshape(clean, [steps * batch, width]));
    return { keys: reshape(keys, [steps, batch, keys.shape[1]]), values: clean, lengths: ints(valid) };
  }

  /**
   * All queries of all time steps at once: the same numbers, bit for bit, as step after step.
   *
   * @param query [T, B, Q], row b looking at memory b
   * @param lengths the time steps of each row that count; beyond them results are 0, and what stands there reaches nothing. Default: all
   * @throws HiddenstateError `mismatch` or `invalid` for shapes and lengths that do not fit
   */
  forward(query: Tensor, memory: AttentionMemory, lengths?: readonly number[]): Attention {
    const where = "globalAttention.forward";
    const { steps, batch, width, valid } = timeMajor(where, query, lengths);
    const [places, memories] = memory.values.shape;
    if (width !== this.options.querySize || batch !== memories)
      throw this.#mismatch(where, "query", query, `[T, ${memories},`, "querySize");
    const rows = steps * batch;
    const owners = Int32Array.from({ length: rows }, (_, row) =>
      Math.floor(row / batch) < valid[row % batch] ? row % batch : -1,
    );
    const clean = lengths ? withoutPadding(query, valid) : query;
    const { context, weights } = this.#attend(reshape(clean, [rows, width]), memory, ints(owners));
    return {
      context: reshape(context, [steps, batch, context.shape[1]]),
      weights: weights.view([steps, batch, places]),
    };
  }

  /**
   * One query for each row; rows may share a memory, as the hypotheses of a beam do.
   *
   * @param query [N, Q]
   * @param owners int32 [N], the memory that each row looks at (a negative one looks at nothing); default: row n at memory n
   * @throws HiddenstateError `mismatch` for shapes that do not fit, `invalid` for an owner past the last memory
   */
  step(query: Tensor, memory: AttentionMemory, owners?: Tensor): Attention {
    const where = "globalAttention.step";
    if (query.shape.length !== 2 || query.shape[1] !== this.options.querySize)
      throw this.#mismatch(where, "query", query, "[N,", "querySize");
    const batch = memory.values.shape[1];
    const wrong = owners ? indicesOf(where, "owners", owners).findIndex((owner) => owner >= batch) : -1;
    if (wrong >= 0) {
      throw new HiddenstateError(
        "invalid",
        `${where}: invalid owners[${wrong}]: got ${owners!.exactDataSync()[wrong]}, expected at most ${batch - 1}, the last memory`,
      );
    }
    if (!owners && query.shape[0] !== batch) throw this.#mismatch(where, "query", query, `[${batch},`, "querySize");
    return this.#attend(query, memory, owners ?? ints(Int32Array.from({ length: batch }, (_, b) => b)));
  }

  #attend(query: Tensor, memory: AttentionMemory, owners: Tensor): Attention {
    return attend(this.query ? this.query.forward(query) : query, owners, { ...memory, vector: this.vector });
  }

  #mismatch(
    where: string,
    name: string,
    got: Tensor,
    axes: string,
    option: "querySize" | "memorySize",
  ): HiddenstateError {
    const width = this.options[option];
    return new HiddenstateError(
      "mismatch",
      `${where}: mismatch in ${name}: got ${shown(got.shape)}, expected ${axes} ${width}] (${option} ${width})`,
    );
  }
}

/** Zeros past each row's length, in place of what stands there: 0 times NaN, in a weight's gradient, would be NaN. */
function withoutPadding(x: Tensor, lengths: readonly number[]): Tensor {
  const [steps, batch, width] = x.shape as [number, number, number];
  if (lengths.every((length) => length === steps)) return x;
  const places = ints(
    Int32Array.from({ length: steps * batch }, (_, row) => (Math.floor(row / batch) < lengths[row % batch] ? row : -1)),
  );
  return reshape(gatherRows(reshape(x, [steps * batch, width]), places, places), x.shape);
}
