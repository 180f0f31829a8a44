import { describe, expect, test } from "vitest";
import { expectClose, loadFixture } from "../../test/golden.ts";
import {
  type ConstantOptions,
  constantSchedule,
  type CosineOptions,
  cosineSchedule,
  type PlateauOptions,
  PlateauSchedule,
  type StepOptions,
  stepSchedule,
} from "./schedule.ts";

interface Cases<T> {
  cases: { options: T; learningRates: number[] }[];
}

describe("schedules equal PyTorch's", () => {
  test("constant", () => {
    const { cases, tolerance } = loadFixture<Cases<ConstantOptions>>("schedule/constant.json");
    for (const { options, learningRates } of cases) {
      expectClose(
        learningRates.map((_, step) => constantSchedule(options).rate(step)),
        learningRates,
        tolerance.f64,
      );
    }
  });

  test("step", () => {
    const { cases, tolerance } = loadFixture<Cases<StepOptions>>("schedule/step.json");
    for (const { options, learningRates } of cases) {
      expectClose(
        learningRates.map((_, step) => stepSchedule(options).rate(step)),
        learningRates,
        tolerance.f64,
      );
    }
  });

  test("cosine with warm-up", () => {
    const { cases, tolerance } = loadFixture<Cases<CosineOptions>>("schedule/cosine.json");
    for (const { options, learningRates } of cases) {
      expectClose(
        learningRates.map((_, step) => cosineSchedule(options).rate(step)),
        learningRates,
        tolerance.f64,
      );
    }
  });

  const plateau = loadFixture<{ cases: { options: PlateauOptions; losses: number[]; learningRates: number[] }[] }>(
    "schedule/plateau.json",
  );

  test("plateau", () => {
    for (const { options, losses, learningRates } of plateau.cases) {
      const schedule = new PlateauSchedule(options);
      expectClose(
        losses.map((loss) => schedule.observe(loss)),
        learningRates,
        plateau.tolerance.f64,
      );
    }
  });

  test("plateau, saved as JSON and restored after every loss", () => {
    for (const { options, losses, learningRates } of plateau.cases) {
      let saved = JSON.stringify(new PlateauSchedule(options).state());
      const rates = losses.map((loss) => {
        const schedule = new PlateauSchedule(options);
        schedule.restore(JSON.parse(saved));
        schedule.observe(loss);
        saved = JSON.stringify(schedule.state());
        return schedule.rate();
      });
      expectClose(rates, learningRates, plateau.tolerance.f64);
    }
  });
});

describe("schedules over a budget of minutes", () => {
  test("cosine goes by what is spent, after a warm-up in steps", () => {
    const schedule = cosineSchedule({ lr: 1, minLr: 0.5, warmup: 4 });
    expect(schedule.rate(1, 0.25)).toBe(0.5);
    expect(schedule.rate(1000, 0.5)).toBeCloseTo(0.75, 12);
    expect([schedule.rate(1000, 1), schedule.rate(1000, 1.5)]).toEqual([0.5, 0.5]);
  });

  test("step drops at even parts of it", () => {
    const schedule = stepSchedule({ lr: 1, gamma: 0.5, drops: 2 });
    expect([0, 0.3, 0.34, 0.66, 0.67, 1].map((spent) => schedule.rate(9, spent))).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25]);
  });

  test("need to be told what is spent", () => {
    expect(() => cosineSchedule({ lr: 1 }).rate(0)).toThrow(
      /cosineSchedule: missing the part of the budget that is spent/,
    );
  });
});

test.each([
  ["that stays where it is", () => -1],
  ["that rises", (step: number) => -1 + step * 5e-5],
])("a plateau drops the rate for a loss below 0 %s", (_, loss) => {
  const schedule = new PlateauSchedule({ lr: 1, patience: 2 });
  for (let step = 0; step < 10; step++) schedule.observe(loss(step));
  expect(schedule.rate()).toBeLessThan(1);
});

test("a plateau keeps the rate for a loss below 0 that falls", () => {
  const schedule = new PlateauSchedule({ lr: 1, patience: 2 });
  for (let step = 0; step < 10; step++) schedule.observe(-step);
  expect(schedule.rate()).toBe(1);
});

describe("schedules refuse", () => {
  test.each([
    ["a step size and drops", /either stepSize .* or drops/, () => stepSchedule({ lr: 1, stepSize: 1, drops: 1 })],
    ["neither of them", /either stepSize .* or drops/, () => stepSchedule({ lr: 1 })],
    [
      "a warm-up as long as the training",
      /invalid steps: got 5, expected more than warmup \(5\)/,
      () => cosineSchedule({ lr: 1, warmup: 5, steps: 5 }),
    ],
    [
      "a smallest rate above the largest",
      /invalid minLr: got 2, expected at most lr \(1\)/,
      () => cosineSchedule({ lr: 1, minLr: 2 }),
    ],
    ["a misspelt option", /did you mean "patience"/, () => new PlateauSchedule({ lr: 1, patiense: 1 } as never)],
    [
      "a state that is none",
      /plateau.restore: invalid state/,
      () => new PlateauSchedule({ lr: 1 }).restore({} as never),
    ],
  ] as const)("%s", (_, message, make) => {
    expect(make).toThrow(message);
  });
});
