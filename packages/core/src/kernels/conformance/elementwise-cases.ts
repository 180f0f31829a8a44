import { binaryOperations, unaryOperations } from "../signatures/elementwise.ts";
import type { ConformanceCase } from "./case.ts";
import { exact, orDenormal } from "./outcome.ts";
import type { Tolerance } from "./outcome.ts";
import { largest, mapped, specialValues } from "./samples.ts";

const counts = [1, 3, 4, 7, 31, 64, 1000, 4099];

type UnaryOperation = (typeof unaryOperations)[number];

// Four units in the last place. The exhaustive sweep of the approximations states the bound that holds; this one catches a broken build.
const approximation: Tolerance = { roundings: 8, absolute: orDenormal };

const unaryTolerance: Record<UnaryOperation, Tolerance> = {
  tanh: approximation,
  sigmoid: approximation,
  relu: exact,
  exp: approximation,
  log: { roundings: 8 },
  // Far below 0 exp's argument is large, and so its error; the result is then as small.
  gelu: { roundings: 10, absolute: 2 ** -22 },
};

function* fillCases(): Generator<ConformanceCase> {
  for (const count of [0, ...counts]) {
    yield {
      name: `fill ${count}`,
      run(stage) {
        const out = stage.room(1, count);
        const { fill } = stage.kernels;
        fill({ out, count, value: -1.5 });
        return { out: { values: stage.read(out), tolerance: exact } };
      },
    };
  }
}

function* unaryCases(): Generator<ConformanceCase> {
  for (const [operation, name] of unaryOperations.entries()) {
    const domain = (values: Float64Array): Float64Array => (name === "log" ? values.map(Math.abs) : values);
    for (const count of counts) {
      yield {
        name: `unary ${name} ${count}`,
        run(stage, samples) {
          const x = stage.floats(domain(samples.normal(count, 4)));
          const out = stage.room(1, count);
          stage.kernels.unary({ out, x, count, operation });
          stage.kernels.unary({ out: x, x, count, operation });
          const tolerance = unaryTolerance[name];
          return {
            out: { values: stage.read(out), tolerance },
            inPlace: { values: stage.read(x), sameBitsAs: stage.read(out) },
          };
        },
      };
    }
    yield {
      name: `unary ${name} special values`,
      run(stage) {
        const out = stage.room(1, specialValues.length);
        stage.kernels.unary({ out, x: stage.floats(specialValues), count: specialValues.length, operation });
        return { out: { values: stage.read(out), tolerance: unaryTolerance[name] } };
      },
    };
  }
}

/** f, |f'| times what its rounding is relative to (1 - y*y is rounded relative to 1), by operation. */
const slopes: Record<UnaryOperation, { f: (x: number) => number; size: (x: number, y: number) => number }> = {
  tanh: { f: Math.tanh, size: () => 1 },
  sigmoid: { f: (x) => 1 / (1 + Math.exp(-x)), size: (_x, y) => y * (1 - y) },
  relu: { f: (x) => Math.max(x, 0), size: () => 1 },
  exp: { f: Math.exp, size: (_x, y) => y },
  log: { f: Math.log, size: (x) => 1 / x },
  gelu: {
    f: (x) => x / (1 + Math.exp(-1.5957691216057308 * (x + 0.044715 * x ** 3))), // 1 - s near 1 is rounded relative to 1, times what multiplies it.
    size: (x) => 2 + Math.min(Math.abs(x), 5) * 1.6 * (1 + 0.134 * Math.min(x * x, 25)),
  },
};

function* unaryBackwardCases(): Generator<ConformanceCase> {
  for (const [operation, name] of unaryOperations.entries()) {
    for (const count of counts) {
      for (const accumulate of [0, 1]) {
        yield {
          name: `unaryBackward ${name} ${count}${accumulate ? " accumulate" : ""}`,
          run(stage, samples) {
            const x = samples.normal(count, 3).map((value) => (name === "log" ? Math.abs(value) : value));
            const y = x.map((value) => Math.fround(slopes[name].f(value)));
            const gradY = samples.normal(count);
            const start = samples.normal(count);
            const gradX = stage.floats(start);
            stage.kernels.unaryBackward({
              gradX,
              gradY: stage.floats(gradY),
              x: stage.floats(x),
              y: stage.floats(y),
              count,
              operation,
              accumulate,
            });
            // Up to four operations make the gradient, one more adds it.
            const of = (): Float64Array =>
              mapped(count, (i) => {
                return Math.abs(gradY[i]) * slopes[name].size(x[i], y[i]) + accumulate * Math.abs(start[i]);
              });
            return { gradX: { values: stage.read(gradX), tolerance: { roundings: 5, of } } };
          },
        };
      }
    }
  }
}

