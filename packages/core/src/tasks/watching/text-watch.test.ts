import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { engine } from "../../engine.ts";
import { MemoryStorage } from "../../io/model-storage.ts";
import { Random, randomKey } from "../../memory/random.ts";
import { loadTextModel, type TextModel } from "../language-modelling/text-model.ts";
import { type LanguageModelTraining, trainLanguageModel } from "../language-modelling/train-language-model.ts";
import { oddThreshold, thinned } from "./oddness.ts";

/** A log of a door that opens and closes, with a number that is one of five. */
function log(lines: number, seed: number): string[] {
  const random = new Random(randomKey(seed, "test"));
  return Array.from(
    { length: lines },
    (_, i) => `door ${i % 2 ? "closed" : "opened"} by ${Math.floor(5 * random.uniform())}`,
  );
}

async function trained(
  lines: readonly string[],
  options: LanguageModelTraining = {},
  storage: MemoryStorage = new MemoryStorage(),
): Promise<TextModel> {
  const small = { hidden: 24, layers: 1, dropout: 0, batch: 8, bptt: 32, lr: 0.01, steps: 120, seed: 1 };
  const run = trainLanguageModel({ training: `${lines.join("\n")}\n` }, { ...small, ...options }, { storage });
  let next = await run.next();
  while (!next.done) next = await run.next();
  return next.value;
}

beforeAll(() => engine.init({ threads: 1 }));

describe("a log that is watched", () => {
  const storage = new MemoryStorage();
  let model: TextModel;
  beforeAll(async () => {
    model = await trained(log(600, 0), {}, storage);
  });

  test("has odd lines where something happens that never did", () => {
    const watch = model.watch({ rate: 0.01 });
    const lines = log(60, 7);
    lines[40] = "door opened by opened";
    const watched = lines.map((line) => watch.push(line));
    expect(watched[40].odd).toBe(true);
    expect(watched[40].tokens.filter(({ odd }) => odd).map(({ text }) => text)).toContain("o");
    // The first lines lack their past; line 41 follows an odd one.
    expect(watched.slice(10, 40).filter(({ odd }) => odd).length).toBeLessThan(3);
  });

  test("has a share of about `rate` odd lines where all is usual", () => {
    for (const rate of [0.02, 0.2]) {
      const watch = model.watch({ rate });
      const odd = log(1000, 8).filter((line) => watch.push(line).odd).length / 1000;
      expect(odd).toBeGreaterThan(rate / 4);
      expect(odd).toBeLessThan(3 * rate);
    }
  });

  test("is as surprising as `evaluate` says", async () => {
    const lines = log(20, 9);
    const watch = model.watch();
    const sum = lines
      .map((line) => watch.push(line))
      .reduce((all, { surprisal, text }) => all + surprisal! * (text.length + 1), 0);
    const { loss, tokens } = await model.evaluate(`\n${lines.join("\n")}\n`);
    expect(sum / tokens).toBeCloseTo(loss, 4);
  });

  test("goes on from a saved state with the same numbers", () => {
    const lines = log(12, 10);
    const whole = model.watch({ rate: 0.05 });
    const expected = lines.map((line) => whole.push(line));
    let watch = model.watch({ rate: 0.05 });
    const found = lines.map((line) => {
      watch = model.resumeWatch(JSON.parse(JSON.stringify(watch.state())));
      return watch.push(line);
    });
    expect(found).toEqual(expected);
    expect(watch.rate).toBe(0.05);
  });

  test("skips characters that the model has never seen, and calls their line odd", () => {
    const watch = model.watch();
    const line = watch.push("door ópened by Z");
    expect(line).toMatchObject({ odd: true, unknown: ["ó", "Z"] });
    expect(line.tokens.map(({ text }) => text).join("")).toBe("door pened by ");
    expect(watch.push("door closed by 1").unknown).toEqual([]);
  });

  test("may be empty lines too", () => {
    const watch = model.watch();
    expect(watch.push("")).toMatchObject({ text: "", tokens: [], odd: true });
  });

  test("has thresholds that are kept with the model", async () => {
    const loaded = await loadTextModel(storage);
    expect(loaded.calibration).toEqual(model.calibration);
    expect(loaded.watch({ rate: 0.1 }).thresholds).toEqual(model.watch({ rate: 0.1 }).thresholds);
    storage.files.delete("calibration.json");
    const without = await loadTextModel(storage);
    expect(() => without.watch()).toThrow("model.watch: missing calibration.json, which tells what is usual");
  });

  test("takes no rate that is none", () => {
    expect(() => model.watch({ rate: 2 })).toThrow("model.watch: invalid rate");
  });
});

test("words are watched as words", async () => {
  const model = await trained(log(600, 0), { tokenizer: "word", bptt: 8 });
  const watch = model.watch();
  for (const line of log(20, 3)) watch.push(line);
  const { odd, tokens, unknown } = watch.push("door window by 3");
  expect(tokens.map(({ text }) => text)).toEqual(["door", " <unk>", " by", " 3"]);
  expect({ odd, unknown }).toEqual({ odd: true, unknown: [] });
});

test("a text without lines has odd tokens, and lines of which nothing can be said", async () => {
  const model = await trained(["abcdefgh".repeat(200)], { steps: 30 });
  expect(model.calibration!.lines).toEqual([]);
  const { odd, tokens } = model.watch({ rate: 0.05 }).push("abcdefghabcdefghabchefgh");
  expect(odd).toBe(null);
  expect(tokens[19]).toMatchObject({ text: "h", odd: true });
});

describe("the threshold", () => {
  test("is exceeded by about the rate of usual numbers, and by none more often than that", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 3000 }),
        fc.double({ min: 0.002, max: 0.9, noNaN: true }),
        (numbers, rate) => {
          const above = numbers.filter((number) => number > oddThreshold(thinned(numbers), rate)).length;
          expect(above / numbers.length).toBeLessThanOrEqual(rate + 2 / 1000);
        },
      ),
    );
  });
});
