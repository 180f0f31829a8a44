import threads, { type Worker, type WorkerOptions } from "node:worker_threads";
import { vi } from "vitest";

/**
 * Keeps hold of the worker threads that core starts, until `vi.restoreAllMocks`.
 *
 * @param change may give them another program
 */
export function watchWorkers(change: (source: string) => string = (source) => source): Worker[] {
  const workers: Worker[] = [];
  const builtin = process.getBuiltinModule.bind(process) as (name: string) => unknown;
  class Watched extends threads.Worker {
    constructor(source: string, options: WorkerOptions) {
      super(change(source), options);
      workers.push(this);
    }
  }
  vi.spyOn(process, "getBuiltinModule").mockImplementation(
    (name: string) => (name === "worker_threads" ? { ...threads, Worker: Watched } : builtin(name)) as never,
  );
  return workers;
}
