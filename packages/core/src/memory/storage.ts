import { HiddenstateError } from "../errors.ts";
import { type Runtime, runtime } from "./runtime.ts";

/** A stretch of the heap with a count of the tensors that look at it. */
export class Storage {
  readonly owner: Runtime;
  readonly offset: number;
  /** Goes up with every change of the contents after the tensor was made: packed copies are made once per version. */
  version = 0;
  #users = 1;

  constructor(owner: Runtime, offset: number) {
    this.owner = owner;
    this.offset = offset;
  }

  retain(): this {
    this.#users++;
    return this;
  }

  release(): void {
    this.#users--;
    if (this.#users === 0) this.owner.heap.release(this.offset);
  }
}

/** What offsets of 32 bits reach. */
const mostBytes = 2 ** 32;

/**
 * Room for `bytes` in the current heap; its contents are whatever was there.
 * @throws HiddenstateError `out-of-memory`, naming the shape that asked
 */
export function allocateStorage(bytes: number, shape: readonly number[]): Storage {
  const owner = runtime();
  const offset = bytes < mostBytes ? owner.heap.allocate(bytes) : -1;
  if (offset < 0) {
    throw new HiddenstateError(
      "out-of-memory",
      `out of memory: a tensor of shape [${shape.join(", ")}] asked for ${megabytes(bytes)} MB while ` +
        `${megabytes(owner.heap.bytesInUse)} MB of at most 4096 MB were in use; use a smaller batch, window or model, ` +
        "and make tensors inside engine.scope so that they end",
    );
  }
  return new Storage(owner, offset);
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(bytes < 100 * 2 ** 20 ? 1 : 0);
}
