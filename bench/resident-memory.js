import { readFileSync } from "node:fs";

/** Resident memory of this process now, and the most there ever was, in MiB. */
export function residentMemory() {
  return { nowMb: process.memoryUsage.rss() / 2 ** 20, peakMb: peakKib() / 2 ** 10 };
}

function peakKib() {
  try {
    // getrusage counts the process that this one was forked from too; the kernel's status does not.
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
    if (peak) return Number(peak[1]);
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS;
}
