/** Exit code of a program that was asked to stop and did. */
export const interruptedCode = 130;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Turns Ctrl-C and kindred signals into an `AbortSignal`. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #notify: () => void;

  /** @param notify called once, at the first signal */
  constructor(notify: () => void = () => {}) {
    this.#notify = notify;
  }

  /** Aborted at the first signal; the second ends the program at once. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Listens from here on. Before that, signals end the program as they always do. */
  listen(): this {
    for (const name of signals) process.on(name, this.#listener);
    return this;
  }

  [Symbol.dispose](): void {
    for (const name of signals) process.off(name, this.#listener);
  }

  readonly #listener = (): void => {
    if (this.signal.aborted) process.exit(interruptedCode);
    this.#controller.abort();
    this.#notify();
  };
}
