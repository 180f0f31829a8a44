import { runChecks } from "./checks.ts";

// `origin` is a window's second argument, not a worker's: the DOM's types know windows only.
const post = (message: unknown): void => postMessage(message);

runChecks().then(
  (report) => post({ report }),
  (error: unknown) => post({ error: String((error as Error).stack ?? error) }),
);
