import { HiddenstateError } from "../../errors.ts";
import type { KernelName, KernelTeam } from "../kernels.ts";
import { signatures } from "../signatures.ts";
import { controlWords, longestMessage } from "./control-block.ts";
import { startWorker, type WorkerHandle } from "./start-worker.ts";
import type { WorkerKernels } from "./worker-loop.ts";

const words = controlWords;
const names = Object.keys(signatures) as KernelName[];

/** Where in the heap a team has its things, and what its workers run. */
export interface TeamPlan {
  memory: WebAssembly.Memory;
  /** Offset of the control block. */
  control: number;
  /** For each worker: its kernels and its scratch area. */
  workers: readonly { kernels: WorkerKernels; scratch: number }[];
  /** How long to wait for a worker's part, besides 20 times what the own part took, before it counts as dead. Default 10 s. */
  patienceMs?: number;
}

/** An `Atomics.wait` lasts at most so long: time in which the whole process stood still counts once. */
const sliceMs = 100;
const defaultPatienceMs = 10_000;
/** A program that only loads a model and streams has a little work to share in the beginning, and never again. */
const startAfterMs = 10;
/**
 * How often to look before sleeping: about 100 microseconds in the calling thread and 200 in a worker, as long as the pauses between the
 * kernels of a training step. Handing a part to a worker that looks takes 1 or 2 microseconds; to one that sleeps 15, and it comes
 * some 50 later, on a busy machine after 100 and more.
 */
const spins = 20_000;
const spinsOfWorker = 20_000;

/**
 * Fork and join: the parts of one kernel shared out among the calling thread and workers on the same heap.
 *
 * Workers start when there was some milliseconds' work for them, and take part from when they are ready: until then, and where one is
 * late, the calling thread does their parts too. No result depends on who did which part.
 */
export class Team implements KernelTeam {
  /** What the user should know: workers that could not be started. */
  readonly notices: string[] = [];
  readonly #plan: TeamPlan;
  readonly #control: Int32Array;
  #workers: WorkerHandle[] | null = null;
  #lost = 0;
  #failure: HiddenstateError | null = null;
  #generation = 0;
  /** Milliseconds of work done alone that was worth sharing. */
  #alone = 0;

  constructor(plan: TeamPlan) {
    this.#plan = plan;
    this.#control = new Int32Array(plan.memory.buffer, plan.control, words.started + plan.workers.length);
  }

  /** Why no kernel can run any more: a worker failed or died. */
  get failure(): HiddenstateError | null {
    return this.#failure;
  }