interface Broadcast {
  name: string;
  sizes: number[];
  a: number[];
  b: number[];
}

/** Six axes, padded in front. */
function padded(values: number[], padding: number): number[] {
  return [...Array.from({ length: 6 - values.length }, () => padding), ...values];
}

/** How many elements a box with these strides reaches into. */
function extent(sizes: number[], strides: number[]): number {
  return 1 + sizes.reduce((sum, size, axis) => sum + (size - 1) * strides[axis], 0);
}

const broadcasts: Broadcast[] = [
  { name: "same shape", sizes: [1037], a: [1], b: [1] },
  { name: "one element", sizes: [1], a: [1], b: [1] },
  { name: "scalar on the right", sizes: [5, 13], a: [13, 1], b: [0, 0] },
  { name: "scalar on the left", sizes: [77], a: [0], b: [1] },
  { name: "row", sizes: [9, 33], a: [33, 1], b: [0, 1] },
  { name: "column", sizes: [9, 33], a: [33, 1], b: [1, 0] },
  { name: "outer", sizes: [11, 6], a: [1, 0], b: [0, 1] },
  { name: "transposed", sizes: [7, 12], a: [1, 7], b: [12, 1] },
  { name: "six axes", sizes: [2, 3, 1, 4, 2, 5], a: [60, 20, 0, 5, 0, 1], b: [0, 40, 0, 10, 5, 1] },
  { name: "middle axis", sizes: [4, 3, 8], a: [24, 8, 1], b: [8, 0, 1] },
];

