import type { ConformanceCase } from "./case.ts";
import { exact, type Outcome } from "./outcome.ts";
import type { Samples } from "./samples.ts";
import { largest, mapped } from "./samples.ts";
import type { Stage } from "./stage.ts";
import { attentionWorkspace } from "../attention-workspace.ts";

export function attentionCases(): ConformanceCase[] {
  return [...rotationCases(), ...attentionShapes.flatMap(attentionCase), ...attentionBits()];
}

interface Shape {
  heads: number;
  headSize: number;
  causal: number;
  context: number;
  /** [rows, rows of the past, position of the first row], one for each sequence. */
  sequences: [rows: number, past: number, position: number][];
}

const attentionShapes: Shape[] = [
  { heads: 1, headSize: 1, causal: 1, context: 9, sequences: [[1, 0, 0]] },
  {
    heads: 2,
    headSize: 4,
    causal: 0,
    context: 9,
    sequences: [
      [5, 0, 0],
      [0, 0, 0],
      [9, 0, 0],
      [1, 0, 0],
    ],
  },
  {
    heads: 3,
    headSize: 20,
    causal: 1,
    context: 11,
    sequences: [
      [40, 0, 0],
      [7, 10, 23],
      [1, 10, 10],
    ],
  },
  {
    heads: 2,
    headSize: 32,
    causal: 1,
    context: 64,
    sequences: [
      [70, 50, 50],
      [3, 63, 1001],
    ],
  },
  { heads: 1, headSize: 48, causal: 0, context: 300, sequences: [[100, 0, 0]] },
  { heads: 2, headSize: 8, causal: 1, context: 1, sequences: [[6, 0, 3]] },
];

/** All of an attention's inputs on the stage, and a call of the way forward. */
function laidOut(stage: Stage, samples: Samples, shape: Shape): Laid {
  const { heads, headSize, causal, context, sequences } = shape;
  const width = heads * headSize;
  const rows = sequences.reduce((sum, [own]) => sum + own, 0);
  const past = sequences.reduce((sum, [, before]) => sum + before, 0);
  // Last in x and in past what comes first: sequences lie in any order.
  let [row, pastRow] = [rows, past];
  const table = sequences.flatMap(([own, before, position]) => {
    row -= own;
    pastRow -= before;
    return [row, own, position, pastRow, before];
  });
  const values = { x: samples.normal(rows * 3 * width), past: samples.normal(past * 2 * width) };
  const workspaceSize = Math.max(...sequences.map(([own, before]) => attentionWorkspace(own + before, headSize)));
  const out = stage.room(rows, width);
  const logNormalizer = stage.room(rows, heads);
  const args = {
    out,
    logNormalizer,
    x: stage.floats(values.x),
    past: past ? stage.floats(values.past) : 0,
    sequences: stage.ints(table),
    workspace: stage.room(stage.set.threads * workspaceSize),
    sequenceCount: sequences.length,
    heads,
    headSize,
    causal,
    context,
    workspaces: stage.set.threads,
    workspaceSize,
    scale: 1 / Math.sqrt(headSize),
  };
  const score = headSize * largest(values.x) * Math.max(largest(values.x), largest(values.past)) * args.scale;
  const value = Math.max(largest(values.x), largest(values.past));
  return { args, rows, width, score, value };
}

interface Laid {
  args: Parameters<Stage["kernels"]["attentionForward"]>[0];
  rows: number;
  width: number;
  /** Bounds of what is summed up: a score's terms, a value. */
  score: number;
  value: number;
}

