import { HiddenstateError, shown } from "../errors.ts";
import { Tensor } from "../memory/tensor.ts";
import { type OptionRules, resolveOptions } from "../options.ts";

/** Parameters that share a learning rate and a weight decay of their own. */
export interface ParameterGroup {
  parameters: Iterable<Tensor>;
  /** Learning rate of this group; default: the optimiser's. */
  lr?: number;
  /** Weight decay of this group; default: the optimiser's. */
  weightDecay?: number;
}

/** What an optimiser is given to train: tensors, or groups of them. */
export type Parameters = Iterable<Tensor> | readonly ParameterGroup[];

/** All that an optimiser remembers, by name: moments as tensors, counters as plain numbers. */
export type OptimizerState = Map<string, Tensor | number>;

/** A parameter that this step updates, with the rates that hold for it now. */
export interface Update {
  parameter: Tensor;
  gradient: Tensor;
  learningRate: number;
  weightDecay: number;
}

interface Group {
  parameters: readonly Tensor[];
  /** As given; null: follows `optimizer.lr` exactly. */
  lr: number | null;
  weightDecay: number;
}

const groupRules: OptionRules<Pick<ParameterGroup, "lr" | "weightDecay">> = {
  lr: { type: "number", min: 0, optional: true },
  weightDecay: { type: "number", min: 0, optional: true },
};

/**
 * What all optimisers share: which parameters are trained, at which rates, and clearing their gradients.
 *
 * A parameter named twice (tied weights) is updated once. A frozen one (`requiresGrad` false) or one without a gradient is
 * skipped, and what the optimiser remembers of it stays as it is. Gradients add up over calls of `backward` until
 * `zeroGrad`, so a large batch can be computed in parts: divide each part's loss by the number of parts, call `backward` on
 * each, then `step` once.
 */
export abstract class Optimizer {
  /** The learning rate that the optimiser was made with. */
  readonly initialLearningRate: number;
  readonly #groups: readonly Group[];
  #learningRate: number;

  /** @param where the call to name in errors */
  constructor(where: string, parameters: Parameters, options: { lr: number; weightDecay: number }) {
    this.initialLearningRate = options.lr;
    this.#learningRate = options.lr;
    this.#groups = groupsOf(where, parameters, options.weightDecay);
  }

  /**
   * The learning rate now; set it before a step to follow a schedule. A group with an `lr` of its own keeps its ratio to
   * the initial rate: it uses `group.lr * optimizer.lr / initialLearningRate`.
   * @throws HiddenstateError `invalid` for a rate that is negative or not finite
   */
  get lr(): number {
    return this.#learningRate;
  }

  set lr(value: number) {
    if (!Number.isFinite(value) || value < 0) {
      throw new HiddenstateError(
        "invalid",
        `optimizer.lr: invalid value: got ${shown(value)}, expected a number at least 0`,
      );
    }
    this.#learningRate = value;
  }

  /** All parameters, each once, in the order given. */
  get parameters(): Tensor[] {
    return this.#groups.flatMap((group) => group.parameters);
  }

  /** Updates every parameter that has a gradient. The gradients stay until `zeroGrad`. */
  step(): void {
    const updates: Update[] = [];
    for (const group of this.#groups) {
      const learningRate =
        group.lr === null ? this.#learningRate : group.lr * (this.#learningRate / this.initialLearningRate);
      for (const parameter of group.parameters) {
        const gradient = parameter.requiresGrad ? parameter.grad : null;
        if (gradient) updates.push({ parameter, gradient, learningRate, weightDecay: group.weightDecay });
      }
    }
    if (updates.length === 0) return;
    this.update(updates);
    for (const { parameter } of updates) parameter.changed();
  }

  /** Forgets all gradients. Their memory is kept for the next ones. */
  zeroGrad(): void {
    for (const parameter of this.parameters) {
      // A gradient that belongs to a scope may end before the next backward pass could use its memory.
      if (parameter.grad?.persistent) parameter.spareGrad = parameter.grad;
      parameter.grad = null;
    }
  }

