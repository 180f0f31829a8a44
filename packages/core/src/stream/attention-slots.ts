import { copyDense } from "../autograd/copy.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";

/**
 * Keys and values that streams of a Transformer remember: a slot for each stream, in each layer a window over rows [k | v] to which a row is
 * appended at each step. When a slot's end is reached, what is still seen moves to its front: one copied row a step at the most, on average.
 */
export class AttentionSlots {
  readonly layers: number;
  /** Numbers in a row, 2H. */
  readonly width: number;
  /** The most rows that are seen later. */
  readonly most: number;
  #count = 0;
  /** Rows that each slot has room for in each layer. */
  #capacity = 0;
  /** [layers, slots, capacity, width] */
  #rows: Tensor | null = null;
  /** For each slot: where its window begins, how many rows it has, and how many steps were read. */
  #begin: number[] = [];
  #length: number[] = [];
  #position: number[] = [];

  constructor(layers: number, width: number, most: number) {
    this.layers = layers;
    this.width = width;
    this.most = most;
  }

  /** Makes room for so many slots, empty where they are new. */
  reserve(slots: number): void {
    if (slots <= this.#count) return;
    while (this.#begin.length < slots) {
      this.#begin.push(0);
      this.#length.push(0);
      this.#position.push(0);
    }
    this.#lay(slots, Math.max(this.#capacity, Math.min(16, this.#largest)));
  }

  /** How many keys a step can see at most, as things are: itself and a full slot. */
  get longest(): number {
    return Math.min(this.#capacity, this.most) + 1;
  }

  position(slot: number): number {
    return this.#position[slot];
  }

  length(slot: number): number {
    return this.#length[slot];
  }

  /** The first row that a slot sees, counted from `offset(layer)`. */
  firstRow(slot: number): number {
    return slot * this.#capacity + this.#begin[slot];
  }

  /** Where a layer's rows begin. */
  offset(layer: number): number {
    return this.#rows!.offset + layer * this.#count * this.#capacity * this.width * runtime().kernelSet.bytesPerFloat;
  }

  /** Makes sure that a row can be written behind a slot's last. */
  makeRoom(slot: number): void {
    if (this.#begin[slot] + this.#length[slot] < this.#capacity) return;
    if (this.#capacity < this.#largest) return this.#lay(this.#count, Math.min(2 * this.#capacity, this.#largest));
    for (let layer = 0; layer < this.layers; layer++) {
      copyDense(this.#at(layer, slot, 0), this.#at(layer, slot, this.#begin[slot]), this.#length[slot] * this.width);
    }
    this.#begin[slot] = 0;
  }

  /** Writes a row behind a layer's last: `makeRoom` comes before, `advance` after all layers. */
  write(layer: number, slot: number, row: number): void {
    copyDense(this.#at(layer, slot, this.#begin[slot] + this.#length[slot]), row, this.width);
  }

  /** Counts the rows written last. */
  advance(slot: number): void {
    this.#position[slot]++;
    if (this.#length[slot] < this.most) this.#length[slot]++;
    else if (this.most > 0) this.#begin[slot]++;
  }

  /** Forgets everything in a slot. */
  clear(slot: number): void {
    this.#begin[slot] = this.#length[slot] = this.#position[slot] = 0;
  }

  /** The rows that a slot sees, layer by layer. */
  read(slot: number): number[][] {
    const { kernelSet } = runtime();
    return Array.from({ length: this.layers }, (_, layer) => [
      ...kernelSet.readFloats(this.#at(layer, slot, this.#begin[slot]), this.#length[slot] * this.width),
    ]);
  }

  /** Replaces what a slot sees: for each layer as many rows, at most `most`. */
  load(slot: number, layers: readonly (readonly number[])[], position: number): void {
    const length = layers[0].length / this.width;
    this.clear(slot);
    while (this.#capacity < Math.min(length + 1, this.#largest))
      this.#lay(this.#count, Math.min(2 * this.#capacity, this.#largest));
    layers.forEach((rows, layer) => runtime().kernelSet.writeFloats(this.#at(layer, slot, 0), rows));
    this.#length[slot] = length;
    this.#position[slot] = position;
  }

  /** Twice what is seen: what moves to the front does not overlap with where it was. */
  get #largest(): number {
    return Math.max(1, 2 * this.most);
  }

  #at(layer: number, slot: number, row: number): number {
    return this.offset(layer) + (slot * this.#capacity + row) * this.width * runtime().kernelSet.bytesPerFloat;
  }

  /** Lays all slots out anew, each from its front. */
  #lay(slots: number, capacity: number): void {
    const before = this.#rows;
    const places = before
      ? Array.from({ length: this.layers * this.#count }, (_, i) => {
          const slot = i % this.#count;
          return this.#at(Math.floor(i / this.#count), slot, this.#begin[slot]);
        })
      : [];
    const known = this.#count;
    this.#rows = empty([this.layers, slots, capacity, this.width]).persist();
    this.#count = slots;
    this.#capacity = capacity;
    for (let slot = 0; slot < known; slot++) {
      for (let layer = 0; layer < this.layers; layer++) {
        const count = this.#length[slot] * this.width;
        if (count > 0) copyDense(this.#at(layer, slot, 0), places[layer * known + slot], count);
      }
      this.#begin[slot] = 0;
    }
    before?.end();
  }
}
