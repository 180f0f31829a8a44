import { runBackward } from "../autograd/backward.ts";
import type { TapeNode } from "../autograd/tape.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import { runtime } from "./runtime.ts";
import type { Scope } from "./scope.ts";
import { allocateStorage, type Storage } from "./storage.ts";

/** Reals have the engine's precision; `int32` is for token ids, targets and indices. */
export type DType = "float" | "int32";

/** Tensors outside of any scope live until they are collected. */
const collected = new FinalizationRegistry<Storage>((storage) => storage.release());

/**
 * A dense, row-major array of numbers in the engine's heap. Nobody disposes tensors: they end with their scope, or when they
 * are collected.
 *
 * @example
 * const x = tensor([1, 2, 3, 4], [2, 2]);
 * await x.data();   // Float32Array [1, 2, 3, 4]
 */
export class Tensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Number of elements. */
  readonly size: number;
  /** Whether `backward` computes a gradient for this tensor. Set it on inputs and initial states where it is wanted. */
  requiresGrad = false;
  /** The gradient that `backward` added up, of the tensor's shape; null before, and after `zeroGrad`. */
  grad: Tensor | null = null;
  /** The gradient's memory after `zeroGrad`, to be used again. */
  spareGrad: Tensor | null = null;
  /** What computed this tensor, where that is on the tape. */
  node: TapeNode | null = null;
  /** Packed copies of this tensor's contents, by layout, which go with it. */
  packed: Map<string, { version: number; panels: Tensor }> | null = null;
  /** True for what no scope ends: parameters, optimiser state, stream state. */
  persistent = false;
  #storage: Storage | null;
  #awaitsCollection = false;
  /** Where this tensor starts inside its storage, in bytes. */
  readonly #start: number;
  /** Makes the numbers of a tensor that nobody has looked at yet. */
  #pending: (() => ArrayLike<number>) | null = null;

  constructor(storage: Storage, shape: readonly number[], dtype: DType, start = 0) {
    this.#storage = storage;
    this.shape = shape;
    this.dtype = dtype;
    this.size = elementCount(shape);
    this.#start = start;
    this.adoptedBy(storage.owner.scope);
  }

  get storage(): Storage {
    if (!this.#storage) {
      throw new HiddenstateError(
        "invalid",
        `invalid use of an ended tensor of shape [${this.shape.join(", ")}]: its scope is over; return it from engine.scope, ` +
          "or read it with data() before the scope ends",
      );
    }
    if (this.#storage.owner !== runtime()) {
      throw new HiddenstateError(
        "invalid",
        "invalid use of a tensor from before the last engine.init; make it again after engine.init",
      );
    }
    return this.#storage;
  }

  /** The tensor's place in the heap: for kernels. */
  get offset(): number {
    const { offset } = this.storage;
    if (this.#pending) this.#fillPending();
    return offset + this.#start;
  }

  get ended(): boolean {
    return this.#storage === null;
  }

  /** Copies the numbers out. */
  async data(): Promise<Float32Array> {
    return this.dataSync();
  }

  /** As `data`, at once: on backends that compute on the processor. */
  dataSync(): Float32Array {
    const { kernelSet } = this.storage.owner;
    if (this.dtype === "int32") return Float32Array.from(kernelSet.readInts(this.offset, this.size));
    const values = kernelSet.readFloats(this.offset, this.size);
    return values instanceof Float32Array ? values : Float32Array.from(values);
  }

  /** The numbers in the engine's own precision: a Float64Array where that is `f64`, and for int32. */
  exactDataSync(): Float32Array | Float64Array {
    const { kernelSet } = this.storage.owner;
    if (this.dtype === "int32") return Float64Array.from(kernelSet.readInts(this.offset, this.size));
    return kernelSet.readFloats(this.offset, this.size);
  }

  /** The one number of a tensor with one element. */
  async item(): Promise<number> {
    return this.itemSync();
  }

  itemSync(): number {
    if (this.size !== 1) {
      throw new HiddenstateError(
        "invalid",
        `tensor.item: invalid shape: got ${shown(this.shape)}, expected one element`,
      );
    }
    return this.exactDataSync()[0];
  }

  /** Replaces the numbers; the shape stays. */
  assign(values: ArrayLike<number>): void {
    if (values.length !== this.size) {
      throw new HiddenstateError(
        "mismatch",
        `tensor.assign: mismatch in values: got ${values.length} numbers, expected ${this.size} (shape ${shown(this.shape)})`,
      );
    }
    // What nobody has looked at need not be made any more.
    this.#pending = null;
    writeNumbers("tensor.assign", this, values);
    this.changed();
  }

  /**
   * Says what the numbers are; they are made when the tensor is first used, or never if others are assigned before: a model
   * that is loaded does not pay for its start.
   * @param make gives as many numbers as the tensor has elements
   */
  fillLater(make: () => ArrayLike<number>): this {
    this.#pending = make;
    return this;
  }

  #fillPending(): void {
    const make = this.#pending!;
    this.#pending = null;
    writeNumbers("tensor", this, make());
  }

  /** Adds dL/d(tensor) to `.grad` of every tensor with `requiresGrad` that this scalar was computed from. */
  backward(): void {
    runBackward(this);
  }

  /** The same numbers, cut from the tape. */
  detach(): Tensor {
    return this.view(this.shape);
  }

  /** Another shape (or a contiguous part) over the same memory, not on the tape. `first` counts elements. */
  view(shape: readonly number[], first = 0): Tensor {
    if (this.#pending) this.#fillPending();
    const bytes = this.dtype === "int32" ? 4 : this.storage.owner.kernelSet.bytesPerFloat;
    return new Tensor(this.storage.retain(), shape, this.dtype, this.#start + first * bytes);
  }

  /** Says that a kernel has changed the contents. */
  changed(): void {
    this.storage.version++;
  }

  /** Takes the tensor out of all scopes: from here on it lives as long as somebody holds it. */
  persist(): this {
    if (this.persistent) return this;
    this.persistent = true;
    this.adoptedBy(null);
    return this;
  }

  /** Ends the tensor; using it from here on is an error. */
  end(): void {
    if (!this.#storage) return;
    collected.unregister(this);
    this.#storage.release();
    this.#storage = null;
    this.#pending = null;
    this.node = null;
    this.grad?.end();
    this.spareGrad?.end();
    if (this.packed) for (const { panels } of this.packed.values()) panels.end();
    this.packed = null;
  }

  /** Makes a scope responsible for the tensor; without one it lives until it is collected. */
  adoptedBy(scope: Scope | null): void {
    if (scope) scope.adopt(this);
    else if (!this.#awaitsCollection) {
      this.#awaitsCollection = true;
      collected.register(this, this.#storage!, this);
    }
  }
}

export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/** A tensor with whatever numbers the memory holds: for kernels that write all of it. */
export function empty(shape: readonly number[], dtype: DType = "float"): Tensor {
  const bytes = elementCount(shape) * (dtype === "int32" ? 4 : runtime().kernelSet.bytesPerFloat);
  return new Tensor(allocateStorage(bytes, shape), shape, dtype);
}

/**
 * A tensor from numbers.
 *
 * @param values numbers or a typed array, row-major, as many as the shape has elements; nested arrays are not taken
 * @param shape default: one axis
 * @throws HiddenstateError `mismatch` if the count does not fit the shape, `invalid` for a shape that is none, and for what is no
 *   32-bit whole number where the dtype is int32
 * @example
 * const x = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
 * const ids = tensor([4, 1, 3], [3], { dtype: "int32" });
 */
export function tensor(values: ArrayLike<number>, shape?: readonly number[], options?: { dtype?: DType }): Tensor {
  const resolvedShape = checkShape("tensor", shape ?? [values.length]);
  const size = elementCount(resolvedShape);
  if (values.length !== size) {
    throw new HiddenstateError(
      "mismatch",
      `tensor: mismatch in values: got ${values.length} numbers, expected ${size} for shape ${shown(resolvedShape)}`,
    );
  }
  const { dtype } = options ? resolveOptions("tensor", options, tensorOptions) : { dtype: "float" as const };
  const result = empty(resolvedShape, dtype);
  writeNumbers("tensor", result, values);
  return result;
}

const tensorOptions: OptionRules<{ dtype?: DType }> = {
  dtype: { type: "choice", choices: ["float", "int32"], default: "float" },
};

function writeNumbers(where: string, { dtype, offset, storage }: Tensor, values: ArrayLike<number>): void {
  const { kernelSet } = storage.owner;
  // A typed array holds numbers only, or only such of 64 bits, which are none to compute with.
  const checked = ArrayBuffer.isView(values) ? Math.min(values.length, 1) : values.length;
  for (let i = 0; i < checked; i++) {
    if (typeof values[i] === "number") continue;
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid values: got ${shown(values[i])} at ${i}, expected numbers in one flat array`,
    );
  }
  if (dtype === "float") return kernelSet.writeFloats(offset, values);
  for (let i = 0; i < values.length; i++) {
    if ((values[i] | 0) !== values[i]) {
      throw new HiddenstateError(
        "invalid",
        `${where}: invalid values: got ${shown(values[i])} at ${i}, expected whole numbers from -2^31 to 2^31 - 1`,
      );
    }
  }
  kernelSet.writeInts(offset, values);
}

/** A tensor of zeros. */
export function zeros(shape: readonly number[]): Tensor {
  return full(shape, 0);
}

/** Whole numbers, such as token ids or places. Without a shape: one axis. */
export function ints(values: ArrayLike<number>, shape: readonly number[] = [values.length]): Tensor {
  return tensor(values, shape, { dtype: "int32" });
}

/** A tensor of ones. */
export function ones(shape: readonly number[]): Tensor {
  return full(shape, 1);
}

/** A tensor with the same number everywhere. */
export function full(shape: readonly number[], value: number): Tensor {
  const result = empty(checkShape("full", shape));
  runtime().kernelSet.kernels.fill({ out: result.offset, count: result.size, value });
  return result;
}

/** Axes that a tensor may have. */
export const mostAxes = 6;

/** A copy of a shape, so that nobody else can change it. @throws HiddenstateError `invalid` for a shape that is none */
export function checkShape(where: string, shape: readonly number[]): readonly number[] {
  if (
    !Array.isArray(shape) ||
    shape.length > mostAxes ||
    !shape.every((size) => Number.isSafeInteger(size) && size >= 0)
  ) {
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid shape: got ${shown(shape)}, expected an array of at most ${mostAxes} whole numbers, each at least 0`,
    );
  }
  return [...shape];
}
