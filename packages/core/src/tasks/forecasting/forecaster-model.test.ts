import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Series } from "../../data/series/series.ts";
import { engine } from "../../engine.ts";
import { MemoryStorage } from "../../io/model-storage.ts";
import { Random, randomKey } from "../../memory/random.ts";
import { ForecasterModel, loadForecaster } from "./forecaster-model.ts";
import { headKinds } from "./heads/make-head.ts";
import { type ForecasterTraining, trainForecaster } from "./train-forecaster.ts";

const small: ForecasterTraining = {
  hidden: 5,
  context: 6,
  members: 2,
  steps: 6,
  evaluateEvery: 3,
  lr: 0.01,
  batch: 8,
};

async function trained(
  series: readonly Series[],
  options: ForecasterTraining = {},
  storage: MemoryStorage = new MemoryStorage(),
): Promise<ForecasterModel> {
  const training = trainForecaster(series, { ...small, ...options }, { storage });
  let next = await training.next();
  while (!next.done) next = await training.next();
  return next.value;
}

const months = (count: number): number[] => Array.from({ length: count }, (_, t) => Date.UTC(2000, t));

/** Positive, with a season of 12 and noise. */
function sales(count: number, seed = 0, scale = 1): number[] {
  const random = new Random(randomKey(seed, "test"));
  return Array.from(
    { length: count },
    (_, t) => scale * (50 + 0.3 * t) * Math.exp(0.2 * Math.sin((2 * Math.PI * t) / 12) + 0.05 * random.normal()),
  );
}

beforeAll(() => engine.init({ threads: 1 }));

describe("nothing that lies ahead is seen", () => {
  const length = 80;
  const known = { price: Array.from({ length: length + 4 }, (_, t) => Math.cos(t)) };
  const seriesWith = (values: number[], rain: number[]): Series => ({
    values,
    dates: months(length),
    known,
    observed: { rain },
  });
  const rain = sales(length, 9);
  const values = sales(length);
  /** Other numbers, some of them missing, from a step on. */
  const altered = (list: number[], from: number, others: readonly number[]): number[] =>
    list.map((value, t) => (t < from ? value : others[(t - from) % others.length]));
  const others = fc.array(fc.oneof(fc.double({ min: 0.1, max: 1e6, noNaN: true }), fc.constant(NaN)), {
    minLength: 1,
    maxLength: 30,
  });

  test.each<[string, ForecasterTraining]>([
    ["one step, Gaussian", {}],
    ["three steps by sampled paths", { horizon: 3, strategy: "recursive", scaling: "window", cell: "lstm" }],
    ["three steps at once", { horizon: 3, strategy: "direct", head: "quantile", difference: "both" }],
  ])("altering the future alters no earlier forecast, nor what was learned: %s", async (_, options) => {
    const ahead = 20;
    const storage = new MemoryStorage();
    const model = await trained([seriesWith(values, rain)], { ...options, test: ahead }, storage);
    const forecasts = async (series: Series) => (await model.backtest([series], { paths: 20, last: ahead })).forecasts;
    const before = await forecasts(seriesWith(values, rain));
    await fc.assert(
      fc.asyncProperty(fc.nat(ahead - 1), others, others, async (at, first, second) => {
        const from = length - ahead + at;
        const after = await forecasts(seriesWith(altered(values, from, first), altered(rain, from, second)));
        // The forecast from step `from - 1` and those before it know nothing of step `from`.
        const kept = before.filter((each) => each.known <= from);
        kept.forEach(({ values: point, intervals }, i) => expect(after[i]).toMatchObject({ values: point, intervals }));
      }),
      { numRuns: 15 },
    );
    await fc.assert(
      fc.asyncProperty(others, others, async (first, second) => {
        const again = new MemoryStorage();
        const from = length - ahead;
        const series = seriesWith(altered(values, from, first), altered(rain, from, second));
        await trained([series], { ...options, test: ahead }, again);
        for (const path of ["config.json", "model.safetensors", "calibration.json"])
          expect(again.files.get(path)).toEqual(storage.files.get(path));
      }),
      { numRuns: 2 },
    );
  });

  test("a forecast from a series' end is the backtest's from there", async () => {
    const model = await trained([{ values: sales(80) }], { horizon: 4, test: 10 });
    const { forecasts } = await model.backtest([{ values: sales(80) }], { seed: 7, intervals: [0.5, 0.9] });
    expect(forecasts).toHaveLength(7);
    const [forecast] = await model.forecast([{ values: sales(80).slice(0, 73) }], 4, {
      seed: 7,
      intervals: [0.5, 0.9],
    });
    const same = forecasts.find(({ known: steps }) => steps === 73)!;
    expect(forecast.values).toEqual(same.values);
    expect(forecast.intervals).toEqual(same.intervals);
  });
});