  /**
   * All that the optimiser remembers. Parameters are numbered in the order given, so that tensors are named
   * `0.firstMoment` and the like. The tensors are the live ones: the next `step` changes them.
   */
  stateDict(): OptimizerState {
    const state: OptimizerState = new Map([["lr", this.#learningRate]]);
    this.parameters.forEach((parameter, index) => {
      for (const [name, value] of this.remembered(parameter)) state.set(`${index}.${name}`, value);
    });
    return state;
  }

  /**
   * Goes on exactly where `stateDict` was taken: the next steps have the same bits. Copies the numbers.
   * @throws HiddenstateError `missing`, `unknown` or `mismatch` where the state is another optimiser's; nothing is changed then
   */
  loadStateDict(state: ReadonlyMap<string, Tensor | number>): void {
    const { parameters } = this;
    const parts = parameters.map(() => new Map<string, Tensor | number>());
    const learningRate = state.get("lr");
    if (typeof learningRate !== "number") {
      throw new HiddenstateError(
        "missing",
        'optimizer.loadStateDict: missing number "lr"; the state is not an optimiser\'s',
      );
    }
    for (const [name, value] of state) {
      if (name === "lr") continue;
      const dot = name.indexOf(".");
      const part = parts[Number(name.slice(0, dot))];
      if (dot < 1 || !part) {
        throw new HiddenstateError(
          "unknown",
          `optimizer.loadStateDict: unknown entry "${name}"; this optimiser has ${parameters.length} parameters, numbered from 0`,
        );
      }
      part.set(name.slice(dot + 1), value);
    }
    parameters.forEach((parameter, index) => this.checkRemembered(parameter, parts[index], String(index)));
    this.lr = learningRate;
    parameters.forEach((parameter, index) => this.remember(parameter, parts[index]));
  }

  /** Changes the parameters by one kernel call. */
  protected abstract update(updates: readonly Update[]): void;

  /** What is remembered of one parameter; empty before its first step. */
  protected abstract remembered(parameter: Tensor): Iterable<[string, Tensor | number]>;

  /** Names and kinds of what is remembered of a parameter after its first step. */
  protected abstract readonly memory: Readonly<Record<string, "tensor" | "number">>;

  /** Replaces what is remembered of one parameter; an empty map forgets it. */
  protected abstract remember(parameter: Tensor, values: ReadonlyMap<string, Tensor | number>): void;

  private checkRemembered(parameter: Tensor, values: ReadonlyMap<string, Tensor | number>, index: string): void {
    if (values.size === 0) return;
    const where = "optimizer.loadStateDict";
    for (const name of values.keys()) {
      if (!Object.hasOwn(this.memory, name)) {
        throw new HiddenstateError(
          "unknown",
          `${where}: unknown entry "${index}.${name}"; the state is another kind of optimiser's`,
        );
      }
    }
    for (const [name, kind] of Object.entries(this.memory)) {
      const value = values.get(name);
      if (value === undefined) {
        throw new HiddenstateError(
          "missing",
          `${where}: missing entry "${index}.${name}"; the state is another kind of optimiser's`,
        );
      }
      const expected = kind === "number" ? "a number" : shown(parameter.shape);
      const got =
        typeof value === "number" ? "a number" : value.dtype === "float" ? shown(value.shape) : "an int32 tensor";
      if (got !== expected) {
        throw new HiddenstateError(
          "mismatch",
          `${where}: mismatch in ${index}.${name}: got ${got}, expected ${expected}`,
        );
      }
    }
  }
}

function groupsOf(where: string, given: Parameters, weightDecay: number): Group[] {
  const items: readonly (Tensor | ParameterGroup)[] = [...given];
  const alone = items.every((item) => item instanceof Tensor);
  const groups = alone ? [{ parameters: items }] : (items as readonly ParameterGroup[]);
  const groupOf = new Map<Tensor, number>();
  const result = groups.map((group, index): Group => {
    const { parameters, ...options } = group;
    const name = alone ? where : `${where}: group ${index}`;
    if (typeof parameters?.[Symbol.iterator] !== "function") {
      throw new HiddenstateError(
        "invalid",
        `${name}: invalid parameters: got ${shown(parameters)}, expected tensors, such as model.parameters()`,
      );
    }
    const own = resolveOptions(name, options, groupRules);
    // Gone over once: an iterator, such as stateDict().values(), has nothing left the second time.
    const unique = new Set(parameters);
    for (const parameter of unique) {
      checkParameter(name, parameter);
      const other = groupOf.get(parameter) ?? index;
      if (other !== index) {
        throw new HiddenstateError(
          "invalid",
          `${name}: invalid parameters: a tensor of shape ${shown(parameter.shape)} is in group ${other} too; a parameter has one learning rate`,
        );
      }
      groupOf.set(parameter, index);
    }
    return { parameters: [...unique], lr: own.lr ?? null, weightDecay: own.weightDecay ?? weightDecay };
  });
  if (groupOf.size === 0)
    throw new HiddenstateError("missing", `${where}: missing parameters; expected at least one tensor`);
  return result;
}

function checkParameter(where: string, parameter: unknown): void {
  if (parameter instanceof Tensor && parameter.dtype === "float") return;
  const got = parameter instanceof Tensor ? "an int32 tensor" : shown(parameter);
  throw new HiddenstateError(
    "invalid",
    `${where}: invalid parameters: got ${got} among them, expected tensors of real numbers`,
  );
}
