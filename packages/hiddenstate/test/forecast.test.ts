import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Finished, folder, hiddenstate, recordsOf } from "./command.ts";

/** Months with a season of 12 and a trend, made by rule: no test waits for chance. */
const sales = (count: number): number[] =>
  Array.from(
    { length: count },
    (_, t) => Math.round(10 * (50 + 0.4 * t + 12 * Math.sin((2 * Math.PI * t) / 12) + 2 * Math.sin(t * t))) / 10,
  );
const month = (t: number): string => new Date(Date.UTC(2000, t)).toISOString().slice(0, 7);
const table = (
  values: readonly (number | string)[],
  dates: readonly string[] = values.map((_, t) => month(t)),
): string => `month,sold\n${values.map((value, t) => `${dates[t]},${value}`).join("\n")}\n`;

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return name;
}

/** So small that a run takes no time. */
const small = ["--hidden", "6", "--members", "2", "--steps", "20", "--context", "12", "--threads", "1"];

function train(data: string, ...words: string[]): Finished {
  return hiddenstate(["train", data, "--out", `runs/${data}`, ...small, ...words]);
}

test("lags and the quantiles to learn are taken from the command line, levels in percent", () => {
  const data = file("flags.csv", table(sales(60)));
  const flags = ["--lags", "1,12", "--head", "quantile", "--levels", "10,50,90"];
  expect(train(data, ...flags)).toMatchObject({ status: 0 });
  const config = readFileSync(join(folder, "runs/flags.csv/config.json"), "utf8").replaceAll(/\s/g, "");
  expect(config).toContain('"levels":[0.1,0.5,0.9]');
  expect(config).toContain('"lags":[1,12]');
  for (const [flag, value, expected] of [
    ["--lags", "1,x", 'invalid --lags: got "x", expected numbers with commas between'],
    ["--levels", "10,120", 'invalid --levels: got "120", expected numbers between 0 and 100'],
  ]) {
    const refused = train(data, flag, value);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain(expected);
  }
});

