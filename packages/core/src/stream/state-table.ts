import { copyDense } from "../autograd/copy.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor, zeros } from "../memory/tensor.ts";
import { roomFor } from "./step.ts";

/** States of many streams: `parts` rows of `width` numbers for each, any of which are gathered, advanced and put back together. */
export class StateTable {
  readonly parts: number;
  readonly width: number;
  /** [parts, capacity, width] */
  #values: Tensor;
  #capacity: number;
  /** The states being advanced, [parts, n, width], and which rows of `#values` those are. */
  #gathered: Tensor | null = null;
  #index: Tensor | null = null;
  #indexValues = new Int32Array(0);

  constructor(parts: number, width: number, capacity: number) {
    this.parts = parts;
    this.width = width;
    this.#capacity = capacity;
    this.#values = zeros([parts, capacity, width]).persist();
  }

  /** Copies some streams' states to where they are advanced, and returns that place: [parts, n, width]. */
  gather(ids: ArrayLike<number>): number {
    const { kernelSet } = runtime();
    const count = ids.length;
    const rows = this.parts * count;
    if (this.#indexValues.length !== rows) this.#makeRoom(rows);
    for (let part = 0; part < this.parts; part++) {
      for (let i = 0; i < count; i++) this.#indexValues[part * count + i] = part * this.#capacity + ids[i];
    }
    const [index, out] = [this.#index!.offset, this.#gathered!.offset];
    kernelSet.writeInts(index, this.#indexValues);
    kernelSet.kernels.gatherRows({ out, x: this.#values.offset, index, rows, width: this.width, accumulate: 0 });
    return out;
  }

  /** Puts the states that were gathered last back. */
  scatter(): void {
    const rows = this.#indexValues.length;
    const [index, x] = [this.#index!.offset, this.#gathered!.offset];
    runtime().kernelSet.kernels.scatterRows({ out: this.#values.offset, x, index, rows, width: this.width });
  }

  /** One stream's numbers, [parts, width]. */
  read(id: number): number[] {
    const { kernelSet } = runtime();
    return Array.from({ length: this.parts }, (_, part) => [
      ...kernelSet.readFloats(this.#offsetOf(id, part), this.width),
    ]).flat();
  }

  /** Sets one stream's numbers; null: all to 0. */
  write(id: number, values: readonly number[] | null): void {
    const { kernelSet } = runtime();
    for (let part = 0; part < this.parts; part++) {
      const out = this.#offsetOf(id, part);
      if (values) kernelSet.writeFloats(out, values.slice(part * this.width, (part + 1) * this.width));
      else kernelSet.kernels.fill({ out, count: this.width, value: 0 });
    }
  }

  /** Makes room for so many streams. */
  grow(capacity: number): void {
    const before = this.#values;
    const after = zeros([this.parts, capacity, this.width]).persist();
    const bytes = this.width * runtime().kernelSet.bytesPerFloat;
    for (let part = 0; part < this.parts; part++) {
      const from = before.offset + part * this.#capacity * bytes;
      copyDense(after.offset + part * capacity * bytes, from, this.#capacity * this.width);
    }
    before.end();
    this.#values = after;
    this.#capacity = capacity;
  }

  #makeRoom(rows: number): void {
    this.#gathered = roomFor(this.#gathered, rows, this.width);
    if (!this.#index || this.#index.size < rows) {
      this.#index?.end();
      this.#index = empty([rows], "int32").persist();
    }
    this.#indexValues = new Int32Array(rows);
  }

  #offsetOf(id: number, part: number): number {
    return this.#values.offset + (part * this.#capacity + id) * this.width * runtime().kernelSet.bytesPerFloat;
  }
}
