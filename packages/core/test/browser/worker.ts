import { runChecks } from "./checks.ts";
import type { CheckResult, Report } from "./report.ts";

/** What the worker says: each result, then the report, or what stopped it. */
export type WorkerMessage = { result: CheckResult } | { report: Report } | { error: string };

// `origin` is a window's second argument, not a worker's: the DOM's types know windows only.
const post = (message: WorkerMessage): void => postMessage(message);

runChecks((result) => post({ result })).then(
  (report) => post({ report }),
  (error: unknown) => post({ error: String((error as Error).stack ?? error) }),
);