function attentionCase(shape: Shape): ConformanceCase[] {
  const { heads, headSize, causal, sequences } = shape;
  const what = `${heads} x ${headSize}${causal ? " causal" : ""}, ${sequences.map(([own, past]) => `${past}+${own}`).join(" ")}`;
  return [
    {
      name: `attentionForward ${what}`,
      run(stage, samples) {
        const { args, score, value } = laidOut(stage, samples, shape);
        stage.kernels.attentionForward(args);
        // A score's error is a relative one of its weight.
        return {
          out: { values: stage.read(args.out), tolerance: { roundings: 20, of: (1 + score) * value } },
          logNormalizer: { values: stage.read(args.logNormalizer), tolerance: { roundings: 20, of: 1 + score } },
        };
      },
    },
    {
      name: `attentionBackward ${what}`,
      run(stage, samples) {
        const { args, rows, width, score, value } = laidOut(stage, samples, shape);
        const pastRows = sequences.reduce((sum, [, before]) => sum + before, 0);
        stage.kernels.attentionForward(args);
        const gradX = stage.room(rows, 3 * width);
        const gradOut = stage.floats(samples.normal(rows * width));
        const start = samples.normal(pastRows * 2 * width);
        const gradPast = pastRows ? stage.floats(start) : 0;
        stage.kernels.attentionBackward({ ...args, gradX, gradOut, gradPast });
        const of = (1 + score) * value ** 2 * headSize * args.scale;
        const tolerance = { roundings: 40, of: of + largest(start) };
        const outcomes: Record<string, Outcome> = { gradX: { values: stage.read(gradX), tolerance } };
        if (pastRows) {
          const alone = stage.room(rows, 3 * width);
          stage.kernels.attentionBackward({ ...args, gradX: alone, gradOut, gradPast: 0 });
          outcomes.gradPast = { values: stage.read(gradPast), tolerance };
          outcomes.withoutPast = { values: stage.read(alone), sameBitsAs: stage.read(gradX) };
        }
        return outcomes;
      },
    },
  ];
}

/** A causal row must have the same bits among all rows as alone with its keys in the past, and in the company of others. */
function attentionBits(): ConformanceCase[] {
  return [3, 16, 200].map((context) => ({
    name: `attentionForward step by step, context ${context}`,
    run(stage, samples) {
      const [heads, headSize, rows] = [2, 20, 45];
      const width = heads * headSize;
      const whole: Shape = { heads, headSize, causal: 1, context, sequences: [[rows, 0, 0]] };
      const { args } = laidOut(stage, samples, whole);
      stage.kernels.attentionForward(args);
      const x = [...stage.set.readFloats(args.x, rows * 3 * width)];
      const keyValues = Array.from({ length: rows }, (_, i) => x.slice(i * 3 * width + width, (i + 1) * 3 * width));
      const past = stage.floats(keyValues.flat());
      const starts = Array.from({ length: rows }, (_, i) => Math.max(0, i + 1 - context));
      // Every row is a sequence of its own, all in one call; the workspace holds the longest.
      const table = starts.flatMap((start, i) => [i, 1, i, start, i - start]);
      const out = stage.room(rows, width);
      stage.kernels.attentionForward({
        ...args,
        out,
        logNormalizer: 0,
        past,
        sequences: stage.ints(table),
        sequenceCount: rows,
      });
      return { out: { values: stage.read(out), sameBitsAs: stage.read(args.out) } };
    },
  }));
}

function rotationCases(): ConformanceCase[] {
  return [
    [1, 2, 1, 2],
    [7, 40, 2, 12],
    [33, 96, 4, 16],
    [3, 9, 0, 4],
  ].flatMap(([rows, width, heads, headSize]) =>
    [0, 1].flatMap((inverse) =>
      [0, 1].map((accumulate): ConformanceCase => ({
        name: `rotatePositions [${rows}, ${width}] ${heads} x ${headSize}${inverse ? " inverse" : ""}${accumulate ? " accumulate" : ""}`,
        run(stage, samples) {
          const x = samples.normal(rows * width);
          const start = samples.normal(rows * width);
          const angles = samples.uniform(5 * headSize);
          const out = accumulate ? stage.floats(start) : stage.room(rows, width);
          const args = {
            x: stage.floats(x),
            angles: stage.floats(angles),
            index: stage.ints(samples.integers(rows, 5)),
            rows,
            width,
            heads,
            headSize,
            inverse,
            accumulate,
          };
          stage.kernels.rotatePositions({ ...args, out });
          const values = stage.read(out);
          if (!accumulate) stage.kernels.rotatePositions({ ...args, out: args.x });
          const of = mapped(rows * width, (i) => 2 * largest(x) + accumulate * Math.abs(start[i]));
          return {
            out: { values, tolerance: heads ? { roundings: 3, of } : accumulate ? { roundings: 1, of } : exact },
            inPlace: { values: accumulate ? values : stage.read(args.x), sameBitsAs: values },
          };
        },
      })),
    ),
  );
}