  /** How many workers take parts now. */
  get ready(): number {
    return Atomics.load(this.#control, words.ready);
  }

  /** Waits until all workers take parts, or could not be started, or none will any more: the team was closed, or failed. */
  async whenReady(): Promise<void> {
    this.#start();
    while (!this.#failure && this.ready + this.#lost < this.#plan.workers.length) {
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    }
  }

  /**
   * Runs one kernel in parts.
   *
   * @param kernel its index in signatures.ts
   * @param args offset of its arguments
   * @param wanted how many parts are worth it; there are no more than threads ready
   * @param runPart does one part on the calling thread
   * @throws HiddenstateError `worker` if a worker failed or died, now or before
   */
  run(kernel: number, args: number, wanted: number, runPart: (part: number, parts: number) => void): void {
    if (this.#failure) throw this.#failure;
    if (wanted === 1) return runPart(0, 1);
    if (!this.#workers) {
      const before = performance.now();
      runPart(0, 1);
      this.#alone += performance.now() - before;
      if (this.#alone > startAfterMs) this.#start();
      return;
    }
    const control = this.#control;
    const parts = Math.min(wanted, 1 + Atomics.load(control, words.ready));
    if (parts === 1) return runPart(0, 1);

    control[words.kernel] = kernel;
    control[words.args] = args;
    Atomics.store(control, words.remaining, parts);
    this.#offer(1, parts);
    const started = performance.now();
    try {
      // Part 0 is the calling thread's.
      let part = 0;
      do {
        runPart(part, parts);
        Atomics.sub(control, words.remaining, 1);
        part = this.#take(parts);
      } while (part > 0);
    } catch (error) {
      // Nobody takes what is left, and what was taken ends before the heap is used again.
      let left = 1;
      while (this.#take(parts) > 0) left++;
      Atomics.sub(control, words.remaining, left);
      this.#join(started);
      throw error;
    }
    this.#join(started);
    if (control[words.failed] !== 0) this.#fail(this.#workerError());
  }

  /** Ends all workers. */
  close(): void {
    this.#failure ??= new HiddenstateError("missing", "engine: missing initialisation; this engine was closed");
    const control = this.#control;
    Atomics.store(control, words.ending, 1);
    this.#offer(0, 0);
    for (const worker of this.#workers ?? []) worker.terminate();
    this.#workers = [];
  }

  #start(): void {
    if (this.#workers) return;
    const { memory, control, workers } = this.#plan;
    const shared = { memory, names, control, words, longestMessage, spins: spinsOfWorker };
    this.#workers = [];
    for (const [worker, { kernels, scratch }] of workers.entries()) {
      try {
        this.#workers.push(
          startWorker({ ...shared, kernels, worker, scratch }, (why) => {
            this.#ended(worker, why);
          }),
        );
      } catch (error) {
        this.#ended(worker, (error as Error).message);
      }
    }
  }

  /** A worker that never took part is one thread fewer; one that did may have left a kernel half done. */
  #ended(worker: number, why: string): void {
    const control = this.#control;
    if (this.#failure) return;
    if (Atomics.load(control, words.started + worker) === 1) {
      this.#failure = workerError(`a worker died: ${why}`);
      return;
    }
    this.#lost++;
    const left = this.#plan.workers.length - this.#lost + 1;
    this.notices.push(
      `threads: a worker could not start (${why}); ${left === 1 ? "one thread is" : `${left} are`} used`,
    );
  }

  /** Puts parts up for the taking, those from `first` on, and wakes as many workers; all of them where there are no parts. */
  #offer(first: number, parts: number): void {
    this.#generation = (this.#generation + 1) & 0xffff;
    Atomics.store(this.#control, words.ticket, (this.#generation << 16) | (parts << 8) | first);
    Atomics.notify(this.#control, words.ticket, parts > 0 ? parts - first : undefined);
  }

  /** Takes the next part; 0 where all are taken. */
  #take(parts: number): number {
    const control = this.#control;
    for (;;) {
      const ticket = Atomics.load(control, words.ticket);
      const part = ticket & 0xff;
      if (part >= parts) return 0;
      if (Atomics.compareExchange(control, words.ticket, ticket, ticket + 1) === ticket) return part;
    }
  }

  /** Waits for the parts that workers took. A worker that has died cannot say so: its end is known by its silence only. */
  #join(started: number): void {
    const control = this.#control;
    for (let i = 0; i < spins; i++) if (Atomics.load(control, words.remaining) === 0) return;
    const own = performance.now() - started;
    const slices = Math.ceil(((this.#plan.patienceMs ?? defaultPatienceMs) + 20 * own) / sliceMs);
    for (let slept = 0; slept < slices;) {
      const remaining = Atomics.load(control, words.remaining);
      if (remaining === 0) return;
      if (Atomics.wait(control, words.remaining, remaining, sliceMs) === "timed-out") slept++;
    }
    this.#fail(`a worker died: no word from it for ${Math.round((slices * sliceMs) / 1000)} s`);
  }

  #fail(what: string): never {
    this.#failure = workerError(what);
    throw this.#failure;
  }

  /** What the worker that failed first has left. */
  #workerError(): string {
    const control = this.#control;
    const kernel = names[control[words.failed] - 1];
    const length = Atomics.load(control, words.messageLength);
    const text = String.fromCharCode(...control.subarray(words.message, words.message + length));
    return `a worker failed in ${kernel}: ${text}`;
  }
}

function workerError(what: string): HiddenstateError {
  return new HiddenstateError("worker", `threads: ${what}; if it happens again, use threads: 1`);
}
