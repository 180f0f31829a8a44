import type { ControlWords } from "./control-block.ts";

/** How a worker gets at the kernels: its own instance of the wasm module, or the addon. */
export type WorkerKernels =
  | { module: WebAssembly.Module; /** The top of the worker's own stack. */ stack: number }
  | { addon: string; instructionSet: string };

/** All that a worker is given when it starts; structured clone passes it on. */
export interface WorkerStart {
  kernels: WorkerKernels;
  memory: WebAssembly.Memory;
  /** Kernel names by index. */
  names: readonly string[];
  /** This worker's number, from 0, and its scratch area. */
  worker: number;
  scratch: number;
  /** Offset of the control block, its layout, and how much of an error's text it holds. */
  control: number;
  words: ControlWords;
  longestMessage: number;
  /** How often to look for work before sleeping. */
  spins: number;
}

/**
 * A worker's whole life: takes parts of kernels until it is told to end.
 *
 * It is sent to the worker as text, so that no bundler has to find a second file: it may use nothing but its argument and what every
 * JavaScript engine has, and holds no named functions (some minifiers wrap those in helpers of their own).
 */
export function workerLoop(start: WorkerStart): void {
  const { memory, names, words, scratch } = start;
  const control = new Int32Array(memory.buffer, start.control, words.started + start.worker + 1);
  let heap: number | Uint8Array = 0;
  let library: Record<string, (heap: number | Uint8Array, ...rest: number[]) => void>;
  if ("module" in start.kernels) {
    const { exports } = new WebAssembly.Instance(start.kernels.module, { env: { memory } });
    // Every instance starts with the same stack pointer.
    (exports.__stack_pointer as WebAssembly.Global).value = start.kernels.stack;
    library = exports as unknown as typeof library;
  } else {
    const { process } = globalThis as unknown as { process: { getBuiltinModule(name: string): unknown } };
    const node = process.getBuiltinModule("module") as { createRequire(path: string): (path: string) => unknown };
    const { addon, instructionSet } = start.kernels;
    library = (node.createRequire(addon)(addon) as { load(name: string): typeof library }).load(instructionSet);
    // Only where it starts counts, and that is where it stays when the memory grows.
    heap = new Uint8Array(memory.buffer);
  }
  const kernels = names.map((name) => library[name]);
  Atomics.store(control, words.started + start.worker, 1);
  Atomics.add(control, words.ready, 1);

  for (let idle = 0; ;) {
    const ticket = Atomics.load(control, words.ticket);
    const part = ticket & 0xff;
    const parts = (ticket >>> 8) & 0xff;
    if (part < parts) {
      idle = 0;
      if (Atomics.compareExchange(control, words.ticket, ticket, ticket + 1) !== ticket) continue;
      const kernel = control[words.kernel];
      try {
        kernels[kernel](heap, control[words.args] >>> 0, part, parts, scratch);
      } catch (error) {
        if (Atomics.compareExchange(control, words.failed, 0, kernel + 1) === 0) {
          const text = String(error).slice(0, start.longestMessage);
          for (let i = 0; i < text.length; i++) control[words.message + i] = text.charCodeAt(i);
          Atomics.store(control, words.messageLength, text.length);
        }
      }
      if (Atomics.sub(control, words.remaining, 1) === 1) Atomics.notify(control, words.remaining);
    } else if (Atomics.load(control, words.ending) === 1) {
      return;
    } else if (++idle > start.spins) {
      Atomics.wait(control, words.ticket, ticket, 1000);
    }
  }
}
