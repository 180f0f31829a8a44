import type { KernelSet } from "../kernels/kernels.ts";

/** Every block starts at a multiple of this: one cache line, and the widest vector. */
const alignment = 64;
/** The heap grows by at least this much at a time. */
const growthBytes = 16 * 2 ** 20;
const binCount = 4 * 33;

/** A stretch of the heap, in a list ordered by address. */
interface Block {
  offset: number;
  bytes: number;
  free: boolean;
  previous: Block | null;
  next: Block | null;
}

/**
 * Hands out and takes back stretches of a kernel set's heap: free blocks sorted into bins by size, neighbours merged when
 * they are freed, so that the memory of a model that goes is whole again for the next one.
 */
export class Heap {
  /** Bytes handed out now, and the most there ever were. */
  bytesInUse = 0;
  peakBytes = 0;
  /** How often memory was asked for. */
  allocations = 0;
  /** Bytes asked of the kernel set so far, from offset 0. */
  #reserved: number;
  readonly #kernelSet: KernelSet;
  readonly #used = new Map<number, Block>();
  readonly #bins: Set<Block>[] = Array.from({ length: binCount }, () => new Set<Block>());
  #last: Block | null = null;

  constructor(kernelSet: KernelSet) {
    this.#kernelSet = kernelSet;
    this.#reserved = kernelSet.heapStart;
  }

  /** Bytes that the kernel set was asked to have. */
  get reservedBytes(): number {
    return this.#reserved;
  }

  /**
   * Finds room for so many bytes.
   * @returns the offset, a multiple of 64, or -1 where the memory cannot be had
   */
  allocate(bytes: number): number {
    const size = Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
    const block = this.#findFree(size) ?? this.#grow(size);
    if (!block) return -1;
    this.#bins[bin(block.bytes)].delete(block);
    this.#split(block, size);
    block.free = false;
    this.#used.set(block.offset, block);
    this.allocations++;
    this.bytesInUse += size;
    this.peakBytes = Math.max(this.peakBytes, this.bytesInUse);
    return block.offset;
  }

  /** Takes a stretch back; its contents are lost. */
  release(offset: number): void {
    const block = this.#used.get(offset)!;
    this.#used.delete(offset);
    this.bytesInUse -= block.bytes;
    block.free = true;
    if (block.next?.free) this.#absorbNext(block);
    const previous = block.previous;
    if (previous?.free) {
      this.#bins[bin(previous.bytes)].delete(previous);
      this.#absorb(previous, block);
      this.#bins[bin(previous.bytes)].add(previous);
    } else {
      this.#bins[bin(block.bytes)].add(block);
    }
  }

  #findFree(size: number): Block | undefined {
    for (let index = bin(size); index < binCount; index++) {
      if (this.#bins[index].size === 0) continue;
      for (const block of this.#bins[index]) if (block.bytes >= size) return block;
    }
    return undefined;
  }

  #grow(size: number): Block | undefined {
    const tail = this.#last?.free ? this.#last : null;
    const missing = size - (tail?.bytes ?? 0);
    const extra = [Math.max(growthBytes, missing), missing].find((more) =>
      this.#kernelSet.reserve(this.#reserved + more),
    );
    if (extra === undefined) return undefined;
    if (tail) {
      this.#bins[bin(tail.bytes)].delete(tail);
      tail.bytes += extra;
    } else {
      const block: Block = { offset: this.#reserved, bytes: extra, free: true, previous: this.#last, next: null };
      if (this.#last) this.#last.next = block;
      this.#last = block;
    }
    this.#reserved += extra;
    this.#bins[bin(this.#last!.bytes)].add(this.#last!);
    return this.#last!;
  }

  #split(block: Block, size: number): void {
    if (block.bytes === size) return;
    const rest: Block = {
      offset: block.offset + size,
      bytes: block.bytes - size,
      free: true,
      previous: block,
      next: block.next,
    };
    if (rest.next) rest.next.previous = rest;
    else this.#last = rest;
    block.next = rest;
    block.bytes = size;
    this.#bins[bin(rest.bytes)].add(rest);
  }

  #absorbNext(block: Block): void {
    const next = block.next!;
    this.#bins[bin(next.bytes)].delete(next);
    this.#absorb(block, next);
  }

  #absorb(block: Block, next: Block): void {
    block.bytes += next.bytes;
    block.next = next.next;
    if (next.next) next.next.previous = block;
    else this.#last = block;
  }
}

/** Four bins to each doubling of the size. */
function bin(bytes: number): number {
  const within = Math.min(bytes, 0xffffffff);
  const doubling = 31 - Math.clz32(within);
  return doubling * 4 + ((within >>> (doubling - 2)) & 3);
}
