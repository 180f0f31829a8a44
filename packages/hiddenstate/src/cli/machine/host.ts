import { availableParallelism, cpus, freemem, totalmem } from "node:os";

/** The machine and the Node that a program runs on, as far as speed is concerned. */
export interface Host {
  node: string;
  v8: string;
  platform: string;
  architecture: string;
  processor: string;
  cores: number;
  memoryMb: number;
  freeMemoryMb: number;
  /** Memory that several threads can share. */
  sharedMemory: boolean;
  /** Fixed-width SIMD in WebAssembly. */
  simd: boolean;
  /** Relaxed SIMD, whose fused multiply-add halves the work of a matrix product. */
  relaxedSimd: boolean;
}

const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

/** What is here now: turning on a feature of V8 at run time changes the answer. */
export function describeHost(): Host {
  return {
    node: process.version,
    v8: process.versions.v8,
    platform: process.platform,
    architecture: process.arch,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryMb: megabytes(totalmem()),
    freeMemoryMb: megabytes(freemem()),
    sharedMemory: canShareMemory(),
    simd: WebAssembly.validate(moduleOf(simdBody)),
    relaxedSimd: WebAssembly.validate(moduleOf(relaxedBody)),
  };
}

function canShareMemory(): boolean {
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return memory.buffer instanceof SharedArrayBuffer;
  } catch {
    return false;
  }
}

/** Code that makes vectors of zeros: `i32.const 0; i8x16.splat`, each 0x41 0x00 0xfd 0x0f. */
const zero = [0x41, 0x00, 0xfd, 0x0f];
/** `i32x4.add; drop; end` */
const simdBody = [...zero, ...zero, 0xfd, 0xae, 0x01, 0x1a, 0x0b];
/** `f32x4.relaxed_madd; drop; end` */
const relaxedBody = [...zero, ...zero, ...zero, 0xfd, 0x85, 0x02, 0x1a, 0x0b];

/** A module of one function without arguments or results. */
function moduleOf(body: readonly number[]): Uint8Array<ArrayBuffer> {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const types = [0x01, 0x04, 0x01, 0x60, 0x00, 0x00];
  const functions = [0x03, 0x02, 0x01, 0x00];
  const code = [0x0a, body.length + 3, 0x01, body.length + 1, 0x00, ...body];
  return Uint8Array.from([header, types, functions, code].flat());
}
