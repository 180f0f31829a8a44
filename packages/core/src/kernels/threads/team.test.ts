import type { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import { watchWorkers } from "../../../test/watch-workers.ts";
import type { KernelSet } from "../kernels.ts";
import { createWasmKernels, type WasmKernelOptions } from "../wasm/index.ts";

const open: KernelSet[] = [];
async function create(options: WasmKernelOptions): Promise<KernelSet> {
  const set = await createWasmKernels({ leastWork: 0, ...options });
  open.push(set);
  return set;
}

afterEach(() => {
  vi.restoreAllMocks();
  for (const set of open.splice(0)) set.close();
});

const count = 4096;
function fill(set: KernelSet, value: number, out: number = set.heapStart): void {
  set.kernels.fill({ out, count, value });
}
function filled(set: KernelSet): Set<number> {
  return new Set(set.readFloats(set.heapStart, count));
}
async function withMemory(options: WasmKernelOptions): Promise<KernelSet> {
  const set = await create(options);
  set.reserve(set.heapStart + 4 * count);
  return set;
}

const ended = (worker: Worker): Promise<number> =>
  new Promise((resolve) => {
    worker.once("exit", resolve);
  });

describe("a team of threads", () => {
  test("starts its workers when there was some work for them, and computes without them until they are ready", async () => {
    const workers = watchWorkers();
    const set = await withMemory({ threads: 3, leastWork: 0.5 * count });
    const untilNow = performance.now();
    while (performance.now() - untilNow < 50) fill(set, 1);
    // Not worth sharing, however often.
    expect(workers).toHaveLength(0);
    const relu = (): void => set.kernels.unary({ out: set.heapStart, x: set.heapStart, count, operation: 2 });
    // A busy machine can make the shortest call last: for this one no time passes.
    const clock = vi.spyOn(performance, "now").mockReturnValue(0);
    relu();
    clock.mockRestore();
    expect(workers).toHaveLength(0);
    while (workers.length === 0) relu();
    expect(workers).toHaveLength(2);
    expect(filled(set)).toEqual(new Set([1]));
    await set.team!.whenReady();
    for (let value = 2; value < 200; value++) {
      fill(set, value);
      expect(filled(set)).toEqual(new Set([value]));
    }
  });

  test("goes on after its memory has grown", async () => {
    const set = await withMemory({ threads: 2 });
    await set.team!.whenReady();
    fill(set, 1);
    const out = 2 ** 27;
    set.reserve(out + 4 * count);
    fill(set, 2, out);
    expect(new Set(set.readFloats(out, count))).toEqual(new Set([2]));
  });

  test("passes a worker's error on, and computes nothing more", async () => {
    const set = await withMemory({ threads: 2 });
    await set.team!.whenReady();
    const end = set.heapStart + 2 ** 21;
    set.reserve(end);
    const error = { code: "worker", message: expect.stringContaining("a worker failed in fill: RuntimeError") };
    // The first half, the calling thread's, is inside the memory; the worker's is not.
    const half = 2 ** 19;
    const beyond = (): void => set.kernels.fill({ out: end - 4 * half, count: 2 * half, value: 1 });
    // Where the worker is late, the calling thread does its part and meets the error.
    while (!set.team!.failure) expect(beyond).toThrow(/out of bounds|a worker failed/);
    expect(beyond).toThrow(expect.objectContaining(error));
    expect(() => fill(set, 1)).toThrow(expect.objectContaining(error));
  });

  test("ends with an error when a worker dies between two kernels", async () => {
    const workers = watchWorkers();
    const set = await withMemory({ threads: 3 });
    await set.team!.whenReady();
    fill(set, 1);
    const exit = ended(workers[1]);
    await workers[1].terminate();
    await exit;
    expect(set.team!.failure).toMatchObject({
      code: "worker",
      message: "threads: a worker died: exit code 1; if it happens again, use threads: 1",
    });
    expect(() => fill(set, 2)).toThrow("a worker died");
    expect(filled(set)).toEqual(new Set([1]));
  });

  test("does a dead worker's part itself as long as nobody could tell it of the death", async () => {
    const workers = watchWorkers();
    const set = await withMemory({ threads: 2, patienceMs: 100 });
    await set.team!.whenReady();
    void workers[0].terminate();
    const wrong: number[] = [];
    let failure: unknown = null;
    try {
      for (let value = 1; value < 1000; value++) {
        fill(set, value);
        if (!filled(set).has(value) || filled(set).size > 1) wrong.push(value);
      }
    } catch (error) {
      failure = error;
    }
    expect(wrong).toEqual([]);
    // It may die while it has a part; then there is an error, but no hang.
    expect([null, set.team!.failure]).toContain(failure);
  });

  test("ends with an error, not in a hang, when a worker dies with a part in its hands", async () => {
    // Takes one part and ends.
    watchWorkers(
      () => `
        const { memory, control, words } = require("node:worker_threads").workerData;
        const block = new Int32Array(memory.buffer, control);
        Atomics.store(block, words.started, 1);
        Atomics.add(block, words.ready, 1);
        for (;;) {
          const ticket = Atomics.load(block, words.ticket);
          if ((ticket & 0xff) >= ((ticket >>> 8) & 0xff)) continue;
          if (Atomics.compareExchange(block, words.ticket, ticket, ticket + 1) === ticket) process.exit(3);
        }`,
    );
    const set = await withMemory({ threads: 2, patienceMs: 200 });
    await set.team!.whenReady();
    const calls = (): void => {
      for (const start = performance.now(); performance.now() - start < 10_000;) fill(set, 1);
    };
    expect(calls).toThrow(expect.objectContaining({ code: "worker", message: expect.stringContaining("no word") }));
  });

  test("uses fewer threads where a worker cannot start, and says so", async () => {
    let number = 0;
    watchWorkers((source) => (number++ === 0 ? 'throw new Error("not here")' : source));
    const set = await withMemory({ threads: 3 });
    await set.team!.whenReady();
    expect(set.team!.notices).toEqual(["threads: a worker could not start (not here); 2 are used"]);
    fill(set, 5);
    expect(filled(set)).toEqual(new Set([5]));
  });

  test("keeps the calling thread's own error, and waits for the others before", async () => {
    const set = await withMemory({ threads: 2 });
    await set.team!.whenReady();
    for (let i = 0; i < 100; i++) {
      expect(() => set.kernels.fill({ out: 2 ** 32 - 4096, count: 1024, value: 1 })).toThrow(/out of bounds/);
    }
  });

  test("nobody waits for the workers of one that was closed", async () => {
    const set = await withMemory({ threads: 2 });
    const waiting = set.team!.whenReady();
    set.close();
    await waiting;
    expect(() => fill(set, 1)).toThrow("was closed");
  });

  test("computes nothing after it was closed", async () => {
    const set = await withMemory({ threads: 2 });
    await set.team!.whenReady();
    set.close();
    expect(() => fill(set, 1)).toThrow("was closed");
  });
});
