import { type ChildProcess, spawn, spawnSync, type SpawnSyncOptions } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/** The built command, as a user would start it. */
export const command: string = fileURLToPath(new URL("../bin/hiddenstate.js", import.meta.url));

/** A folder of this test file's own, gone at its end. */
export const folder: string = mkdtempSync(join(tmpdir(), "hiddenstate-command-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A text that every test may train on: 6,000 characters. */
export const text: string = join(folder, "fox.txt");
writeFileSync(text, "the quick brown fox jumps over the lazy dog; ".repeat(134).slice(0, 6000));

/** Options of a network so small that a run takes no time. */
export const small: readonly string[] = ["--hidden", "16", "--layers", "1", "--batch", "4", "--bptt", "16"];

export interface Finished {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command to its end, in the test's folder. */
export function hiddenstate(words: readonly string[], options: SpawnSyncOptions = {}): Finished {
  const done = spawnSync(process.execPath, [command, ...words], { cwd: folder, ...options, encoding: "utf8" });
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** A command under way. */
export interface Running {
  child: ChildProcess;
  /** What standard output has said so far. */
  stdout(): string;
  finished: Promise<Finished>;
}

export function start(words: readonly string[]): Running {
  const child = spawn(process.execPath, [command, ...words], { cwd: folder });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
  return { child, stdout: () => stdout, finished };
}

/** The objects of `--json`; fails for a line that is none. */
export function recordsOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A file of a model in the test's folder. */
export const bytesOf = (...path: string[]): Buffer => readFileSync(join(folder, ...path));

/** Trains a small network into a folder, which must work. */
export function trained(out: string, ...words: string[]): Finished {
  const done = hiddenstate(["train", text, "--out", out, ...small, ...words]);
  if (done.status !== 0) throw new Error(`train: exit ${done.status}: ${done.stderr}`);
  return done;
}
