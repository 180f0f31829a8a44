import { HiddenstateError } from "../errors.ts";
import { runtime } from "./runtime.ts";
import { Tensor } from "./tensor.ts";

/** The tensors made while it is the innermost scope; they end with it. */
export class Scope {
  readonly parent: Scope | null;
  #tensors: Tensor[] = [];

  constructor(parent: Scope | null) {
    this.parent = parent;
  }

  adopt(tensor: Tensor): void {
    this.#tensors.push(tensor);
  }

  /** Ends every tensor of this scope, except the persistent ones and those to keep, which pass to the parent. */
  end(kept: ReadonlySet<Tensor>): void {
    for (const tensor of this.#tensors) {
      if (tensor.persistent) continue;
      if (kept.has(tensor)) {
        tensor.adoptedBy(this.parent);
        continue;
      }
      // A gradient goes with its tensor, unless it is itself to be kept.
      if (tensor.grad && kept.has(tensor.grad)) tensor.grad = null;
      tensor.end();
    }
    this.#tensors = [];
  }
}

/**
 * Runs `fn`; tensors made inside end with it, except what `fn` returns (tensors, and those inside returned arrays, maps and
 * plain objects) and what is persistent (parameters, optimiser state, stream state).
 *
 * @throws HiddenstateError `unsupported` if `fn` returns a promise: a scope belongs to one synchronous run
 * @example
 * const total = scope(() => sum(mul(x, y)));   // the product is gone, the total stays
 */
export function scope<T>(fn: () => T): T {
  const active = runtime();
  const inner = new Scope(active.scope);
  active.scope = inner;
  const kept = new Set<Tensor>();
  try {
    const result = fn();
    if (result instanceof Promise) {
      result.catch(() => {});
      throw new HiddenstateError(
        "unsupported",
        "engine.scope: unsupported async function; make the tensors in a synchronous function and await outside of it",
      );
    }
    collectTensors(result, kept, new Set());
    return result;
  } finally {
    active.scope = inner.parent;
    inner.end(kept);
  }
}

/** @param seen arrays and objects that were gone through already: they may hold each other */
function collectTensors(value: unknown, into: Set<Tensor>, seen: Set<object>): void {
  if (value instanceof Tensor) into.add(value);
  if (value instanceof Tensor || typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (Array.isArray(value) || value instanceof Set || value instanceof Map) {
    for (const item of value.values()) collectTensors(item, into, seen);
  } else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collectTensors(item, into, seen);
  }
}
