import { describe, expect, test } from "vitest";
import type { KernelName, KernelSet } from "../kernels.ts";
import { createReferenceKernels } from "../reference/index.ts";
import { signatures } from "../signatures.ts";
import { conformanceCases, runBitIdentity, runConformance } from "./index.ts";

const names = Object.keys(signatures) as KernelName[];

describe("the conformance suite", () => {
  const cases = conformanceCases();

  test("has a name for each case", () => {
    const titles = cases.map(({ name }) => name);
    expect(titles.filter((name, i) => titles.indexOf(name) !== i)).toEqual([]);
  });

  test("passes the reference in f32, having called every kernel", () => {
    const results = runConformance(createReferenceKernels("f32"), { cases });
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
    const called = new Set(results.flatMap(({ kernels }) => kernels));
    expect(names.filter((name) => !called.has(name))).toEqual([]);
  }, 120_000);

  test("passes the reference in f64: guards, alignment and bit equality hold there too", () => {
    const some = cases.filter((_, i) => i % 3 === 0);
    const results = runConformance(createReferenceKernels("f64"), { cases: some });
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
  }, 120_000);
});

test("two kernel sets that round alike are the same to the bit, others are not", () => {
  const cases = conformanceCases().filter((_, i) => i % 9 === 0);
  const set = createReferenceKernels();
  expect(runBitIdentity(set, createReferenceKernels(), cases)).toEqual([]);
  expect(runBitIdentity(set, createReferenceKernels("f64"), cases).length).toBeGreaterThan(20);
});

/** The reference with one kernel replaced. */
function broken<K extends KernelName>(
  name: K,
  replace: (set: KernelSet) => Partial<KernelSet["kernels"]>[K],
): KernelSet {
  const set = createReferenceKernels("f32");
  return { ...set, kernels: { ...set.kernels, [name]: replace(set) } };
}

/** Whether any case that calls the kernel fails. */
function notices(candidate: KernelSet, kernel: KernelName): boolean {
  const reference = createReferenceKernels("f64");
  const prefix = kernel.replace(/Forward|Backward/, "");
  const likely = conformanceCases().toSorted(
    (a, b) => Number(b.name.startsWith(prefix)) - Number(a.name.startsWith(prefix)),
  );
  return likely.some((one) => runConformance(candidate, { cases: [one], reference })[0].failures.length > 0);
}

describe("the conformance suite notices", () => {
  test.each(names)("%s doing nothing", (name) => {
    expect(
      notices(
        broken(name, () => () => {}),
        name,
      ),
    ).toBe(true);
  });

  test("a result one element too long", () => {
    const candidate = broken(
      "unary",
      ({ kernels }) =>
        (args) =>
          kernels.unary({ ...args, count: args.count + 1 }),
    );
    expect(notices(candidate, "unary")).toBe(true);
  });

  test("a row that reads its neighbour", () => {
    const candidate = broken(
      "gemm",
      ({ kernels }) =>
        (args) =>
          kernels.gemm({ ...args, k: args.k + 1 }),
    );
    expect(notices(candidate, "gemm")).toBe(true);
  });

  test("beta2 rounded to float32", () => {
    const candidate = broken(
      "adam",
      ({ kernels }) =>
        (args) =>
          kernels.adam({ ...args, beta2: Math.fround(args.beta2) }),
    );
    expect(notices(candidate, "adam")).toBe(true);
  });

  test("a dropout mask of another key", () => {
    const candidate = broken(
      "dropout",
      ({ kernels }) =>
        (args) =>
          kernels.dropout({ ...args, key0: args.key0 ^ 1 }),
    );
    expect(notices(candidate, "dropout")).toBe(true);
  });

  test("a reverse direction run forward", () => {
    const candidate = broken(
      "lstmForward",
      ({ kernels }) =>
        (args) =>
          kernels.lstmForward({ ...args, reverse: 0 }),
    );
    expect(notices(candidate, "lstmForward")).toBe(true);
  });
});
