import { type WorkerStart, workerLoop } from "./worker-loop.ts";

/** A worker thread, whatever the host calls it. */
export interface WorkerHandle {
  /** Ends it, in the middle of a kernel if need be. */
  terminate(): void;
}

interface NodeWorker {
  on(event: "error", listener: (error: Error) => void): this;
  on(event: "exit", listener: (code: number) => void): this;
  unref(): void;
  terminate(): Promise<number>;
}
type NodeWorkerClass = new (source: string, options: Record<string, unknown>) => NodeWorker;
interface NodeProcess {
  getBuiltinModule?(name: string): unknown;
}

/** The worker's program, as text: in Node its data is there when it starts, in a browser it comes as a message. */
const program = (): string => `"use strict";
const loop = ${workerLoop.toString()};
const threads = globalThis.process?.getBuiltinModule?.("worker_threads");
if (threads) loop(threads.workerData);
else onmessage = ({ data }) => loop(data);
`;

/**
 * Starts a worker. It does not keep a Node process alive.
 *
 * @param ended told when it has ended by itself, and why: by an error, because it was killed, or because it could not start
 */
export function startWorker(start: WorkerStart, ended: (why: string) => void): WorkerHandle {
  const process = (globalThis as { process?: NodeProcess }).process;
  const threads = process?.getBuiltinModule?.("worker_threads") as { Worker: NodeWorkerClass } | undefined;
  // An error is followed by an exit.
  let told = false;
  const tell = (why: string): void => {
    if (!told) ended(why);
    told = true;
  };
  return threads ? startInNode(threads.Worker, start, tell) : startInBrowser(start, tell);
}

function startInNode(Worker: NodeWorkerClass, start: WorkerStart, ended: (why: string) => void): WorkerHandle {
  const worker = new Worker(program(), {
    eval: true,
    workerData: start,
    // Neither loaders nor flags of the program concern it.
    execArgv: [],
    env: {},
    name: `hiddenstate ${start.worker + 1}`,
  });
  worker.on("error", (error) => ended(error.message)).on("exit", (code) => ended(`exit code ${code}`));
  worker.unref();
  return { terminate: () => void worker.terminate() };
}

/** From text, not from an address: a page's bundler, and the folder it serves, need not know of it. */
function startInBrowser(start: WorkerStart, ended: (why: string) => void): WorkerHandle {
  const address = URL.createObjectURL(new Blob([program()], { type: "text/javascript" }));
  const worker = new Worker(address, { name: `hiddenstate ${start.worker + 1}` });
  worker.addEventListener("error", (event) => ended(event.message || "the page may not start it"));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
  worker.postMessage(start);
  // The address is needed until the worker has read it.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  return { terminate: () => worker.terminate() };
}