describe.each(headKinds)("the %s head", (head) => {
  const counts = sales(70).map(Math.round);

  test.each(["recursive", "direct"] as const)(
    "forecasts with rising quantiles and wider intervals (%s)",
    async (strategy) => {
      const model = await trained([{ values: counts }], { head, strategy, horizon: 3 });
      const quantiles = [0.05, 0.25, 0.5, 0.75, 0.95];
      const [forecast] = await model.forecast([{ values: counts }], 3, {
        intervals: [0.5, 0.95],
        quantiles,
        paths: 200,
      });
      expect(forecast.values).toHaveLength(3);
      expect(forecast.values.every((value) => Number.isFinite(value) && value > 0)).toBe(true);
      for (let k = 0; k < 3; k++) {
        const rising = forecast.quantiles.map(({ values }) => values[k]);
        rising.slice(1).forEach((value, i) => expect(value).toBeGreaterThanOrEqual(rising[i]));
        const [narrow, wide] = forecast.intervals;
        expect(wide.upper[k] - wide.lower[k]).toBeGreaterThan(narrow.upper[k] - narrow.lower[k]);
      }
    },
  );
});

describe("steps that are forecast at once", () => {
  const values = sales(70);

  test("have intervals that hold as much of what was held out as they say", async () => {
    const model = await trained([{ values }], { strategy: "direct", horizon: 8, steps: 60, lr: 0.02 });
    const { widening } = model.calibration!;
    expect(widening).toBeGreaterThan(1);
    const narrow = new ForecasterModel(model.config, model.model, { ...model.calibration!, widening: 1 });
    const [[wide], [own]] = await Promise.all([model, narrow].map((each) => each.forecast([{ values }])));
    wide.values.forEach((value, k) => expect(value).toBe(own.values[k]));
    const width = (of: typeof wide, k: number): number =>
      Math.log(of.intervals[0].upper[k]) - Math.log(of.intervals[0].lower[k]);
    wide.values.forEach((_, k) => expect(width(wide, k) / width(own, k)).toBeCloseTo(widening!, 3));
  });

  test("have intervals too where they are points, and more than one held-out stretch has", async () => {
    const model = await trained([{ values }], {
      strategy: "direct",
      horizon: 20,
      head: "point",
      context: 4,
      season: 1,
    });
    const [{ intervals }] = await model.forecast([{ values }]);
    expect(intervals[0].lower.every(Number.isFinite)).toBe(true);
    intervals[0].upper.forEach((upper, k) => expect(upper).toBeGreaterThan(intervals[0].lower[k]));
  });
});

