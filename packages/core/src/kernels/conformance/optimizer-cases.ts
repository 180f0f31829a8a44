import { smallestKept } from "../reference/flush.ts";
import type { ConformanceCase } from "./case.ts";
import { exact } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";
import { mapped } from "./samples.ts";
import type { Samples } from "./samples.ts";
import type { Stage } from "./stage.ts";

/** Segment lengths: nothing, one, tails, many. */
const tables: number[][] = [[], [1], [7, 0, 64, 33], [1000, 3, 17, 1, 4099]];

/** (offset, count) pairs of segments holding the values. */
function segmentTable(stage: Stage, segments: ArrayLike<number>[]): { segments: number; offsets: number[] } {
  const offsets = segments.map((values) => stage.floats(values));
  return { segments: stage.ints(segments.flatMap((values, s) => [offsets[s], values.length])), offsets };
}

function* normCases(): Generator<ConformanceCase> {
  for (const counts of tables) {
    // 1e30 squared overflows float32, 1e-30 squared underflows it: only a sum in double survives both.
    for (const size of [1, 1e30, 1e-30]) {
      yield {
        name: `globalNorm of segments [${counts.join(", ")}], numbers of size ${size}`,
        run(stage, samples) {
          const { segments } = segmentTable(
            stage,
            counts.map((count) => samples.normal(count, size)),
          );
          const norm = stage.room(1);
          stage.kernels.globalNorm({ norm, segments, segmentCount: counts.length });
          // Accumulated in double: what remains is the rounding of the square root and of the result.
          return { norm: { values: stage.read(norm), tolerance: { roundings: 2 } } };
        },
      };
    }
    for (const norm of [0.5, 1, 8, Infinity, NaN]) {
      yield {
        name: `clipByNorm to 1 of segments [${counts.join(", ")}] with norm ${norm}`,
        run(stage, samples) {
          const { segments, offsets } = segmentTable(
            stage,
            counts.map((count) => samples.normal(count)),
          );
          stage.kernels.clipByNorm({ segments, segmentCount: counts.length, norm: stage.floats([norm]), maxNorm: 1 });
          const tolerance = norm < 1 ? exact : { roundings: 6 };
          return named("segment", offsets, (offset) => ({ values: stage.read(offset), tolerance }));
        },
      };
    }
    yield {
      name: `clipByValue of segments [${counts.join(", ")}]`,
      run(stage, samples) {
        const special = [NaN, Infinity, -Infinity, 0.5, -0.5, 0, -0];
        const { segments, offsets } = segmentTable(
          stage,
          counts.map((count) => samples.normal(count).map((value, i) => (i % 11 === 10 ? special[i % 7] : value))),
        );
        stage.kernels.clipByValue({ segments, segmentCount: counts.length, limit: 0.5 });
        return named("segment", offsets, (offset) => ({ values: stage.read(offset), tolerance: exact }));
      },
    };
  }
}

function named(
  title: string,
  offsets: number[],
  outcome: (offset: number, index: number) => Outcome,
): Record<string, Outcome> {
  return Object.fromEntries(offsets.map((offset, s) => [`${title} ${s}`, outcome(offset, s)]));
}

interface Segment {
  parameter: Float64Array;
  gradient: Float64Array;
  first: Float64Array;
  second: Float64Array;
  learningRate: number;
  decay: number;
}

function segmentsOf(samples: Samples, counts: number[], withDecay: boolean): Segment[] {
  return counts.map((count, s) => ({
    parameter: samples.normal(count),
    gradient: samples.normal(count, 0.1),
    first: samples.normal(count, 0.1),
    second: samples.uniform(count, 0, 0.01),
    learningRate: Math.fround(0.01 / (s + 1)),
    decay: withDecay ? Math.fround(0.1 * s) : 0,
  }));
}

function* adamCases(): Generator<ConformanceCase> {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  for (const counts of tables) {
    for (const decoupled of [0, 1]) {
      for (const step of [1, 1000]) {
        yield {
          name: `adam${decoupled ? " decoupled" : ""}, step ${step}, segments [${counts.join(", ")}]`,
          run(stage, samples) {
            const table = segmentsOf(samples, counts, true);
            const correction1 = Math.fround(1 - beta1 ** step);
            const correction2 = Math.fround(1 - beta2 ** step);
            const offsets = table.map(({ parameter, gradient, first, second }) => {
              return [parameter, gradient, first, second].map((values) => stage.floats(values));
            });
            stage.kernels.adam({
              segments: stage.ints(offsets.flatMap((four, s) => [...four, counts[s]])),
              rates: stage.floats(table.flatMap((s) => [s.learningRate, s.decay, correction1, correction2])),
              segmentCount: counts.length,
              decoupled,
              beta1,
              beta2,
              epsilon,
            });
            const outcomes: Record<string, Outcome> = {};
            for (const [s, { parameter, gradient, first, second, learningRate, decay }] of table.entries()) {
              const [p, g, m, v] = offsets[s].map((offset) => stage.read(offset));
              const slope = mapped(counts[s], (i) => {
                return Math.abs(gradient[i]) + (decoupled ? 0 : decay * Math.abs(parameter[i]));
              });
              const ofM = slope.map((size, i) => beta1 * Math.abs(first[i]) + (1 - beta1) * size);
              const ofV = slope.map((size, i) => beta2 * second[i] + (1 - beta2) * size * size);
              // The update m / sqrt(v) carries the errors of m and v: relative to what was summed up in either.
              const ofP = ofM.map((size, i) => {
                const update = ((learningRate / correction1) * size) / (Math.sqrt(v[i] / correction2) + epsilon);
                return Math.abs(parameter[i]) * (1 + learningRate * decay) + update * (1 + ofV[i] / v[i]);
              });
              // 1 - beta2 belongs in double: in f32 it is off by 1e-5 of itself, which these bounds do not let pass.
              outcomes[`first moment ${s}`] = { values: m, tolerance: { roundings: 4, of: ofM } };
              outcomes[`second moment ${s}`] = { values: v, tolerance: { roundings: 6, of: ofV } };
              outcomes[`parameter ${s}`] = { values: p, tolerance: { roundings: 12, of: ofP } };
              outcomes[`gradient ${s}, not changed`] = { values: g, tolerance: exact };
            }
            return outcomes;
          },
        };
      }
    }
  }
}

