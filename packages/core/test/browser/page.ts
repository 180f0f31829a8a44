import { type Report, runChecks } from "./checks.ts";

/** What the page leaves on `window.__result` for the test: both reports, or why there is none. */
export type PageResult = { page: Report; worker: Report } | { error: string };

declare global {
  interface Window {
    __result?: PageResult;
  }
}

async function runInWorker(): Promise<Report> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise<Report>((resolve, reject) => {
      worker.addEventListener("message", ({ data }: MessageEvent<{ report: Report } | { error: string }>) =>
        "report" in data ? resolve(data.report) : reject(new Error(data.error)),
      );
      worker.addEventListener("error", (event) => reject(new Error(`worker: ${event.message}`)));
    });
  } finally {
    worker.terminate();
  }
}

try {
  window.__result = { page: await runChecks(), worker: await runInWorker() };
} catch (error) {
  window.__result = { error: String((error as Error).stack ?? error) };
}
