import { spawnSync } from "node:child_process";
import os from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * @typedef {object} Machine
 * @property {string} processor
 * @property {number} cores
 * @property {number} memoryGb
 * @property {string} system
 * @property {string[]} vectorExtensions of the processor, where the system tells
 */

/** @returns {Machine} */
export function machine() {
  const cores = os.cpus();
  return {
    processor: cores[0]?.model.trim() ?? "unknown",
    cores: cores.length,
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    vectorExtensions: vectorExtensions(),
  };
}

/** Processes that ran or waited to run, over the last minute. */
export function load() {
  return Number(os.loadavg()[0].toFixed(2));
}

const idleShare = 0.7;
const watchMs = 5000;

/**
 * Waits until the machine has been mostly idle for some seconds, for as long as `mostMinutes`.
 * @param {number} mostMinutes
 */
export async function quiet(mostMinutes) {
  const end = performance.now() + mostMinutes * 6e4;
  while (performance.now() < end) {
    const before = processorTimes();
    await sleep(watchMs);
    const after = processorTimes();
    if ((after.idle - before.idle) / (after.all - before.all) >= idleShare) return;
  }
}

function processorTimes() {
  const times = os.cpus().map((core) => core.times);
  const idle = times.reduce((sum, core) => sum + core.idle, 0);
  const all = times.reduce((sum, core) => sum + core.user + core.nice + core.sys + core.irq + core.idle, 0);
  return { idle, all };
}

/** The commit that is measured; one with changes that are not committed ends in "+". */
export function commit() {
  const head = git("rev-parse", "--short", "HEAD");
  return head && head + (git("status", "--porcelain", "--untracked-files=no") ? "+" : "");
}

/** @param {string[]} args */
function git(...args) {
  const cwd = new URL(".", import.meta.url);
  return spawnSync("git", args, { cwd, encoding: "utf8" }).stdout?.trim() ?? "";
}

function vectorExtensions() {
  const { stdout } = spawnSync("sh", ["-c", "grep -m1 -E '^(flags|Features)' /proc/cpuinfo"], { encoding: "utf8" });
  const flags = new Set((stdout ?? "").split(/\s+/));
  return ["avx2", "fma", "avx512f", "amx_tile", "asimd", "sve"].filter((name) => flags.has(name));
}
