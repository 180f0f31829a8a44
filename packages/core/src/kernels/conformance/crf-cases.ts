import type { ConformanceCase } from "./case.ts";
import { largest, mapped } from "./samples.ts";
import type { Samples } from "./samples.ts";
import type { Stage } from "./stage.ts";

/** Lengths of the sequences, and how many tags. */
const problems: { name: string; lengths: number[]; tagCount: number; scale: number; impossible?: true }[] = [
  { name: "one tag", lengths: [3, 1], tagCount: 1, scale: 1 },
  { name: "lengths 5, 0, 1, 2", lengths: [5, 0, 1, 2], tagCount: 3, scale: 1 },
  { name: "17 tags", lengths: [9, 30, 12, 1, 7], tagCount: 17, scale: 2 },
  { name: "33 tags", lengths: [4, 6], tagCount: 33, scale: 3 },
  { name: "a long sequence", lengths: [150, 2], tagCount: 4, scale: 1 },
  { name: "large scores", lengths: [6, 3], tagCount: 5, scale: 40 },
  { name: "transitions and a tag that can't be", lengths: [7, 3, 1], tagCount: 6, scale: 1, impossible: true },
];

interface Inputs {
  x: Float64Array;
  tags: number[];
  transitions: Float64Array;
  start: Float64Array;
  end: Float64Array;
}

function inputsOf(samples: Samples, { lengths, tagCount: K, scale, impossible }: (typeof problems)[number]): Inputs {
  const [steps, batch] = [Math.max(...lengths), lengths.length];
  // NaN past a sequence's end must not show.
  const x = samples
    .normal(steps * batch * K, scale)
    .map((value, i) => (Math.floor(i / K / batch) < lengths[Math.floor(i / K) % batch] ? value : NaN));
  const tags = samples.integers(steps * batch, impossible ? K - 2 : K);
  const [transitions, start, end] = [samples.normal(K * K, scale), samples.normal(K, scale), samples.normal(K, scale)];
  if (!impossible) return { x, tags, transitions, start, end };
  return {
    // The last tag is impossible at every third step, the one before follows nothing but itself, and starts nothing.
    x: x.map((value, i) => (i % K === K - 1 && Math.floor(i / K / batch) % 3 === 1 ? -Infinity : value)),
    tags,
    transitions: transitions.map((value, i) => (i % K === K - 2 && i < (K - 2) * K ? -Infinity : value)),
    start: start.map((value, j) => (j === K - 2 ? -Infinity : value)),
    end,
  };
}

/** Every kernel of the field, each from what the one before left. */
function run(
  stage: Stage,
  { x, tags, transitions, start, end }: Inputs,
  { lengths, tagCount }: (typeof problems)[number],
  gradients: { losses: Float64Array; logits: Float64Array; transitions: Float64Array; edges: Float64Array } | null,
): Record<string, Float64Array> {
  const [steps, batch] = [Math.max(...lengths), lengths.length];
  const rows = steps * batch;
  const [losses, reach, normalizers] = [
    stage.room(batch),
    stage.floats(mapped(rows * tagCount, () => 0)),
    stage.room(rows),
  ];
  const shared = {
    reach,
    normalizers,
    logits: stage.floats(x),
    tags: gradients ? stage.ints(tags) : 0,
    lengths: stage.ints(lengths),
    transitions: stage.floats(transitions),
    steps,
    batch,
    tagCount,
  };
  const ends = stage.floats(end);
  stage.kernels.crfForward({ losses, ...shared, start: stage.floats(start), end: ends });
  const marginals = stage.room(rows, tagCount);
  const gradLosses = gradients ? stage.floats(gradients.losses) : 0;
  const gradLogits = gradients ? stage.floats(gradients.logits) : 0;
  stage.kernels.crfBackward({ marginals, gradLogits, gradLosses, ...shared, end: ends, accumulate: 1 });
  const results = { losses: stage.read(losses), marginals: stage.read(marginals) };
  if (!gradients) return results;
  const gradTransitions = stage.floats(gradients.transitions);
  const [gradStart, gradEnd] = [stage.floats(gradients.edges), stage.floats(gradients.edges)];
  stage.kernels.crfTransitionGradient({ gradTransitions, gradStart, gradEnd, gradLosses, marginals, ...shared });
  return {
    ...results,
    gradLogits: stage.read(gradLogits),
    gradTransitions: stage.read(gradTransitions),
    gradStart: stage.read(gradStart),
    gradEnd: stage.read(gradEnd),
  };
}

export function crfCases(): ConformanceCase[] {
  return problems.flatMap((problem) => [
    {
      name: `crfTransitionGradient after crfForward and crfBackward: ${problem.name}`,
      run(stage, samples) {
        const inputs = inputsOf(samples, problem);
        const { lengths, tagCount: K } = problem;
        const [longest, batch] = [Math.max(...lengths), lengths.length];
        const gradients = {
          losses: samples.normal(batch),
          logits: samples.normal(longest * batch * K),
          transitions: samples.normal(K * K),
          edges: samples.normal(K),
        };
        const results = run(stage, inputs, problem, gradients);
        const finite = [inputs.x, inputs.transitions].map((values) => largest(values.filter(Number.isFinite)));
        // A step's logarithms have errors of their own size, which probabilities then have relative to themselves.
        const size = 4 + Math.log(K) + 2 * finite[0] + 2 * finite[1];
        const gradLoss = largest(gradients.losses);
        const steps = lengths.reduce((sum, length) => sum + length, 0);
        return {
          losses: { values: results.losses, tolerance: { roundings: longest, of: size } },
          marginals: { values: results.marginals, tolerance: { roundings: 2, of: size } },
          gradLogits: { values: results.gradLogits, tolerance: { roundings: 2, of: 4 + size * gradLoss } },
          gradTransitions: {
            values: results.gradTransitions,
            tolerance: { roundings: 2, of: 4 + steps * size * gradLoss },
          },
          gradStart: { values: results.gradStart, tolerance: { roundings: 2, of: 4 + batch * size * gradLoss } },
          gradEnd: { values: results.gradEnd, tolerance: { roundings: 2, of: 4 + batch * size * gradLoss } },
        };
      },
    },
    {
      name: `crfForward and crfBackward without tags: ${problem.name}`,
      run(stage, samples) {
        const inputs = inputsOf(samples, problem);
        const { losses, marginals } = run(stage, inputs, problem, null);
        const longest = Math.max(...problem.lengths);
        const size = 8 + 8 * problem.scale;
        return {
          losses: { values: losses, tolerance: { roundings: longest, of: size } },
          marginals: { values: marginals, tolerance: { roundings: 2, of: size } },
        };
      },
    },
  ]);
}
