import { describe, expect, test } from "vitest";
import {
  checkSamplingSchedule,
  parseSamplingSchedule,
  samplingRate,
  type SamplingSchedule,
} from "./sampling-schedule.ts";

/** The probability of the truth as the paper writes it (Bengio et al. 2015, section 2.4). */
const formulas: [SamplingSchedule, (i: number) => number][] = [
  [{ kind: "constant", rate: 0.25 }, () => 0.75],
  [{ kind: "linear", steps: 1000, most: 0.8 }, (i) => Math.max(0.2, 1 - (0.8 / 1000) * i)],
  [{ kind: "linear", steps: 300 }, (i) => Math.max(0, 1 - i / 300)],
  [{ kind: "exponential", base: 0.999 }, (i) => 0.999 ** i],
  [{ kind: "inverse-sigmoid", k: 200 }, (i) => 200 / (200 + Math.exp(i / 200))],
];

test.each(formulas)("%j is 1 - ε of its formula", (schedule, truth) => {
  for (const i of [0, 1, 10, 299, 300, 1000, 1500, 10_000, 1_000_000])
    expect(samplingRate(schedule, i)).toBeCloseTo(1 - truth(i), 12);
});

describe("every schedule", () => {
  test.each(formulas)("%j stays between 0 and 1, and never falls", (schedule) => {
    const rates = Array.from({ length: 500 }, (_, i) => samplingRate(schedule, i * 7));
    expect(rates.every((rate, i) => rate >= (rates[i - 1] ?? 0) && rate <= 1)).toBe(true);
  });

  test("an inverse sigmoid is half way at k ln k", () => {
    expect(samplingRate({ kind: "inverse-sigmoid", k: 100 }, 100 * Math.log(100))).toBeCloseTo(0.5, 12);
  });
});

test.each<[string, SamplingSchedule]>([
  ["constant:0.25", { kind: "constant", rate: 0.25 }],
  ["linear:2000", { kind: "linear", steps: 2000, most: 1 }],
  ["linear:2000:0.5", { kind: "linear", steps: 2000, most: 0.5 }],
  ["exponential:0.9999", { kind: "exponential", base: 0.9999 }],
  ["inverse-sigmoid:1000", { kind: "inverse-sigmoid", k: 1000 }],
])("%s is read", (text, schedule) => {
  expect(parseSamplingSchedule(text)).toEqual(schedule);
});

test.each(["", "constant", "constant:", "constant:x", "constant:0.1:0.2", "cosine:1", "linear:1:2:3"])(
  "%j is refused, with what is expected",
  (text) => {
    expect(() => parseSamplingSchedule(text)).toThrow(
      `invalid sampling schedule: got ${JSON.stringify(text)}, expected constant:RATE, linear:STEPS[:MOST]`,
    );
  },
);

test("numbers out of range are refused", () => {
  expect(() => parseSamplingSchedule("constant:1.5")).toThrow("samplingSchedule: invalid rate: got 1.5");
  expect(() => parseSamplingSchedule("exponential:1")).toThrow("samplingSchedule: invalid base: got 1");
  expect(() => checkSamplingSchedule("train", { kind: "cosine" } as never)).toThrow("train: invalid samplingSchedule");
});