function* sgdCases(): Generator<ConformanceCase> {
  for (const counts of tables) {
    for (const [momentum, nesterov] of [
      [0, 0],
      [0.9, 0],
      [0.9, 1],
    ]) {
      for (const withDecay of [false, true]) {
        yield {
          name: `sgd, momentum ${momentum}${nesterov ? " nesterov" : ""}${withDecay ? ", decay" : ""}, segments [${counts.join(", ")}]`,
          run(stage, samples) {
            const table = segmentsOf(samples, counts, withDecay);
            const offsets = table.map(({ parameter, gradient, first }) => {
              return [stage.floats(parameter), stage.floats(gradient), momentum ? stage.floats(first) : 0];
            });
            stage.kernels.sgd({
              segments: stage.ints(offsets.flatMap((three, s) => [...three, counts[s]])),
              rates: stage.floats(table.flatMap((s) => [s.learningRate, s.decay])),
              segmentCount: counts.length,
              nesterov,
              momentum,
            });
            const outcomes: Record<string, Outcome> = {};
            for (const [s, { parameter, gradient, first, learningRate, decay }] of table.entries()) {
              const slope = mapped(counts[s], (i) => Math.abs(gradient[i]) + decay * Math.abs(parameter[i]));
              const ofBuffer = slope.map((size, i) => size + momentum * Math.abs(first[i]));
              const ofP = ofBuffer.map((size, i) => Math.abs(parameter[i]) + learningRate * (size + slope[i]));
              const [p, g, buffer] = offsets[s];
              outcomes[`parameter ${s}`] = { values: stage.read(p), tolerance: { roundings: 6, of: ofP } };
              outcomes[`gradient ${s}, not changed`] = { values: stage.read(g), tolerance: exact };
              if (!buffer) continue;
              outcomes[`momentum ${s}`] = { values: stage.read(buffer), tolerance: { roundings: 4, of: ofBuffer } };
            }
            return outcomes;
          },
        };
      }
    }
  }
}

/** Moments that decay below 2^-100 become zero, those above stay: relative bounds tell the two apart. */
const flushCases: ConformanceCase[] = [
  {
    name: "adam flushes small moments to zero",
    run(stage) {
      const n = 5;
      const moments = [1.05, 1.2, -1.05, -1.2, 0.5].map((factor) => Math.fround(factor * smallestKept));
      const [p, g] = [stage.floats(new Float32Array(n).fill(1)), stage.floats(new Float32Array(n))];
      const [m, v] = [stage.floats(moments), stage.floats(moments.map(Math.abs))];
      stage.kernels.adam({
        segments: stage.ints([p, g, m, v, n]),
        rates: stage.floats([0.01, 0, 1, 1]),
        segmentCount: 1,
        decoupled: 0,
        beta1: 0.9,
        beta2: 0.9,
        epsilon: 1e-8,
      });
      const tolerance = { roundings: 4 };
      return { m: { values: stage.read(m), tolerance }, v: { values: stage.read(v), tolerance } };
    },
  },
  {
    name: "sgd flushes small momentum to zero",
    run(stage) {
      const n = 5;
      const [p, g] = [stage.floats(new Float32Array(n).fill(1)), stage.floats(new Float32Array(n))];
      const b = stage.floats([1.05, 1.2, -1.05, -1.2, 0.5].map((factor) => Math.fround(factor * smallestKept)));
      stage.kernels.sgd({
        segments: stage.ints([p, g, b, n]),
        rates: stage.floats([0.01, 0]),
        segmentCount: 1,
        nesterov: 0,
        momentum: 0.9,
      });
      return { momentum: { values: stage.read(b), tolerance: { roundings: 4 } } };
    },
  },
];

export function optimizerCases(): ConformanceCase[] {
  return [...normCases(), ...adamCases(), ...sgdCases(), ...flushCases];
}
