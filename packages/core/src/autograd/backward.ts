import { HiddenstateError, shown } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, full, type Tensor } from "../memory/tensor.ts";
import { copyDense } from "./copy.ts";
import type { TapeNode } from "./tape.ts";

/** Where an operation writes the gradient of one of its inputs. */
export interface GradientTarget {
  offset: number;
  /** 0: set every element; 1: add, the gradient already holds something. */
  accumulate: 0 | 1;
}

/** Work put off to the end of a backward pass, such as one weight gradient for many steps. */
export interface DeferredGradient {
  finish(pass: BackwardPass): void;
}

/** One way back over the tape, from a loss to the leaves: who has which gradient so far. */
export class BackwardPass {
  readonly #gradients = new Map<Tensor, Tensor>();
  readonly #deferred = new Map<object, DeferredGradient>();
  readonly #outer: BackwardPass | null;
  readonly #inputs: ReadonlySet<Tensor>;
  readonly #leaves: ReadonlySet<Tensor> | null;

  /**
   * @param outer the pass that this one is a part of, where an operation runs operations of its own again
   * @param inputs where this part ends: their gradients belong to the outer pass
   * @param leaves the leaves whose gradients are wanted; null: all
   */
  constructor(
    outer: BackwardPass | null = null,
    inputs: ReadonlySet<Tensor> = new Set(),
    leaves: ReadonlySet<Tensor> | null = null,
  ) {
    this.#outer = outer;
    this.#inputs = inputs;
    this.#leaves = leaves;
  }

  /** Offset of the gradient of an operation's output; 0 (absent) where nothing depended on that output. */
  gradient(output: Tensor): number {
    return this.#gradients.get(output)?.offset ?? 0;
  }

