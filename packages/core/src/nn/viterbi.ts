import { HiddenstateError, shown } from "../errors.ts";

/** Scores of a path through K tags: of one tag after another, of the first and of the last. */
export interface PathScores {
  /** [K, K], row-major, from row to column. */
  transitions: ArrayLike<number>;
  /** [K]. */
  start: ArrayLike<number>;
  /** [K]. */
  end: ArrayLike<number>;
}

/** Which paths may be: true where a tag may follow another, come first, come last. */
export interface TagConstraints {
  /** [K, K], row-major, from row to column. */
  transitions: readonly boolean[];
  start: readonly boolean[];
  end: readonly boolean[];
}

/**
 * The best path through K tags (Viterbi 1967): the tags with the highest start[y_0] + Σ_t scores[t, y_t] + Σ_{t>0}
 * transitions[y_{t-1}, y_t] + end[y_last] of those that may be. Of equally good ones the first, from the end on.
 *
 * @param scores [T, K], row-major
 * @param paths default: all 0, so that each step's best tag is taken, as far as the constraints let it
 * @returns null where no path may be
 * @throws HiddenstateError `mismatch` unless there are scores of all tags for each step
 * @example
 * viterbi([1, 0, 0, 2], 2);   // [0, 1]
 */
export function viterbi(
  scores: ArrayLike<number>,
  tagCount: number,
  paths: PathScores | null = null,
  constraints: TagConstraints | null = null,
): number[] | null {
  if (!(Number.isInteger(tagCount) && tagCount > 0 && scores.length % tagCount === 0)) {
    throw new HiddenstateError(
      "mismatch",
      `viterbi: mismatch in scores: got ${scores.length} numbers, expected whole steps of ${shown(tagCount)} tags`,
    );
  }
  return bestPathThrough(scores, tagCount, stepScores(tagCount, paths, constraints));
}

/**
 * As `viterbi` for each of several sequences; but where no path may be, the constraints count for nothing: a sequence always has its
 * tags.
 */
export function bestPaths(
  sequences: readonly ArrayLike<number>[],
  tagCount: number,
  paths: PathScores | null,
  constraints: TagConstraints | null,
): number[][] {
  if (!paths && !constraints) return sequences.map((scores) => bestTags(scores, tagCount));
  const steps = stepScores(tagCount, paths, constraints);
  return sequences.map((scores) => bestPathThrough(scores, tagCount, steps) ?? viterbi(scores, tagCount, paths) ?? []);
}

/** Each step's best tag; of equally good ones the first. */
function bestTags(scores: ArrayLike<number>, tagCount: number): number[] {
  return Array.from({ length: scores.length / tagCount }, (_, t) => {
    let best = t * tagCount;
    for (let place = best + 1; place < (t + 1) * tagCount; place++) if (scores[place] > scores[best]) best = place;
    return best - t * tagCount;
  });
}

interface StepScores {
  transitions: Float64Array;
  start: Float64Array;
  end: Float64Array;
}

/** The scores of steps, -Infinity for those that may not be. */
function stepScores(tagCount: number, paths: PathScores | null, constraints: TagConstraints | null): StepScores {
  const masked = (part: keyof PathScores, count: number): Float64Array =>
    Float64Array.from({ length: count }, (_, k) =>
      constraints && !constraints[part][k] ? -Infinity : paths ? paths[part][k] : 0,
    );
  return {
    transitions: masked("transitions", tagCount ** 2),
    start: masked("start", tagCount),
    end: masked("end", tagCount),
  };
}

function bestPathThrough(
  scores: ArrayLike<number>,
  tagCount: number,
  { transitions, start, end }: StepScores,
): number[] | null {
  const steps = scores.length / tagCount;
  if (steps === 0) return [];
  let best = Float64Array.from({ length: tagCount }, (_, j) => start[j] + scores[j]);
  const cameFrom = new Int32Array(steps * tagCount);
  for (let t = 1; t < steps; t++) {
    const next = new Float64Array(tagCount);
    for (let j = 0; j < tagCount; j++) {
      let from = 0;
      let score = best[0] + transitions[j];
      for (let i = 1; i < tagCount; i++) {
        const candidate = best[i] + transitions[i * tagCount + j];
        if (candidate > score) [from, score] = [i, candidate];
      }
      cameFrom[t * tagCount + j] = from;
      next[j] = score + scores[t * tagCount + j];
    }
    best = next;
  }
  let tag = 0;
  for (let j = 0; j < tagCount; j++) {
    best[j] += end[j];
    if (best[j] > best[tag]) tag = j;
  }
  if (best[tag] === -Infinity) return null;
  const path = Array.from({ length: steps }, () => tag);
  for (let t = steps - 1; t > 0; t--) path[t - 1] = cameFrom[t * tagCount + path[t]];
  return path;
}
