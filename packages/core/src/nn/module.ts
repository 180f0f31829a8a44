import { HiddenstateError, shown } from "../errors.ts";
import { numberOfDraw } from "../memory/draw-journal.ts";
import { runtime } from "../memory/runtime.ts";
import { Tensor } from "../memory/tensor.ts";
import { nearest } from "../options.ts";

/** What every module's options may hold. */
export interface ModuleOptions {
  /**
   * Key of the module's random numbers: two modules of one name and seed start alike. Default: the kind and a number, in the
   * order of construction. Composite models name their parts.
   */
  name?: string;
}

/**
 * A part of a network: named parameters, and parts of its own, whose names are joined with dots as PyTorch does.
 */
export abstract class Module {
  /** Key of the module's random numbers. */
  readonly name: string;
  /** The engine's seed when the module was made. */
  readonly seed: number;
  /** True between `train()` and `eval()`: dropout works. New modules train. */
  training = true;
  readonly #parameters = new Map<string, Tensor>();
  readonly #parts = new Map<string, Module>();
  /** How many random draws (such as dropout masks) each use has made: with the seed, all of a module's random state. */
  readonly #draws = new Map<string, number>();

  constructor(kind: string, name: string | undefined) {
    this.name = name ?? runtime().nameModule(kind);
    this.seed = runtime().seed;
  }

  /** Registers a trainable parameter. */
  protected parameter(name: string, values: Tensor): Tensor {
    values.requiresGrad = true;
    this.#parameters.set(name, values.persist());
    return values;
  }

  /** Registers a part; the part's parameters get `name.` in front. */
  protected part<M extends Module>(name: string, module: M): M {
    this.#parts.set(name, module);
    return module;
  }

  /** The number of this draw for one use, counting up; where a computation is run again (`recompute`), that of its first run. */
  protected nextDraw(use: string): number {
    return numberOfDraw(() => {
      const draw = this.#draws.get(use) ?? 0;
      this.#draws.set(use, draw + 1);
      return draw;
    });
  }

  /** All parameters, frozen ones too, by PyTorch's names. The tensors are the parameters themselves. */
  stateDict(): Map<string, Tensor> {
    const result = new Map(this.#parameters);
    for (const [prefix, part] of this.#parts) {
      for (const [name, values] of part.stateDict()) result.set(`${prefix}.${name}`, values);
    }
    return result;
  }

  /** The trainable parameters, by name: those whose `requiresGrad` is not switched off. */
  namedParameters(): [string, Tensor][] {
    return [...this.stateDict()].filter(([, values]) => values.requiresGrad);
  }

  /** The trainable parameters, for an optimiser or for clipping. */
  parameters(): Tensor[] {
    return this.namedParameters().map(([, values]) => values);
  }

  /** How many numbers the module learns. */
  parameterCount(): number {
    return this.parameters().reduce((total, values) => total + values.size, 0);
  }

  /**
   * Copies values into the parameters.
   * @param values by name, with exactly this module's names and shapes
   * @throws HiddenstateError `missing`, `unknown`, `invalid` or `mismatch`, naming the parameters; nothing is copied then
   */
  loadStateDict(values: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>): void {
    const given = values instanceof Map ? values : new Map(Object.entries(values));
    const own = this.stateDict();
    const missing = [...own.keys()].filter((name) => !given.has(name));
    if (missing.length > 0) {
      throw new HiddenstateError(
        "missing",
        `loadStateDict: missing ${missing.join(", ")}; the model has these parameters, the values do not`,
      );
    }
    for (const [name, source] of given) {
      const target = own.get(name);
      if (!target) {
        const near = nearest(name, [...own.keys()]);
        throw new HiddenstateError(
          "unknown",
          `loadStateDict: unknown parameter "${name}"${near ? `; did you mean "${near}"?` : "; the model has none of that name"}`,
        );
      }
      if (!(source instanceof Tensor)) {
        throw new HiddenstateError(
          "invalid",
          `loadStateDict: invalid ${name}: got ${shown(source)}, expected a tensor; make one with tensor(values, shape)`,
        );
      }
      if (source.shape.join() !== target.shape.join()) {
        throw new HiddenstateError(
          "mismatch",
          `loadStateDict: mismatch in ${name}: got ${shown(source.shape)}, expected ${shown(target.shape)}`,
        );
      }
    }
    for (const [name, target] of own) target.assign(given.get(name)!.exactDataSync());
  }

  /** Training: dropout works. */
  train(): this {
    return this.#setTraining(true);
  }

  /** Evaluation and streaming: dropout does nothing. */
  eval(): this {
    return this.#setTraining(false);
  }

  /** Runs `fn` as after `eval()`; then every part trains again that did before. */
  evaluating<T>(fn: () => T): T {
    const training = this.#withParts().filter((module) => module.training);
    for (const module of training) module.training = false;
    try {
      return fn();
    } finally {
      for (const module of training) module.training = true;
    }
  }

  #withParts(): Module[] {
    return [this, ...[...this.#parts.values()].flatMap((part) => part.#withParts())];
  }

  #setTraining(training: boolean): this {
    this.training = training;
    for (const part of this.#parts.values()) part.#setTraining(training);
    return this;
  }

  /** How many random draws were made, by use: what an exact resume must restore. */
  drawCounts(): Record<string, number> {
    const counts = Object.fromEntries(this.#draws);
    for (const [prefix, part] of this.#parts) {
      for (const [use, count] of Object.entries(part.drawCounts())) counts[`${prefix}.${use}`] = count;
    }
    return counts;
  }

  /** Goes on drawing where `drawCounts` was taken. */
  restoreDrawCounts(counts: Readonly<Record<string, number>>): void {
    this.#draws.clear();
    for (const [use, count] of Object.entries(counts)) {
      const part = [...this.#parts.keys()].find((prefix) => use.startsWith(`${prefix}.`));
      if (part === undefined) this.#draws.set(use, count);
    }
    for (const [prefix, part] of this.#parts) {
      const own = Object.entries(counts).filter(([use]) => use.startsWith(`${prefix}.`));
      part.restoreDrawCounts(Object.fromEntries(own.map(([use, count]) => [use.slice(prefix.length + 1), count])));
    }
  }
}
