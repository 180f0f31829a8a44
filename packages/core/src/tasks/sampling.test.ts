import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random, randomKey } from "../memory/random.ts";
import { sample, type SamplingOptions } from "./sampling.ts";

/** The draw as it is defined, with arrays at every step. */
function sampleByDefinition(logits: number[], options: Required<SamplingOptions>, random: Random): number {
  const { temperature, topK, topP } = options;
  const highest = Math.max(...logits);
  const ranked = logits
    .map((logit, token) => ({ token, weight: Math.exp((logit - highest) / temperature) }))
    .toSorted((a, b) => b.weight - a.weight || a.token - b.token)
    .slice(0, topK);
  const whole = ranked.reduce((sum, { weight }) => sum + weight, 0);
  const kept: typeof ranked = [];
  let total = 0;
  for (const candidate of ranked) {
    if (kept.length > 0 && topP < 1 && total >= topP * whole) break;
    kept.push(candidate);
    total += candidate.weight;
  }
  if (topK >= logits.length && topP === 1) kept.sort((a, b) => a.token - b.token);
  let rest = random.uniform() * total;
  return kept.find(({ weight }) => (rest -= weight) < 0)?.token ?? kept.at(-1)!.token;
}

const random = (): Random => new Random(randomKey(1, "test"));

describe("sample", () => {
  test("draws as it is defined", () => {
    const logits = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 1, maxLength: 40 });
    const options = fc.record({
      temperature: fc.constantFrom(0.25, 1, 2),
      topK: fc.integer({ min: 1, max: 45 }),
      topP: fc.constantFrom(0.05, 0.3, 0.9, 0.999, 1),
    });
    fc.assert(
      fc.property(logits, options, fc.nat(1000), (values, chosen, position) => {
        const [a, b] = [random(), random()];
        a.position = b.position = position;
        // Sums in another order may differ in the last bit, which only a draw at the very edge would show.
        expect(sample(Float32Array.from(values), chosen, a)).toBe(sampleByDefinition(values, chosen, b));
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  test("draws tokens as often as they are likely", () => {
    const logits = [0.5, 0.25, 0.125, 0.125].map(Math.log);
    const count = (options: SamplingOptions): number[] => {
      const draws = random();
      const counts = [0, 0, 0, 0];
      for (let i = 0; i < 8000; i++) counts[sample(logits, options, draws)] += 1 / 8000;
      return counts.map((share) => Math.round(share * 20) / 20);
    };
    expect(count({}).slice(0, 2)).toEqual([0.5, 0.25]);
    expect(count({ topK: 2 })).toEqual([0.65, 0.35, 0, 0]);
    expect(count({ topP: 0.7 })).toEqual([0.65, 0.35, 0, 0]);
    expect(count({ temperature: 0.5 })[0]).toBeGreaterThan(0.65);
    expect(count({ topK: 3, topP: 0.5 })).toEqual([1, 0, 0, 0]);
  });

  test("takes the likeliest, and of equals the first, at temperature 0, without drawing", () => {
    const draws = random();
    expect(sample([1, 3, 3, 2], { temperature: 0 }, draws)).toBe(1);
    expect(draws.position).toBe(0);
  });

  test("draws nothing from what are no probabilities", () => {
    for (const logits of [[NaN, 1, 2], [0, NaN, 2], [-Infinity, -Infinity], [Infinity, 0], []])
      for (const options of [{}, { topK: 2 }, { topP: 0.5 }])
        expect(() => sample(logits, options, random())).toThrow("sample: logits that are not finite");
    expect(() => sample([NaN, 5, 1], { temperature: 0 }, random())).toThrow("sample: logits that are not finite");
    expect(sample([-Infinity, 0], {}, random())).toBe(1);
  });

  test("keeps shorter and longer vocabularies apart", () => {
    const draws = random();
    for (const size of [5, 100, 3, 50, 1]) {
      const logits = new Float32Array(size).fill(-50);
      logits[size - 1] = 0;
      for (const options of [{}, { topK: 2 }, { topP: 0.5 }]) expect(sample(logits, options, draws)).toBe(size - 1);
    }
  });

  test.each([
    [{ temperature: -1 }, "sample: invalid temperature: got -1, expected a number at least 0"],
    [{ topK: 0 }, "sample: invalid topK: got 0, expected a whole number at least 1"],
    [{ topP: 0 }, "sample: invalid topP: got 0, expected a number above 0 and at most 1"],
    [{ topp: 1 }, 'sample: unknown option "topp"; did you mean "topP"?'],
  ])("refuses %o", (options: object, message) => {
    expect(() => sample([1, 2], options, random())).toThrow(message);
  });
});