function* binaryCases(): Generator<ConformanceCase> {
  for (const [operation, symbol] of binaryOperations.entries()) {
    for (const { name, sizes, a: aStrides, b: bStrides } of broadcasts) {
      for (const accumulate of [0, 1]) {
        yield {
          name: `binary ${symbol}, ${name}${accumulate ? ", accumulate" : ""}`,
          run(stage, samples) {
            const a = stage.floats(samples.normal(extent(sizes, aStrides)));
            const b = stage.floats(samples.normal(extent(sizes, bStrides)));
            const plan = stage.ints([...padded(sizes, 1), ...padded(aStrides, 0), ...padded(bStrides, 0)]);
            const count = sizes.reduce((product, size) => product * size);
            const term = stage.room(1, count);
            stage.kernels.binary({ out: term, a, b, plan, operation, accumulate: 0 });
            if (!accumulate) return { out: { values: stage.read(term), tolerance: exact } };
            const start = samples.normal(count);
            const out = stage.floats(start);
            stage.kernels.binary({ out, a, b, plan, operation, accumulate });
            // a op b may be rounded before it is added, or not.
            const terms = stage.read(term);
            const of = (): Float64Array => mapped(count, (i) => Math.abs(start[i]) + Math.abs(terms[i]));
            return { out: { values: stage.read(out), tolerance: { roundings: 2, of } } };
          },
        };
      }
    }
  }
  yield {
    name: "binary with infinities, NaN and division by zero",
    run(stage) {
      const values = [0, -0, 1, -2, Infinity, -Infinity, NaN, 3e38, 1e-30];
      const n = values.length;
      const outcomes: ReturnType<ConformanceCase["run"]> = {};
      for (const [operation, symbol] of binaryOperations.entries()) {
        const out = stage.room(n, n);
        const plan = stage.ints([1, 1, 1, 1, n, n, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
        stage.kernels.binary({ out, a: stage.floats(values), b: stage.floats(values), plan, operation, accumulate: 0 });
        outcomes[symbol] = { values: stage.read(out), tolerance: exact };
      }
      return outcomes;
    },
  };
}

interface Copy {
  name: string;
  sizes: number[];
  out: number[];
  x: number[];
}

const copies: Copy[] = [
  { name: "dense", sizes: [517], out: [1], x: [1] },
  { name: "one element", sizes: [1], out: [1], x: [1] },
  { name: "transpose", sizes: [13, 29], out: [29, 1], x: [1, 13] },
  { name: "swap the first two of three axes", sizes: [4, 5, 9], out: [45, 9, 1], x: [9, 36, 1] },
  { name: "a slice of columns", sizes: [6, 7], out: [7, 1], x: [19, 1] },
  { name: "into columns", sizes: [6, 7], out: [19, 1], x: [7, 1] },
  { name: "every third", sizes: [41], out: [1], x: [3] },
  { name: "broadcast", sizes: [5, 8], out: [8, 1], x: [0, 1] },
  { name: "six axes", sizes: [2, 3, 2, 2, 3, 2], out: [72, 24, 12, 6, 2, 1], x: [1, 2, 6, 12, 24, 72] },
];

const sums: Copy[] = [
  { name: "all", sizes: [211], out: [0], x: [1] },
  { name: "over rows", sizes: [37, 18], out: [0, 1], x: [18, 1] },
  { name: "over columns", sizes: [18, 37], out: [1, 0], x: [37, 1] },
  { name: "over the middle", sizes: [5, 11, 6], out: [6, 0, 1], x: [66, 6, 1] },
  { name: "over the outer two of three", sizes: [4, 9, 7], out: [0, 0, 1], x: [63, 7, 1] },
];

function* stridedCopyCases(): Generator<ConformanceCase> {
  const cases = [
    ...copies.map((copy) => ({ ...copy, accumulate: 0 })),
    ...[...copies, ...sums].map((copy) => ({ ...copy, accumulate: 1 })),
  ];
  for (const { name, sizes, out: outStrides, x: xStrides, accumulate } of cases) {
    yield {
      name: `stridedCopy ${accumulate ? "accumulate, " : ""}${name}`,
      run(stage, samples) {
        const x = samples.normal(extent(sizes, xStrides));
        const start = samples.normal(extent(sizes, outStrides));
        const out = stage.floats(start);
        const plan = stage.ints([...padded(sizes, 1), ...padded(outStrides, 0), ...padded(xStrides, 0)]);
        stage.kernels.stridedCopy({ out, x: stage.floats(x), plan, accumulate });
        if (!accumulate) return { out: { values: stage.read(out), tolerance: exact } };
        const terms = sizes.reduce((product, size, axis) => (outStrides[axis] === 0 ? product * size : product), 1);
        // Each element is a sum of its start and `terms` numbers, the largest of which bounds the rest.
        const of = (): Float64Array => {
          const most = terms * largest(x);
          return start.map((value) => Math.abs(value) + most);
        };
        return { out: { values: stage.read(out), tolerance: { roundings: terms, of } } };
      },
    };
  }
}

function* reduceSumCases(): Generator<ConformanceCase> {
  const shapes = [
    [1, 1, 1],
    [1, 1000, 1],
    [17, 33, 1],
    [1, 29, 41],
    [5, 7, 13],
    [3, 1, 9],
    [64, 130, 3],
    [2, 0, 5],
  ];
  for (const [outer, reduced, inner] of shapes) {
    for (const accumulate of [0, 1]) {
      yield {
        name: `reduceSum [${outer}, ${reduced}, ${inner}]${accumulate ? " accumulate" : ""}`,
        run(stage, samples) {
          const x = samples.normal(outer * reduced * inner);
          const start = samples.normal(outer * inner);
          const out = stage.floats(start);
          const scale = 0.375;
          stage.kernels.reduceSum({ out, x: stage.floats(x), outer, reduced, inner, scale, accumulate });
          // A chain of `reduced` additions, then the scale and the start.
          const of = (): Float64Array =>
            mapped(outer * inner, (i) => {
              let sum = 0;
              const from = Math.floor(i / inner) * reduced * inner + (i % inner);
              for (let r = 0; r < reduced; r++) sum += Math.abs(x[from + r * inner]);
              return scale * sum + accumulate * Math.abs(start[i]);
            });
          return { out: { values: stage.read(out), tolerance: { roundings: reduced + 2, of } } };
        },
      };
    }
  }
}

export function elementwiseCases(): ConformanceCase[] {
  return [
    ...fillCases(),
    ...unaryCases(),
    ...unaryBackwardCases(),
    ...binaryCases(),
    ...stridedCopyCases(),
    ...reduceSumCases(),
  ];
}
