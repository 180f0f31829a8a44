import { runChecks } from "./checks.ts";
import { checkNames, type CheckResult, type PageResult, type Report } from "./report.ts";
import type { WorkerMessage } from "./worker.ts";

declare global {
  interface Window {
    __result?: PageResult;
  }
}

/** The table's columns: where the checks run. */
const places = ["page", "worker"] as const;
type Place = (typeof places)[number];

async function runInWorker(): Promise<Report> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise<Report>((resolve, reject) => {
      worker.addEventListener("message", ({ data }: MessageEvent<WorkerMessage>) => {
        if ("result" in data) show("worker", data.result);
        else if ("report" in data) resolve(data.report);
        else reject(new Error(data.error));
      });
      worker.addEventListener("error", (event) => reject(new Error(`worker: ${event.message}`)));
    });
  } finally {
    worker.terminate();
  }
}

function makeRows(): void {
  const body = document.querySelector("tbody")!;
  for (const name of checkNames) {
    const row = body.insertRow();
    row.insertCell().textContent = name;
    for (const place of places) row.insertCell().id = cellId(place, name);
  }
}

const cellId = (place: Place, name: string): string => `${place}: ${name}`;

function show(place: Place, { name, failures, found, seconds }: CheckResult): void {
  const cell = document.getElementById(cellId(place, name))!;
  const failed = failures.length > 0;
  cell.className = failed ? "failed" : "passed";
  const verdict = document.createElement("strong");
  verdict.textContent = failed ? "failed" : "passed";
  const lines = failed ? failures.slice(0, 5).join("\n") : found;
  cell.replaceChildren(verdict, ` in ${seconds.toFixed(1)} s`, document.createElement("br"), lines);
}

function sayHowItEnded(result: PageResult): void {
  const end = document.querySelector("#end")!;
  if ("error" in result) {
    end.className = "failed";
    end.textContent = result.error;
    return;
  }
  const failures = places.flatMap((place) => result[place].results.filter((check) => check.failures.length > 0));
  end.className = failures.length > 0 ? "failed" : "passed";
  end.textContent = failures.length > 0 ? `${failures.length} checks failed.` : "Every check passed.";
}

async function main(): Promise<PageResult> {
  try {
    return { page: await runChecks((result) => show("page", result)), worker: await runInWorker() };
  } catch (error) {
    return { error: String((error as Error).stack ?? error) };
  }
}

document.querySelector("#isolated")!.textContent = crossOriginIsolated ? "is" : "is not";
document.querySelector("#browser")!.textContent = navigator.userAgent;
makeRows();
const result = await main();
sayHowItEnded(result);
window.__result = result;
