import type { KernelArguments, KernelName } from "../kernels.ts";
import { signatures } from "../signatures.ts";

/** One kernel's arguments as C lays them out: names with the index of their slot, in 4-byte words or in 8-byte doubles. */
interface Layout {
  words: string[];
  wordSlots: number[];
  doubles: string[];
  doubleSlots: number[];
}

function layoutOf(kinds: Readonly<Record<string, "offset" | "int" | "float">>): Layout {
  const layout: Layout = { words: [], wordSlots: [], doubles: [], doubleSlots: [] };
  let bytes = 0;
  for (const [name, kind] of Object.entries(kinds)) {
    if (kind === "float") {
      bytes = Math.ceil(bytes / 8) * 8;
      layout.doubles.push(name);
      layout.doubleSlots.push(bytes / 8);
      bytes += 8;
    } else {
      layout.words.push(name);
      layout.wordSlots.push(bytes / 4);
      bytes += 4;
    }
  }
  return layout;
}

/** Bytes kept for an argument block: more than any kernel's arguments take (packages/kernels/src/kernel.h). */
export const argumentBlockBytes = 256;
/** Bytes behind it for what the parts of a kernel leave for its rest. */
export const sharedBytes = 65536;

/** Writes kernels' arguments to one place in memory, where the kernel then reads them: no allocation per call. */
export class ArgumentBlock {
  readonly offset: number;
  #words: Uint32Array;
  #doubles: Float64Array;

  /** @param offset a multiple of 8 */
  constructor(buffer: ArrayBufferLike, offset: number) {
    this.offset = offset;
    this.#words = new Uint32Array(buffer, offset, argumentBlockBytes / 4);
    this.#doubles = new Float64Array(buffer, offset, argumentBlockBytes / 8);
  }

  /** Memory that grows has a new buffer; the block stays where it was. */
  moveTo(buffer: ArrayBufferLike): void {
    this.#words = new Uint32Array(buffer, this.offset, argumentBlockBytes / 4);
    this.#doubles = new Float64Array(buffer, this.offset, argumentBlockBytes / 8);
  }

  /** A function that writes the arguments of one kernel. */
  writer<K extends KernelName>(kernel: K): (args: KernelArguments<K>) => void {
    const { words, wordSlots, doubles, doubleSlots } = layoutOf(signatures[kernel]);
    return (args) => {
      const values = args as Record<string, number>;
      for (let i = 0; i < words.length; i++) this.#words[wordSlots[i]] = values[words[i]];
      for (let i = 0; i < doubles.length; i++) this.#doubles[doubleSlots[i]] = values[doubles[i]];
    };
  }
}
