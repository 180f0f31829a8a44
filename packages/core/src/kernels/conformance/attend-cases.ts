import type { ConformanceCase } from "./case.ts";
import { largest } from "./samples.ts";
import type { Samples } from "./samples.ts";
import type { Stage } from "./stage.ts";

interface Problem {
  name: string;
  /** How long each memory is, and at which each row looks. */
  lengths: number[];
  owners: number[];
  keySize: number;
  valueSize: number;
}

const problems: Problem[] = [
  { name: "one place", lengths: [1], owners: [0], keySize: 1, valueSize: 1 },
  { name: "lengths 5, 0, 2", lengths: [5, 0, 2], owners: [0, 1, 2, -1, 2, 0, 0], keySize: 3, valueSize: 5 },
  { name: "widths of several vectors", lengths: [7, 30, 12], owners: [1, 0, 2, 1, 2, 0], keySize: 40, valueSize: 67 },
  { name: "rows of one memory", lengths: [19], owners: [0, 0, 0, 0], keySize: 16, valueSize: 8 },
];

function run(stage: Stage, samples: Samples, problem: Problem, additive: boolean): Record<string, Float64Array> {
  const { lengths, owners, keySize, valueSize } = problem;
  const [steps, batch, rows] = [Math.max(...lengths), lengths.length, owners.length];
  // NaN past a memory's end must not show.
  const memory = (width: number): number =>
    stage.floats(
      samples
        .normal(steps * batch * width)
        .map((value, i) => (Math.floor(i / width / batch) < lengths[Math.floor(i / width) % batch] ? value : NaN)),
    );
  const [context, weights] = [stage.room(rows, valueSize), stage.room(rows, steps)];
  const shared = {
    weights,
    query: stage.floats(samples.normal(rows * keySize)),
    keys: memory(keySize),
    values: memory(valueSize),
    vector: additive ? stage.floats(samples.normal(keySize)) : 0,
    owners: stage.ints(owners),
    lengths: stage.ints(lengths),
    rows,
    steps,
    batch,
    keySize,
    valueSize,
  };
  stage.kernels.attendForward({ context, ...shared });
  const gradients = {
    gradQuery: stage.floats(samples.normal(rows * keySize)),
    gradKeys: stage.floats(samples.normal(steps * batch * keySize)),
    gradValues: stage.floats(samples.normal(steps * batch * valueSize)),
    gradVector: additive ? stage.floats(samples.normal(batch * keySize)) : 0,
  };
  const scores = stage.floats(new Float64Array(rows * steps));
  const gradContext = stage.floats(samples.normal(rows * valueSize));
  stage.kernels.attendBackward({ ...gradients, scores, gradContext, ...shared });
  const results = { context, weights, scores, ...gradients };
  return Object.fromEntries(
    Object.entries(results).flatMap(([name, offset]) => (offset ? [[name, stage.read(offset)]] : [])),
  );
}

export function attendCases(): ConformanceCase[] {
  return problems.flatMap((problem) =>
    [false, true].map((additive) => ({
      name: `attendBackward after attendForward, ${additive ? "with" : "without"} a vector: ${problem.name}`,
      run(stage: Stage, samples: Samples) {
        const results = run(stage, samples, problem, additive);
        const { keySize, valueSize, owners } = problem;
        // A score's error is that of its sum, and weights have it relative to themselves; gradients are sums over places and rows.
        const score = 16 + 4 * keySize;
        const gradient = score * (4 + 4 * valueSize) * (1 + owners.length);
        return Object.fromEntries(
          Object.entries(results).map(([name, values]) => {
            const of = name === "weights" ? score : name === "context" ? score * 4 : gradient;
            return [name, { values, tolerance: { roundings: 1, of: Math.max(of, largest(values)) } }];
          }),
        );
      },
    })),
  );
}
