import { embedding } from "../autograd/ops/embedding.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { elementCount, Tensor, tensor } from "../memory/tensor.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import { normal } from "./init.ts";
import { Module, type ModuleOptions } from "./module.ts";

export interface EmbeddingOptions extends ModuleOptions {
  /** How many different ids there are: V. */
  vocabularySize: number;
  /** Width E of each id's vector. */
  embeddingSize: number;
  /** Standard deviation of the numbers that vectors start with. Default 1. */
  deviation?: number;
}

const rules: OptionRules<EmbeddingOptions> = {
  vocabularySize: { type: "integer", min: 1 },
  embeddingSize: { type: "integer", min: 1 },
  deviation: { type: "number", min: 0, default: 1 },
  name: { type: "string", optional: true },
};

/**
 * A trainable vector for each id: row `id` of `weight` [V, E], started from the normal distribution: the standard one, as in PyTorch,
 * unless another deviation is asked for.
 *
 * @example
 * const x = new Embedding({ vocabularySize: 65, embeddingSize: 256 }).forward([3, 1, 4, 1], [2, 2]);   // [2, 2, 256]
 */
export class Embedding extends Module {
  readonly weight: Tensor;
  readonly options: Required<EmbeddingOptions>;

  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: EmbeddingOptions) {
    const resolved = resolveOptions("new Embedding", options, rules);
    super("embedding", resolved.name);
    this.options = resolved;
    const { vocabularySize, embeddingSize, deviation } = resolved;
    const key = { seed: this.seed, path: `${this.name}.weight` };
    this.weight = this.parameter("weight", normal([vocabularySize, embeddingSize], deviation, key));
  }

  /**
   * @param ids whole numbers 0 to V - 1, as an int32 tensor (there a negative id gives zeros) or as numbers
   * @param shape the ids' shape, where they are numbers; default: one axis
   * @returns [..shape, E]
   * @throws HiddenstateError `invalid` for an id out of range, `mismatch` for a shape that does not fit
   */
  forward(ids: Tensor | ArrayLike<number>, shape?: readonly number[]): Tensor {
    return embedding(this.weight, ids instanceof Tensor ? ids : this.#checked(ids, shape ?? [ids.length]));
  }

  #checked(ids: ArrayLike<number>, shape: readonly number[]): Tensor {
    const { vocabularySize } = this.options;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      if (!Number.isInteger(id) || id < 0 || id >= vocabularySize) {
        throw new HiddenstateError(
          "invalid",
          `embedding.forward: invalid ids[${i}]: got ${shown(id)}, expected a whole number from 0 to ${vocabularySize - 1} (vocabularySize ${vocabularySize})`,
        );
      }
    }
    if (elementCount(shape) !== ids.length) {
      throw new HiddenstateError(
        "mismatch",
        `embedding.forward: mismatch in shape: got ${ids.length} ids for shape ${shown(shape)}`,
      );
    }
    return tensor(ids, shape, { dtype: "int32" });
  }
}
