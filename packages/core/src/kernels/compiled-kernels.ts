import type { KernelArguments, KernelName, Kernels, KernelSet } from "./kernels.ts";
import { signatures } from "./signatures.ts";
import { controlBytes } from "./threads/control-block.ts";
import { Team } from "./threads/team.ts";
import { partsOf, type Sharing } from "./threads/work.ts";
import type { WorkerKernels } from "./threads/worker-loop.ts";
import { ArgumentBlock, argumentBlockBytes, sharedBytes } from "./wasm/argument-block.ts";
import { WasmHeap } from "./wasm/heap.ts";
import { isShared } from "./wasm/memory.ts";

/** What runs one part of a kernel: the heap (0 in wasm, whose memory it is), argument block, part, parts, scratch. */
export type CompiledKernel = (heap: Uint8Array | 0, args: number, part: number, parts: number, scratch: number) => void;

/** What the C sources export, whatever they were compiled to. */
export interface CompiledLibrary extends Record<KernelName, CompiledKernel> {
  panelSize(k: number, n: number): number;
  gatePanelSize(gates: number, hiddenSize: number, inputs: number, transpose: number): number;
  gateWidth(gates: number, hiddenSize: number): number;
  /** Bytes of scratch for each thread. */
  scratchSize(): number;
}

/** Kernels compiled from C, and the memory they work on. */
export interface CompiledKernels {
  backend: "wasm" | "native";
  instructionSet: string;
  library: CompiledLibrary;
  memory: WebAssembly.Memory;
  /** The first offset that is not theirs already. Not 0, which stands for "absent". */
  freeFrom: number;
  /** About how many multiplications and additions of a matrix product one thread does in a nanosecond. */
  speed: number;
  /** What a worker has to have of them; `stack` is the top of a stack for it. */
  forWorker(stack: number): WorkerKernels;
}

/** How kernels are shared out. */
export interface SharingOptions {
  /** How many threads compute, the calling one included. Default 1; always 1 on memory that is not shared. */
  threads?: number;
  /** For tests: how many parts each kernel is done in by the calling thread, one after another. Default 1. */
  parts?: number;
  /** For tests: nanoseconds of work that are worth a part of their own. Default: what was measured to be. */
  leastWork?: number;
  /** For tests: see TeamPlan. */
  patienceMs?: number;
}

/** Kernels with a rest, done by one thread after all parts: sums over everything. */
const kernelsWithRest: ReadonlySet<KernelName> = new Set<KernelName>(["crossEntropy", "globalNorm"]);

/** Nanoseconds of work that are worth a part of their own. */
const leastWork = 20_000;

/** A worker's own stack, in wasm. */
const stackBytes = 65536;

/** The kernel set of compiled kernels, on one thread or several. */
export function compiledKernelSet(compiled: CompiledKernels, options: SharingOptions = {}): KernelSet {
  const { library, memory, backend, instructionSet } = compiled;
  const threads = isShared(memory) ? (options.threads ?? 1) : 1;
  const layout = new Layout(compiled.freeFrom);
  const block = layout.take(argumentBlockBytes + sharedBytes);
  const scratch = layout.take(library.scratchSize());
  const control = threads > 1 ? layout.take(controlBytes) : 0;
  const workers = Array.from({ length: threads - 1 }, () => ({
    scratch: layout.take(library.scratchSize()),
    kernels: compiled.forWorker(layout.take(stackBytes) + stackBytes),
  }));
  const heapStart = layout.end;
  const heap = new WasmHeap(memory);
  heap.reserve(heapStart);
  const team = threads > 1 ? new Team({ memory, control, workers, patienceMs: options.patienceMs }) : null;
  const args = new ArgumentBlock(memory.buffer, block);
  const heapArgument = (): Uint8Array | 0 => (backend === "native" ? new Uint8Array(memory.buffer) : 0);
  let heapNow = heapArgument();

  const { parts = 1, leastWork: least = leastWork } = options;
  const sharing: Sharing = { threads, least, speed: compiled.speed, readInt: (offset) => heap.readInt(offset) };
  const bind = <K extends KernelName>(name: K, index: number): ((args: KernelArguments<K>) => void) => {
    const write = args.writer(name);
    const kernel = library[name];
    const runPart = (part: number, of: number): void => kernel(heapNow, block, part, of, scratch);
    const hasRest = kernelsWithRest.has(name);
    const worthwhile = partsOf[name];
    return (values) => {
      write(values);
      if (team) team.run(index, block, worthwhile ? worthwhile(values, sharing) : 1, runPart);
      else for (let part = 0; part < parts; part++) runPart(part, parts);
      if (hasRest) runPart(1, 1);
    };
  };
  const names = Object.keys(signatures) as KernelName[];

  return {
    backend,
    instructionSet,
    precision: "f32",
    bytesPerFloat: 4,
    heapStart,
    threads,
    kernels: Object.fromEntries(names.map((name, index) => [name, bind(name, index)])) as unknown as Kernels,
    panelSize: (k, n) => library.panelSize(k, n) >>> 0,
    gatePanelSize: (gates, hiddenSize, inputs, transpose) =>
      library.gatePanelSize(gates, hiddenSize, inputs, transpose) >>> 0,
    gateWidth: (gates, hiddenSize) => library.gateWidth(gates, hiddenSize) >>> 0,
    reserve: (bytes) => {
      const reserved = heap.reserve(bytes);
      args.moveTo(memory.buffer);
      heapNow = heapArgument();
      return reserved;
    },
    writeFloats: (offset, values) => heap.writeFloats(offset, values),
    writeInts: (offset, values) => heap.writeInts(offset, values),
    readFloats: (offset, count) => heap.readFloats(offset, count),
    readInts: (offset, count) => heap.readInts(offset, count),
    readFloatsInto: (target, offset) => heap.readFloatsInto(target, offset),
    team,
    close: () => team?.close(),
  };
}

/** Places below the heap that others use, each at a multiple of 64. */
class Layout {
  end: number;

  constructor(from: number) {
    this.end = aligned(from);
  }

  take(bytes: number): number {
    const offset = this.end;
    this.end += aligned(bytes);
    return offset;
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
