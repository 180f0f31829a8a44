import { availableParallelism } from "node:os";
import { afterEach, describe, expect, test, vi } from "vitest";
import { engine } from "../../engine.ts";
import { tensor } from "../../memory/tensor.ts";
import { threadCount } from "./thread-count.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

/** A host with so many processors, two of which may share a core. */
function host({ processors, siblings }: { processors: number; siblings?: number }): void {
  const builtin = process.getBuiltinModule.bind(process) as (name: string) => unknown;
  const readFileSync = (path: string): string => {
    const processor = Number(/cpu(\d+)\//.exec(path)?.[1]);
    if (siblings === undefined) throw new Error("no such file");
    if (path.endsWith("/online")) return `0-${processors - 2},${processors - 1}\n`;
    return `${processor % (processors / siblings)},${(processor % (processors / siblings)) + processors / siblings}\n`;
  };
  const modules: Record<string, unknown> = { os: { availableParallelism: () => processors }, fs: { readFileSync } };
  vi.spyOn(process, "getBuiltinModule").mockImplementation((name: string) => (modules[name] ?? builtin(name)) as never);
}

describe("the number of threads", () => {
  test("is that of the processors, by default", () => {
    host({ processors: 4 });
    expect(threadCount(undefined)).toEqual({ threads: 4, reason: "all 4 processors", asked: false, notices: [] });
    expect(threadCount("auto").threads).toBe(4);
  });

  test("is that of the cores, where two processors share one", () => {
    host({ processors: 4, siblings: 2 });
    expect(threadCount("auto")).toMatchObject({ threads: 2, reason: "one for each of 2 cores" });
  });

  test("is not more than usually pay, unless asked for", () => {
    host({ processors: 64, siblings: 2 });
    expect(threadCount("auto")).toMatchObject({ threads: 8, reason: "8 of 64 processors: more seldom pay" });
    expect(threadCount(40)).toEqual({ threads: 40, reason: "asked for by engine.init", asked: true, notices: [] });
  });

  test("is not more than there are processors, which is said", () => {
    host({ processors: 2 });
    expect(threadCount(99)).toMatchObject({
      threads: 2,
      notices: ["threads: 2 instead of 99: there are 2 processors here, and more threads than that are slower"],
    });
  });

  test("comes from the environment where the program leaves it out", () => {
    host({ processors: 4 });
    vi.stubEnv("HIDDENSTATE_THREADS", "3");
    expect(threadCount(undefined)).toMatchObject({ threads: 3, reason: "asked for by HIDDENSTATE_THREADS" });
    expect(threadCount(2).threads).toBe(2);
    vi.stubEnv("HIDDENSTATE_THREADS", "many");
    expect(() => threadCount(undefined)).toThrow(
      'engine.init: invalid environment variable HIDDENSTATE_THREADS: got "many", expected "auto" or a whole number at least 1',
    );
  });

  test("is one in a page that is not isolated, which is said", () => {
    vi.stubGlobal("crossOriginIsolated", false);
    const notice = expect.stringMatching(/one thread is used: the page is not cross-origin isolated; serve it with/);
    expect(threadCount("auto")).toMatchObject({ threads: 1, notices: [notice] });
    expect(threadCount(1)).toMatchObject({ threads: 1, notices: [] });
  });

  test("is one where waiting is not allowed, which is said", () => {
    vi.spyOn(Atomics, "wait").mockImplementation(() => {
      throw new TypeError("Atomics.wait cannot be called in this context");
    });
    expect(threadCount(2)).toMatchObject({ threads: 1, notices: [expect.stringContaining("Web Worker")] });
  });
});

describe("engine.init", () => {
  test.each([0, 1.5, -1, NaN, "2", null])("refuses threads: %s", async (threads) => {
    await expect(engine.init({ threads: threads as number })).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringContaining('expected "auto" or a whole number at least 1'),
    });
  });

  test("tells how many threads there are, and what should be known of them", async () => {
    const most = availableParallelism();
    expect(await engine.init({ threads: 1 })).toMatchObject({ threads: 1, notices: [] });
    const { threads, notices } = await engine.init({ threads: most + 1 });
    expect(threads).toBe(most);
    expect(notices).toEqual([expect.stringContaining(`threads: ${most} instead of ${most + 1}`)]);
  });

  test("says that the reference computes on one thread", async () => {
    host({ processors: 2 });
    const { threads, threadsReason, notices } = await engine.init({ backend: "reference", threads: 2 });
    expect({ threads, threadsReason }).toEqual({ threads: 1, threadsReason: "the reference kernels compute on one" });
    expect(notices).toEqual(["threads: 1 instead of 2: the reference kernels compute on one"]);
    expect((await engine.init({ backend: "reference" })).notices).toEqual([]);
  });
});

test("engine.close ends the engine", async () => {
  await engine.init();
  engine.close();
  expect(() => tensor([1])).toThrow("missing initialisation");
  engine.close();
});
