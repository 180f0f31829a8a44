import { describe, expect, test } from "vitest";
import { createReferenceKernels } from "../reference/index.ts";
import { signatures } from "../signatures.ts";
import { conformanceCases, runConformance } from "./index.ts";

describe("the conformance suite", () => {
  test("has a name for each case", () => {
    const names = conformanceCases().map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  test.each(["f32", "f64"] as const)("passes the reference in %s, having called every kernel", (precision) => {
    const results = runConformance(createReferenceKernels(precision));
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
    const called = new Set(results.flatMap(({ kernels }) => kernels));
    expect(Object.keys(signatures).filter((name) => !called.has(name as keyof typeof signatures))).toEqual([]);
  });
});