describe("a model", () => {
  test("forecasts the same after it was saved and loaded", async () => {
    const storage = new MemoryStorage();
    const model = await trained([{ id: "a", values: sales(60), dates: months(60) }], { horizon: 2 }, storage);
    const loaded = await loadForecaster(storage);
    const of = (each: ForecasterModel) => each.forecast([{ id: "a", values: sales(60), dates: months(60) }], 5);
    const [forecast] = await of(model);
    expect(await of(loaded)).toEqual([forecast]);
    expect(forecast.dates).toEqual(["2005-01-01", "2005-02-01", "2005-03-01", "2005-04-01", "2005-05-01"]);
  });

  test("samples paths by seed: the same again, others with another seed, more of them with the same beginning", async () => {
    const model = await trained([{ values: sales(60) }]);
    const draw = async (seed: number, samples: number) =>
      (await model.forecast([{ values: sales(60) }], 4, { seed, samples, intervals: [] }))[0].samples;
    const paths = await draw(1, 5);
    expect(paths).toHaveLength(5);
    expect(paths[0]).toHaveLength(4);
    expect(await draw(1, 5)).toEqual(paths);
    expect((await draw(1, 9)).slice(0, 5)).toEqual(paths);
    expect(await draw(2, 5)).not.toEqual(paths);
  });

  test("reads many series, each with its scale and categories, in any company", async () => {
    const shops = ["a", "b", "c"].map((id, i) => ({
      id,
      values: sales(60 + 5 * i, i, 10 ** i),
      categories: { town: i < 2 ? "X" : "Y" },
    }));
    const model = await trained(shops, { horizon: 2 });
    const all = await model.forecast(shops, 2);
    expect(all.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(all[2].values[0]).toBeGreaterThan(20 * all[0].values[0]);
    expect(await model.forecast([shops[2]], 2)).toEqual([all[2]]);
    await expect(model.forecast([{ ...shops[0], id: "constructor" }], 2)).rejects.toThrow("constructor: unknown id");
    await expect(model.forecast([{ ...shops[0], id: "d" }], 2)).rejects.toThrow(
      'series d: unknown id; training had a, b, c; a model trained with scaling "window"',
    );
    await expect(model.forecast([{ ...shops[0], categories: { town: "Z" } }], 2)).rejects.toThrow(
      'series a: unknown town "Z"; training had X, Y',
    );
    const byWindow = await trained(shops, { scaling: "window" });
    const [fresh] = await byWindow.forecast([{ ...shops[1], id: "new" }], 1);
    expect(fresh.values[0] / shops[1].values.at(-1)!).toBeGreaterThan(0.3);
  });

  test("leaves missing values out of losses, scores and scales", async () => {
    const holes = sales(80).map((value, t) => (t % 7 === 3 ? NaN : value));
    const model = await trained([{ values: holes }], { steps: 20, test: 10 });
    const { scores, forecasts } = await model.backtest([{ values: holes }]);
    expect(scores.model.rmse).toBeGreaterThan(0);
    expect(forecasts.flatMap(({ values }) => values).every(Number.isFinite)).toBe(true);
    expect(forecasts.flatMap(({ actual }) => actual).filter(Number.isNaN)).toHaveLength(1);
  });

  test("learns from a covariate that is known ahead", async () => {
    const random = new Random(randomKey(4, "test"));
    const price = Array.from({ length: 240 }, () => random.normal());
    const values = price.map((each, t) => 10 - 3 * each + 0.2 * Math.sin(t));
    const model = await trained([{ values: values.slice(0, 220), known: { price } }], { difference: "none", test: 20 });
    const { scores } = await model.backtest([{ values: values.slice(0, 220), known: { price } }]);
    expect(scores.model.rmse).toBeLessThan(0.2 * scores.autoregression.rmse);
    const [forecast] = await model.forecast([{ values: values.slice(0, 220), known: { price } }], 5, { intervals: [] });
    forecast.values.forEach((value, k) => expect(Math.abs(value - values[220 + k])).toBeLessThan(1.5));
    await expect(model.forecast([{ values, known: { price } }], 5)).rejects.toThrow(
      "series 0: missing values of covariate price: it ends 5 steps too early: it is known ahead, so give it for 245 steps, 5 past the last value",
    );
  });
});

test.each(["recursive", "direct"] as const)(
  "where values are told as differences, so is what is known ahead (%s)",
  async (strategy) => {
    const random = new Random(randomKey(8, "test"));
    const price = Array.from({ length: 200 }, () => random.normal());
    const values = price.map((each, t) => 0.1 * t + 9 * Math.sin((2 * Math.PI * t) / 12) - 3 * each);
    const series = [{ values: values.slice(0, 190), known: { price } }];
    const options: ForecasterTraining = {
      difference: "seasonal",
      season: 12,
      head: "point",
      horizon: 2,
      strategy,
      test: 30,
    };
    const { scores } = await (await trained(series, { ...options, steps: 150 })).backtest(series, { horizon: 2 });
    expect(scores.model.rmse).toBeLessThan(0.3 * scores.autoregression.rmse);
  },
);

describe("a backtest", () => {
  test("by default tests on what training did not have, and says how much of it training had", async () => {
    const values = sales(90);
    const model = await trained([{ values }], { test: 15 });
    const result = await model.backtest([{ values }]);
    expect(result).toMatchObject({ origins: 15, trainedOn: 0, horizon: 1 });
    expect(result.forecasts[0].known).toBe(75);
    expect(Object.keys(result.scores)).toEqual(["model", "naive", "seasonal naive", "drift", "autoregression"]);
    expect(await model.backtest([{ values }], { last: 20, stride: 5, horizon: 2, paths: 10 })).toMatchObject({
      origins: 4,
      trainedOn: 5,
      horizon: 2,
    });
    await expect(model.backtest([{ values: values.slice(0, 75) }])).rejects.toThrow(
      "0 steps to test on, expected at least 1 (horizon); training had the first 75 of 75 steps",
    );
  });

  test("scores are those of its forecasts", async () => {
    const values = sales(90);
    const model = await trained([{ values }], { test: 10 });
    const { forecasts, scores } = await model.backtest([{ values }], { intervals: [0.6] });
    const errors = forecasts.map(({ actual, values: [point] }) => actual[0] - point);
    expect(scores.model.mae).toBeCloseTo(errors.reduce((sum, error) => sum + Math.abs(error), 0) / 10, 9);
    const inside = forecasts.filter(
      ({ actual, intervals: [{ lower, upper }] }) => actual[0] >= lower[0] && actual[0] <= upper[0],
    );
    expect(scores.model.coverage["0.6"]).toBeCloseTo(inside.length / 10, 9);
    const naive = forecasts.map(({ known: steps }) => values[steps] - values[steps - 1]);
    expect(scores.naive.rmse).toBeCloseTo(Math.sqrt(naive.reduce((sum, error) => sum + error ** 2, 0) / 10), 9);
  });
});

describe("a stream", () => {
  const values = sales(120);
  const dates = months(120);

  test("says of each value what the backtest says, once it has a window of past, also when it goes on from a saved state", async () => {
    const model = await trained([{ values, dates }], { test: 30 });
    const { forecasts } = await model.backtest([{ values, dates }], { intervals: [0.8] });
    let stream = model.stream();
    const watched = values.map((value, t) => {
      if (t % 40 === 7) stream = model.resumeStream(JSON.parse(JSON.stringify(stream.state())));
      return stream.push({ value, date: dates[t] });
    });
    expect(watched[3]).toEqual({ value: values[3], expected: null, lower: null, upper: null, error: null, odd: null });
    forecasts.forEach(({ known, values: [expected], intervals: [{ lower, upper }] }) => {
      expect(watched[known]).toMatchObject({ expected, lower: lower[0], upper: upper[0] });
    });
    const [next] = await model.forecast([stream.series()], 1);
    expect(next.dates).toEqual(["2010-01-01"]);
  });

  test("takes steps that are left out as missing values, and goes on", async () => {
    const model = await trained([{ values, dates }], { test: 30 });
    const rows = values.map((value, t) => ({ value, date: dates[t] }));
    const past = { values: values.slice(0, 60), dates: dates.slice(0, 60) };
    const [gap, missing] = [model.stream({ series: past }), model.stream({ series: past })];
    for (const t of [60, 61]) missing.push({ value: NaN, date: dates[t] });
    const after = gap.push(rows[62]);
    expect(after).toEqual({ ...missing.push(rows[62]), skipped: 2 });
    expect(after.error).not.toBe(null);
    const without = rows.slice(0, 63).filter((_, t) => t !== 60 && t !== 61);
    const history = { values: without.map(({ value }) => value), dates: without.map(({ date }) => date) };
    const next = missing.push(rows[63]);
    expect(gap.push(rows[63])).toEqual(next);
    expect(model.stream({ series: history }).push(rows[63])).toEqual(next);
    expect(gap.push({ value: 1, date: "2090-01-01" })).toMatchObject({
      expected: null,
      skipped: expect.any(Number) as number,
    });
    expect(() => gap.push({ value: 1, date: "2090-01-15" })).toThrow("irregular");
    expect(gap.push({ value: 1, date: "2090-02-01" })).toMatchObject({ expected: null });
  });

  test("calls what is far off odd, and about a share of `rate` of a usual series", async () => {
    const long = sales(600, 3);
    const model = await trained([{ values: long }], { test: 300, steps: 30 });
    const stream = model.stream({ rate: 0.05, series: { values: long.slice(0, 300) } });
    const watched = long.slice(300).map((value, i) => stream.push({ value: i === 200 ? value * 3 : value }));
    expect(watched[200].odd).toBe(true);
    expect(watched[200].error!).toBeGreaterThan(5);
    // What comes right after it is forecast from it.
    const share = watched.slice(0, 200).filter(({ odd }) => odd).length / 200;
    expect(share).toBeGreaterThan(0.005);
    expect(share).toBeLessThan(0.15);
    expect(stream.push({ value: NaN })).toMatchObject({ error: null, odd: null });
  });

  test("of a point forecast goes by held-out errors too", async () => {
    const model = await trained([{ values }], { head: "point" });
    const stream = model.stream({ series: { values: values.slice(0, 100) } });
    expect(stream.push({ value: values[100] })).toMatchObject({ odd: false });
    expect(stream.push({ value: 10 * values[101] })).toMatchObject({ odd: true });
  });
});

test("a model of another task is refused", async () => {
  const storage = new MemoryStorage("runs/x");
  await trained([{ values: sales(60) }], {}, storage);
  const text = new TextDecoder().decode(storage.files.get("config.json")).replace('"forecast"', '"lm"');
  storage.files.set("config.json", new TextEncoder().encode(text.replace(/,\s*"checksum": "[^"]*"/, "")));
  await expect(loadForecaster(storage)).rejects.toThrow('runs/x: unsupported task "lm", expected a forecaster');
});