describe("a table of dates and numbers", () => {
  const data = file("sales.csv", table(sales(100)));
  let done: Finished;
  beforeAll(() => {
    done = train(data, "--horizon", "3", "--json");
  });

  test("is learned to be forecast, and what was recognised is said", () => {
    expect(done.status).toBe(0);
    const notices = recordsOf(done.stdout).flatMap(({ type, text }) => (type === "notice" ? [text] : []));
    expect(notices).toContain(
      "sales.csv: learning a forecaster of series (--task forecast), since it has a column of dates, month, and one of numbers, sold",
    );
    expect(notices).toContain("the last 10 steps are kept back as a test (--test)");
    expect(notices.join("\n")).toContain("dates: monthly");
  });

  test("is tested on its end beside the baselines", () => {
    const result = recordsOf(done.stdout).find(({ type }) => type === "result")!;
    expect(result).toMatchObject({ horizon: 3, origins: 8, trainedOn: 0 });
    expect(Object.keys(result.scores as object)).toEqual([
      "model",
      "naive",
      "seasonal naive",
      "drift",
      "autoregression",
    ]);
    expect(done.stderr).toContain(
      "backtest of sold: 8 forecasts, each 1 to 3 steps ahead, of which the training knew nothing",
    );
    const evaluated = recordsOf(hiddenstate(["evaluate", "runs/sales.csv", data, "--json"]).stdout);
    expect(evaluated[0]).toMatchObject({ scores: result.scores as object });
  });

  test("is tested from other steps and farther ahead, if asked for", () => {
    const words = ["evaluate", "runs/sales.csv", data, "--last", "24", "--horizon", "2", "--stride", "4", "--json"];
    expect(recordsOf(hiddenstate(words).stdout)[0]).toMatchObject({ horizon: 2, origins: 6, trainedOn: 14 });
    // What came after the training is found by its date; 12 steps of context and 12 for seasonal differences are read first.
    const later = file(
      "later.csv",
      table(
        sales(100).slice(70),
        sales(100)
          .map((_, t) => month(t))
          .slice(70),
      ),
    );
    expect(recordsOf(hiddenstate(["evaluate", "runs/sales.csv", later, "--json"]).stdout)[0]).toMatchObject({
      origins: 4,
      trainedOn: 0,
    });
  });

  test("is forecast: a table for people, an object for programs, a picture", () => {
    const shown = hiddenstate(["forecast", "runs/sales.csv", data, "--horizon", "4", "--intervals", "50,90"]);
    expect(shown.status).toBe(0);
    expect(shown.stdout.split("\n").slice(0, 3)).toEqual([
      "sold",
      expect.stringMatching(/^month +forecast +50 % interval +90 % interval$/),
      expect.stringMatching(/^2008-05 +\d+\.\d+ +\d+\.\d+ to \d+\.\d+ +\d+\.\d+ to \d+\.\d+$/),
    ]);
    const words = ["forecast", "runs/sales.csv", data, "--samples", "3", "--quantiles", "0.1,0.9", "--json"];
    const [record, ...more] = recordsOf(hiddenstate([...words, "--picture", "sales.svg"]).stdout);
    expect(more).toEqual([]);
    expect(record).toMatchObject({ type: "forecast", id: "sold", dates: ["2008-05-01", "2008-06-01", "2008-07-01"] });
    expect((record.values as number[]).every(Number.isFinite)).toBe(true);
    expect(record.samples).toHaveLength(3);
    expect((record.intervals as { level: number }[]).map(({ level }) => level)).toEqual([0.8, 0.95]);
    expect((record.quantiles as { level: number }[]).map(({ level }) => level)).toEqual([0.1, 0.9]);
    expect(readFileSync(join(folder, "sales.svg"), "utf8")).toContain("sold: 3 steps ahead");
    // The same seed draws the same.
    expect(recordsOf(hiddenstate(words).stdout)).toEqual([record]);
  });

  test("is gone on with, and the best model is the one of a run that was not stopped", () => {
    const pace = ["--schedule", "constant", "--evaluate-every", "10", "--test", "0"];
    const [half, whole] = ["half", "whole"].map((name) => ["train", data, "--out", `runs/${name}`, ...small, ...pace]);
    expect(hiddenstate(whole).status).toBe(0);
    expect(hiddenstate([...half, "--steps", "10"]).status).toBe(0);
    const words = ["train", data, "--out", "runs/half", "--resume", "--steps", "20"];
    expect(hiddenstate(words).status).toBe(0);
    for (const name of ["config.json", "calibration.json"])
      expect(readFileSync(join(folder, "runs/half", name), "utf8")).toBe(
        readFileSync(join(folder, "runs/whole", name), "utf8"),
      );
  });
});

