/** The longest a loop that trains may keep the event loop from turning, in milliseconds: Ctrl-C must arrive. */
const longestTurn = 50;

declare const setImmediate: ((callback: () => void) => void) | undefined;

/** Lets the event loop turn when it is time to. */
export class EventLoopTurns {
  #last: number = performance.now();

  /** Waits for one macrotask if the last turn is long ago. */
  async give(): Promise<void> {
    if (performance.now() - this.#last < longestTurn) return;
    await macrotask();
    this.#last = performance.now();
  }
}

/**
 * Runs work that yields now and then to its end, and lets the event loop turn meanwhile.
 * @throws what `signal` was aborted with
 */
export async function finished<T>(work: Generator<void, T>, signal?: AbortSignal): Promise<T> {
  const turns = new EventLoopTurns();
  let next = work.next();
  while (!next.done) {
    await turns.give();
    signal?.throwIfAborted();
    next = work.next();
  }
  return next.value;
}

/** As `finished`, but at once: the event loop does not turn. For work that takes no time to speak of, and for callers who cannot wait. */
export function finishedAtOnce<T>(work: Generator<void, T>): T {
  let next = work.next();
  while (!next.done) next = work.next();
  return next.value;
}

/** As `finished`, but null where `signal` is aborted before the work is done. */
export async function finishedUnlessStopped<T>(
  work: Generator<void, T>,
  signal: AbortSignal | undefined,
): Promise<T | null> {
  if (signal?.aborted) return null;
  try {
    return await finished(work, signal);
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return null;
    throw error;
  }
}

/** Timers are held back to 4 ms in browsers, messages are not. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
