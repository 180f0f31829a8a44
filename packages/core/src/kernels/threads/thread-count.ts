import { HiddenstateError, shown } from "../../errors.ts";
import { mostThreads } from "./control-block.ts";

/** How many threads to use, and what the user should know about it. */
export interface ThreadCount {
  threads: number;
  /** Why, in a few words: for those who ask. */
  reason: string;
  /** Whether somebody asked for a number. */
  asked: boolean;
  notices: string[];
}

/** More than this many are not taken without being asked for: a batch of 32 rows has no more to share out. */
const mostUnasked = 8;

interface FileSystem {
  readFileSync(path: string, encoding: "utf8"): string;
}
interface Host {
  process?: { getBuiltinModule?(name: string): unknown; env?: Record<string, string | undefined> };
  navigator?: { hardwareConcurrency?: number };
  crossOriginIsolated?: boolean;
}
const host = globalThis as Host;

/**
 * Resolves the option `threads`: a number, or `"auto"` for as many as pay here. What the environment variable HIDDENSTATE_THREADS says
 * stands in where the option is left out.
 *
 * @throws HiddenstateError `invalid`
 */
export function threadCount(given: number | "auto" | undefined): ThreadCount {
  const { wanted, from } = wantedThreads(given);
  const asked = wanted !== "auto";
  const obstacle = wanted === 1 ? null : obstacleToThreads();
  if (obstacle !== null) {
    return { threads: 1, reason: obstacle, asked, notices: [`threads: one thread is used: ${obstacle}`] };
  }
  const processors = Math.min(availableProcessors(), mostThreads);
  if (wanted === "auto") {
    const many = `${mostUnasked} of ${processors} processors: more seldom pay`;
    if (processors >= 2 * mostUnasked) return { threads: mostUnasked, reason: many, asked, notices: [] };
    const cores = Math.min(processors, physicalCores() ?? processors);
    const all = cores < processors ? `one for each of ${cores} cores` : `all ${processors} processors`;
    return { threads: Math.min(cores, mostUnasked), reason: cores > mostUnasked ? many : all, asked, notices: [] };
  }
  if (wanted <= processors) return { threads: wanted, reason: `asked for by ${from}`, asked, notices: [] };
  const reason = processors === 1 ? "there is one processor here" : `there are ${processors} processors here`;
  const notice = `threads: ${processors} instead of ${wanted}: ${reason}, and more threads than that are slower`;
  return { threads: processors, reason, asked, notices: [notice] };
}

function wantedThreads(given: number | "auto" | undefined): { wanted: number | "auto"; from: string } {
  const variable = "HIDDENSTATE_THREADS";
  const text = given === undefined ? host.process?.env?.[variable] : undefined;
  const wanted = text ? (text === "auto" ? "auto" : Number(text)) : given === undefined ? "auto" : given;
  if (wanted === "auto" || (Number.isSafeInteger(wanted) && wanted >= 1)) {
    return { wanted, from: text ? variable : "engine.init" };
  }
  const [what, got] = text ? [`environment variable ${variable}`, text] : ["threads", given];
  throw new HiddenstateError(
    "invalid",
    `engine.init: invalid ${what}: got ${shown(got)}, expected "auto" or a whole number at least 1`,
  );
}

/** Why threads can't be used here; null where they can. */
function obstacleToThreads(): string | null {
  if (typeof SharedArrayBuffer === "undefined" || host.crossOriginIsolated === false) {
    return "the page is not cross-origin isolated; serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
  }
  if (typeof Worker === "undefined" && !host.process?.getBuiltinModule?.("worker_threads")) return "no workers here";
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
  } catch {
    return "a page's main thread may not wait for others; use the engine in a Web Worker";
  }
  return null;
}

/** Processors that this program may use. */
function availableProcessors(): number {
  const os = host.process?.getBuiltinModule?.("os") as { availableParallelism(): number } | undefined;
  return os?.availableParallelism() ?? host.navigator?.hardwareConcurrency ?? 1;
}

/**
 * Cores of the machine, where each may count as several processors: those share the multipliers that kernels wait for. Known on
 * Linux only, null elsewhere.
 */
function physicalCores(): number | null {
  const fs = host.process?.getBuiltinModule?.("fs") as FileSystem | undefined;
  const folder = "/sys/devices/system/cpu";
  try {
    const siblings = new Set<string>();
    for (const processor of listed(fs!.readFileSync(`${folder}/online`, "utf8"))) {
      siblings.add(fs!.readFileSync(`${folder}/cpu${processor}/topology/thread_siblings_list`, "utf8"));
    }
    return siblings.size;
  } catch {
    return null;
  }
}

/** The numbers in a list such as `0-3,8`. */
function* listed(text: string): Generator<number> {
  for (const range of text.trim().split(",")) {
    const [first, last = first] = range.split("-").map(Number);
    for (let i = first; i <= last; i++) yield i;
  }
}