describe("bad input is told in one sentence, and what to do", () => {
  const values = sales(60);
  const swap = (t: number): string[] => values.map((_, i) => month(i === t ? t + 1 : i === t + 1 ? t : i));
  test.each<[string, string, string, string[], string]>([
    [
      "dates out of order",
      "unsorted.csv",
      table(values, swap(20)),
      [],
      "unsorted.csv: series sold: invalid dates: line 23 (2001-09-01) is before line 22 (2001-10-01); sort the rows, or use --unsorted sort",
    ],
    [
      "a date that occurs twice",
      "repeated.csv",
      table(
        values,
        values.map((_, t) => month(t === 9 ? 8 : t)),
      ),
      [],
      "repeated.csv: series sold: invalid dates: line 10 and line 11 both are 2000-09-01; remove one, or use --repeats first",
    ],
    [
      "dates left out",
      "gap.csv",
      table(
        values,
        values.map((_, t) => month(t < 30 ? t : t + 2)),
      ),
      [],
      "gap.csv: series sold: invalid dates: irregular: line 32 (2002-09-01) comes after 2002-06-01 (2 left out), though the dates are monthly; use --gaps fill",
    ],
    [
      "a constant",
      "constant.csv",
      table(values.map(() => 7)),
      [],
      "constant.csv: series sold: invalid: all its values before the test part are 7: there is nothing to learn; leave it out",
    ],
    [
      "nothing but missing values",
      "missing.csv",
      table(values.map(() => "NA")),
      ["--value", "sold"],
      "missing.csv: series sold: invalid: all its values before the test part are missing",
    ],
    [
      "less than a window",
      "short.csv",
      table(values.slice(0, 16)),
      ["--difference", "none"],
      "short.csv: series sold: invalid: it has 16 known steps, shorter than one window: 12 of context and 5 to learn from make 17; give more, use a smaller --context",
    ],
    [
      "a test part that is all",
      "all.csv",
      table(values),
      ["--test", "60"],
      "it has 60 steps, and the last 60 are kept back as a test",
    ],
    [
      "a column that is not there",
      "named.csv",
      table(values),
      ["--value", "sould"],
      'named.csv: unknown column "sould"; the columns are "month", "sold"',
    ],
  ])("%s", (_, name, content, words, message) => {
    const done = train(file(name, content), ...words);
    expect(done.status).toBe(1);
    expect(done.stderr).toContain(message);
    expect(done.stdout).toBe("");
  });

  test("a repair that is asked for is made", () => {
    const done = train(file("mended.csv", table(values, swap(20))), "--unsorted", "sort");
    expect(done.status).toBe(0);
  });

  test("a covariate known ahead that ends too early", () => {
    const rows = values.map((value, t) => `${month(t)},${value},${t % 5}`);
    const data = file("price.csv", `month,sold,price\n${rows.join("\n")}\n`);
    expect(train(data, "--value", "sold", "--known", "price").status).toBe(0);
    const done = hiddenstate(["forecast", "runs/price.csv", data, "--horizon", "2"]);
    expect(done.status).toBe(1);
    expect(done.stderr).toContain(
      "price.csv: series sold: missing values of covariate price: it ends 2 steps too early: it is known ahead, so give it for 62 steps, 2 past the last value",
    );
  });

  test("a picture that can't be, before anything is computed", () => {
    const done = hiddenstate(["forecast", "runs/nowhere", "sales.csv", "--picture", "sales.gif"]);
    expect(done.stderr).toContain('unsupported --picture "sales.gif"');
    expect(existsSync(join(folder, "sales.gif"))).toBe(false);
  });

  test("levels that are none", () => {
    const done = hiddenstate(["forecast", "runs/sales.csv", "sales.csv", "--intervals", "80,200"]);
    expect(done.status).toBe(2);
    expect(done.stderr).toContain('forecast: invalid --intervals: got "200", expected numbers between 0 and 100');
  });
});

test("what separates columns is said once, to train", () => {
  const data = file("tilde.csv", table(sales(60)).replaceAll(",", "~"));
  expect(train(data, "--delimiter", "~").status).toBe(0);
  for (const command of ["forecast", "evaluate", "predict"])
    expect(hiddenstate([command, "runs/tilde.csv", data])).toMatchObject({ status: 0 });
  const next = hiddenstate(["stream", "runs/tilde.csv", "--history", data], { input: `${month(60)}~70\n` });
  expect(recordsOf(next.stdout)).toMatchObject([{ month: month(60), sold: 70, odd: expect.any(Boolean) as boolean }]);
});

test("how gaps are taken is settled by the training, so other commands say to train with a flag", () => {
  const data = file("whole.csv", table(sales(60)));
  expect(train(data).status).toBe(0);
  const gap = file(
    "later-gap.csv",
    table(
      sales(60).slice(0, 58),
      sales(60).flatMap((_, t) => (t < 2 ? [] : [month(t < 40 ? t : t + 1)])),
    ),
  );
  for (const command of ["forecast", "evaluate"]) {
    const { status, stderr } = hiddenstate([command, "runs/whole.csv", gap]);
    expect(status).toBe(1);
    expect(stderr).toContain("(1 left out), though the dates are monthly; train with --gaps fill");
  }
  const { status, stderr } = hiddenstate(["predict", "runs/whole.csv", gap]);
  expect(status).toBe(0);
  expect(stderr).toContain("a step is left out before 2003-06");
});