  /** Where to write the gradient of an input, or null where none is wanted. Each call must be followed by the write. */
  target(input: Tensor): GradientTarget | null {
    if (!input.requiresGrad) return null;
    if (this.#outer && this.#inputs.has(input)) return this.#outer.target(input);
    if (input.node) {
      const known = this.#gradients.get(input);
      if (known) return { offset: known.offset, accumulate: 1 };
      const gradient = empty(input.shape);
      this.#gradients.set(input, gradient);
      return { offset: gradient.offset, accumulate: 0 };
    }
    return this.#leaves && !this.#leaves.has(input) ? null : leafTarget(input);
  }

  /** As `target`, for an operation that writes only a part: the rest is zero. */
  partialTarget(input: Tensor): GradientTarget | null {
    const target = this.target(input);
    if (target?.accumulate === 0) {
      runtime().kernelSet.kernels.fill({ out: target.offset, count: input.size, value: 0 });
      target.accumulate = 1;
    }
    return target;
  }

  /** The work put off under this key, made on first use; all of it is finished at the end of the pass, in order of making. */
  deferred<T extends DeferredGradient>(key: object, create: () => T): T {
    let work = this.#deferred.get(key) as T | undefined;
    if (!work) {
      work = create();
      this.#deferred.set(key, work);
    }
    return work;
  }

  /** The gradient of an input, for whoever must keep it; null where there is none yet, or the input is a leaf. */
  gradientTensor(input: Tensor): Tensor | null {
    return this.#gradients.get(input) ?? null;
  }

  /** The gradient of an output becomes that of an input with the same elements in the same order: a copy at most. */
  passOn(output: Tensor, input: Tensor): void {
    const gradient = this.#gradients.get(output);
    if (!gradient) return;
    const isOurs = input.requiresGrad && input.node && !(this.#outer && this.#inputs.has(input));
    if (isOurs && !this.#gradients.has(input)) {
      // Nobody reads the output's gradient after this, so that more can be added to its memory.
      this.#gradients.set(input, gradient.view(input.shape));
      return;
    }
    const target = this.target(input);
    if (target) copyDense(target.offset, gradient.offset, input.size, target.accumulate);
  }

  /** Adds a gradient from outside, of which to go back from here: all elements of it, dense, at an offset. */
  seed(output: Tensor, gradient: number): void {
    const target = this.target(output);
    if (target) copyDense(target.offset, gradient, output.size, target.accumulate);
  }

  /** Goes back from tensors that have been given gradients to everything they were computed from. */
  goBack(roots: readonly Tensor[]): void {
    for (const node of nodesBehind(roots, this.#inputs)) this.#run(node);
    for (const work of this.#deferred.values()) work.finish(this);
  }

  #run(node: TapeNode): void {
    checkUntouched(node);
    // Behind an operation whose other outputs alone were used, there may be nothing to go on with.
    if (node.outputs.some((output) => this.#gradients.has(output))) node.backward(this);
    node.done = true;
    for (const output of node.outputs) {
      this.#gradients.get(output)?.end();
      this.#gradients.delete(output);
    }
    for (const tensor of node.saved) tensor.end();
  }
}

function leafTarget(leaf: Tensor): GradientTarget {
  if (leaf.grad) {
    leaf.grad.changed();
    return { offset: leaf.grad.offset, accumulate: 1 };
  }
  leaf.grad = leaf.spareGrad ?? empty(leaf.shape);
  leaf.spareGrad = null;
  // A gradient lives as long as its leaf, also when backward ran inside a scope that the leaf outlives.
  leaf.grad.persist();
  leaf.grad.changed();
  return { offset: leaf.grad.offset, accumulate: 0 };
}

/**
 * Adds dL/dx to `.grad` of every tensor with `requiresGrad` that the loss was computed from, and ends what the
 * operations had kept for it. A graph can be gone back over once.
 *
 * @param leaves only these get a gradient, and nobody else's `.grad` is touched; null: all
 * @throws HiddenstateError `invalid` if the loss has more than one element, nothing needs a gradient, the graph was used before,
 *   or a tensor it needs has ended or changed since
 */
export function runBackward(loss: Tensor, leaves: ReadonlySet<Tensor> | null = null): void {
  if (loss.size !== 1) {
    throw new HiddenstateError(
      "invalid",
      `backward: invalid shape: got ${shown(loss.shape)}, expected one element; reduce the loss with sum or mean first`,
    );
  }
  if (!loss.requiresGrad) {
    throw new HiddenstateError(
      "invalid",
      "backward: invalid loss: nothing it was computed from needs a gradient; set requiresGrad, or compute it outside noGrad",
    );
  }
  if (!loss.node && loss.grad)
    throw new HiddenstateError("invalid", "backward: invalid loss: it is a leaf that already has a gradient");
  const pass = new BackwardPass(null, undefined, leaves);
  const one = full([1], 1);
  pass.seed(loss, one.offset);
  one.end();
  pass.goBack([loss]);
}

/** All operations that these tensors depend on, as far as the inputs, last first. */
function nodesBehind(roots: readonly Tensor[], inputs: ReadonlySet<Tensor>): TapeNode[] {
  const found = new Set<TapeNode>();
  const pending = roots.flatMap(({ node }) => node ?? []);
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (found.has(node)) continue;
    if (node.done) {
      throw new HiddenstateError(
        "invalid",
        `backward: invalid graph: it was gone back over before (at ${node.name}); run the forward pass again, or detach the state`,
      );
    }
    found.add(node);
    for (const input of node.inputs) {
      if (input.requiresGrad && input.node && !inputs.has(input)) pending.push(input.node);
    }
  }
  return [...found].toSorted((a, b) => b.order - a.order);
}

function checkUntouched({ name, inputs, versions, outputs, outputVersions }: TapeNode): void {
  inputs.forEach((input, i) => {
    if (input.storage.version !== versions[i])
      throw changed(input, `used by ${name}`, "call backward before optimizer.step");
  });
  outputs.forEach((output, i) => {
    // One that has ended is of no use to anybody: an operation that needs it says so.
    if (!output.ended && output.storage.version !== outputVersions[i])
      throw changed(output, `made by ${name}`, "call backward before assign");
  });
}

function changed({ shape }: Tensor, part: string, advice: string): HiddenstateError {
  return new HiddenstateError(
    "invalid",
    `backward: invalid graph: a tensor of shape ${shown(shape)} ${part} was changed after the forward pass; ${advice}`,
  );
}
