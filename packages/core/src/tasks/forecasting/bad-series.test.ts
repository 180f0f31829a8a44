import { beforeAll, expect, test } from "vitest";
import type { Series } from "../../data/series/series.ts";
import { engine } from "../../engine.ts";
import { MemoryStorage } from "../../io/model-storage.ts";
import { type ForecasterTraining, trainForecaster } from "./train-forecaster.ts";

beforeAll(() => engine.init({ backend: "reference" }));

const fine = Array.from({ length: 60 }, (_, t) => Math.sin(t) + (t % 5));
const daily = (count: number): string[] =>
  Array.from({ length: count }, (_, t) => new Date(Date.UTC(2024, 0, 1 + t)).toISOString());

test.each<[string, Series[], ForecasterTraining, string]>([
  ["no series", [], {}, "train: invalid series: got none, expected at least 1"],
  [
    "nothing but missing values",
    [{ id: "a", values: [NaN, NaN] }],
    {},
    "series a: invalid: all its values are missing; leave it out",
  ],
  [
    "a constant",
    [{ id: "a", values: new Float64Array(50).fill(7) }],
    {},
    "series a: invalid: all its values are 7: there is nothing to learn",
  ],
  [
    "a constant before the test part",
    [{ values: [...Array.from({ length: 50 }, () => 7), 8, 9] }],
    { test: 2 },
    "all its values before the test part are 7",
  ],
  [
    "less than one window",
    [{ id: "a", values: fine.slice(0, 30) }],
    { context: 28, difference: "none" },
    "series a: invalid: it has 30 known steps, shorter than one window: 28 of context and 5 to learn from make 33; give more, use a smaller context, or leave it out",
  ],
  [
    "less than the differences take",
    [{ id: "a", values: fine.slice(0, 20) }],
    { difference: "seasonal", season: 12 },
    "12 for differences",
  ],
  [
    "nothing but a test part",
    [{ values: fine }],
    { test: 60 },
    "it has 60 steps, and the last 60 are kept back as a test",
  ],
  [
    "an id twice",
    [
      { id: "a", values: fine },
      { id: "a", values: fine },
    ],
    {},
    "series a: invalid: it occurs twice",
  ],
  [
    "series of two frequencies",
    [
      { id: "a", values: fine, dates: daily(60) },
      { id: "b", values: fine },
    ],
    {},
    "series b: mismatch in dates: got no ones, expected daily ones as in series a",
  ],
  [
    "a covariate that one series lacks",
    [
      { id: "a", values: fine, known: { x: fine } },
      { id: "b", values: fine },
    ],
    {},
    "series b: mismatch in known covariates: got none, expected x as in series a",
  ],
  [
    "a logarithm of 0",
    [{ values: fine.map((value) => Math.max(0, value)) }],
    { log: "on" },
    'has no logarithm, which the model takes; train with log "off"',
  ],
  [
    "counts that are none",
    [{ values: fine }],
    { head: "negative-binomial" },
    "is no count, as the negative binomial distribution needs",
  ],
  [
    "a misspelt option",
    [{ values: fine }],
    { horison: 3 } as ForecasterTraining,
    'train: unknown option "horison"; did you mean "horizon"?',
  ],
  [
    "levels that fall",
    [{ values: fine }],
    { head: "quantile", levels: [0.5, 0.1] },
    "train: invalid levels: got [0.5, 0.1], expected rising numbers between 0 and 1",
  ],
  [
    "a lag from before the beginning",
    [{ values: fine }],
    { lags: [1, 500] },
    `train: invalid lags: got 500, expected at most ${fine.length - 1}: the longest series has ${fine.length} steps to learn from; leave it out`,
  ],
  [
    "an option that does nothing",
    [{ values: fine }],
    { loss: "mae" },
    "train: mismatch in loss: it does nothing with head gaussian",
  ],
  [
    "an unknown cycle",
    [{ values: fine }],
    { calendar: ["moon"] as unknown as ["year"] },
    'train: invalid calendar: got ["moon"], expected some of year, week, day',
  ],
])("refused: %s", async (_, series, options, message) => {
  const training = trainForecaster(series, { steps: 1, ...options }, { storage: new MemoryStorage() });
  await expect(training.next()).rejects.toThrow(message);
});
