/** Listens for Ctrl-C and kindred signals while something runs. */
export interface Interruption extends Disposable {
  /** Aborted at the first signal; the second ends the program at once. */
  readonly signal: AbortSignal;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Exit code of a program that was asked to stop and did. */
export const interruptedCode = 130;

/** @param notify called once, at the first signal */
export function listenForInterruption(notify: () => void): Interruption {
  const controller = new AbortController();
  const listener = (): void => {
    if (controller.signal.aborted) process.exit(interruptedCode);
    controller.abort();
    notify();
  };
  for (const name of signals) process.on(name, listener);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of signals) process.off(name, listener);
    },
  };
}
