import type { KernelName, KernelSet } from "../kernels.ts";
import { attendCases } from "./attend-cases.ts";
import { createReferenceKernels } from "../reference/index.ts";
import { attentionCases } from "./attention-cases.ts";
import { bitEqualityCases } from "./bit-cases.ts";
import { cellCases } from "./cell-cases.ts";
import type { ConformanceCase } from "./case.ts";
import { crfCases } from "./crf-cases.ts";
import { dropoutCases } from "./dropout-cases.ts";
import { elementwiseCases } from "./elementwise-cases.ts";
import { gateCases } from "./gate-cases.ts";
import { gemmCases } from "./gemm-cases.ts";
import { heapCases } from "./heap-cases.ts";
import { int8Cases } from "./int8-cases.ts";
import { layerNormCases } from "./layer-norm-cases.ts";
import { optimizerCases } from "./optimizer-cases.ts";
import { differences } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";
import { recurrentCases } from "./recurrent-cases.ts";
import { rowCases } from "./row-cases.ts";
import { Samples } from "./samples.ts";
import { softmaxAndLossCases } from "./softmax-cases.ts";
import { Stage } from "./stage.ts";

export type { ConformanceCase } from "./case.ts";

export interface ConformanceResult {
  name: string;
  /** What was wrong, a line for each result that was; empty where the candidate conforms. */
  failures: string[];
  /** The kernels that the case called. */
  kernels: KernelName[];
}

/** Every case: each kernel against the reference, and what must have the same bits however it is computed. */
export function conformanceCases(): ConformanceCase[] {
  return [
    ...elementwiseCases(),
    ...gemmCases(),
    ...gateCases(),
    ...recurrentCases(),
    ...rowCases(),
    ...int8Cases(),
    ...softmaxAndLossCases(),
    ...layerNormCases(),
    ...attentionCases(),
    ...cellCases(),
    ...crfCases(),
    ...attendCases(),
    ...dropoutCases(),
    ...optimizerCases(),
    ...bitEqualityCases(),
    ...heapCases(),
  ];
}

/**
 * Compares a kernel set with the reference in double precision: the same calls on the same seeded inputs, with buffers at
 * multiples of 64 bytes and at any multiple of a number's size, between guards that hold NaN and must stay as they are.
 *
 * Layouts that are a kernel set's own business (panels, gate slabs) are only passed from kernel to kernel.
 *
 * @param candidate a kernel set that holds nothing of worth
 * @param options.cases those to run, all by default
 * @param options.reference what to compare with
 * @param options.start the first offset of the candidate's heap to use
 * @example
 * const failed = runConformance(createReferenceKernels()).filter(({ failures }) => failures.length > 0);
 */
export function runConformance(
  candidate: KernelSet,
  {
    cases = conformanceCases(),
    reference = createReferenceKernels("f64"),
    start = candidate.heapStart,
  }: { cases?: readonly ConformanceCase[]; reference?: KernelSet; start?: number } = {},
): ConformanceResult[] {
  return cases.map((conformanceCase) => {
    const { name } = conformanceCase;
    const samples = new Samples(name);
    const expected = perform(conformanceCase, samples, new Stage(reference, true));
    const failures: string[] = [];
    for (const aligned of [true, false]) {
      const actual = perform(conformanceCase, samples, new Stage(candidate, aligned, start));
      const place = aligned ? "" : ", unaligned";
      for (const [output, found] of Object.entries(actual.outcomes)) {
        const difference = differences(found, expected.outcomes[output], candidate.precision);
        if (difference) failures.push(`${name}${place}: ${output}: ${difference}`);
      }
      if (actual.damage > 0) failures.push(`${name}${place}: ${actual.damage} words outside the results were written`);
    }
    return { name, failures, kernels: [...expected.used] };
  });
}

/**
 * Runs every case on two kernel sets that must agree to the bit, such as one instruction set on one thread and on several.
 * @returns a line for each result that differs
 */
export function runBitIdentity(
  candidate: KernelSet,
  other: KernelSet,
  cases: readonly ConformanceCase[] = conformanceCases(),
): string[] {
  return cases.flatMap((conformanceCase) => {
    const samples = new Samples(conformanceCase.name);
    const [mine, theirs] = [candidate, other].map((set) => perform(conformanceCase, samples, new Stage(set, true)));
    return Object.entries(mine.outcomes).flatMap(([output, { values }]) => {
      const sameBitsAs = theirs.outcomes[output].values;
      const difference = differences({ values, sameBitsAs }, { values, sameBitsAs }, candidate.precision);
      return difference ? [`${conformanceCase.name}: ${output}: ${difference}`] : [];
    });
  });
}

function perform(
  conformanceCase: ConformanceCase,
  samples: Samples,
  stage: Stage,
): { outcomes: Record<string, Outcome>; damage: number; used: Set<KernelName> } {
  samples.rewind();
  const outcomes = conformanceCase.run(stage, samples);
  return { outcomes, damage: stage.damage(), used: stage.used };
}
