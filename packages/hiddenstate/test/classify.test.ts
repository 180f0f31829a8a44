import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { load, train } from "hiddenstate";
import { type Finished, folder, hiddenstate, recordsOf } from "./command.ts";

/** Options of a network so small that a run takes no time. */
const tiny = ["--hidden", "12", "--layers", "1", "--dropout", "0", "--batch", "8", "--lr", "0.02"] as const;

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const [good, bad] = [
  ["fine", "great", "lovely", "superb"],
  ["poor", "awful", "dull", "weak"],
];
const reviews = Array.from({ length: 64 }, (_, i) => {
  const words = i % 2 === 0 ? good : bad;
  return { review: `a ${words[(i >> 1) % 4]} film, number ${i}`, verdict: i % 2 === 0 ? "good" : "bad", id: i };
});
const csv = `id,review,verdict\n${reviews.map(({ id, review, verdict }) => `${id},"${review}",${verdict}`).join("\n")}\n`;

function complaintOf(...words: string[]): string {
  const done = hiddenstate(words);
  expect(done).toMatchObject({ status: 1, stdout: "" });
  expect(done.stderr.trimEnd().split("\n")).toHaveLength(1);
  return done.stderr.trimEnd();
}

describe("labels of texts in a table", () => {
  const reviewsFile = file("reviews.csv", csv);
  let training: Finished;
  beforeAll(() => {
    training = hiddenstate([
      "train",
      reviewsFile,
      "--out",
      "reviews",
      ...tiny,
      "--tokenizer",
      "word",
      "--epochs",
      "12",
    ]);
  });

  test("are learned, beside what the most common label achieves", () => {
    expect(training.stderr).toContain(
      "reviews.csv: learning what each sequence is (--task classify), since its column verdict holds labels and review text",
    );
    expect(training.stdout).toMatch(/accuracy 1\.000, macro F1 1\.000 on 6 examples/);
    expect(training.stdout).toMatch(/always \w+, the training's most common label: accuracy 0\.\d+/);
    expect(training.stdout).toMatch(/what each label \(row\) was taken for \(column\):\n +1 +2\n1 +bad +\d +·/);
    expect(training.status).toBe(0);
  });

  test("have their confusion drawn", () => {
    expect(existsSync(join(folder, "reviews/pictures/confusion.png"))).toBe(true);
    const svg = readFileSync(join(folder, "reviews/pictures/confusion.svg"), "utf8");
    expect(svg).toContain("What each label was taken for");
  });

  test("are measured on other data, read as the training's was", () => {
    const done = hiddenstate(["evaluate", "reviews", reviewsFile, "--json", "--pictures", "drawn"]);
    const [record] = recordsOf(done.stdout) as Record<string, number>[];
    expect(record).toMatchObject({
      type: "evaluation",
      kind: "class",
      accuracy: 1,
      macroF1: 1,
      examples: 64,
      baseline: { accuracy: 0.5 },
      confusion: [
        [32, 0],
        [0, 32],
      ],
    });
    expect(existsSync(join(folder, "drawn/confusion.svg"))).toBe(true);
  });

  test("are predicted for files, with the columns that came and all probabilities", () => {
    const records = recordsOf(hiddenstate(["predict", "reviews", reviewsFile]).stdout);
    expect(records).toHaveLength(64);
    expect(records[1]).toMatchObject({ id: "1", review: reviews[1].review, verdict: "bad", predicted: "bad" });
    const { probability, probabilities } = records[1] as { probability: number; probabilities: Record<string, number> };
    expect(probabilities["bad"]).toBe(probability);
    expect(probabilities["bad"] + probabilities["good"]).toBeCloseTo(1, 10);
  });

  test.each([
    ["lines of text", "a superb film\na dull film\n"],
    ["CSV with a header", 'review,year\n"a superb film",1999\n"a dull film",2001\n'],
    ["lines of JSON", '{"review":"a superb film"}\n{"review":"a dull film"}\n'],
  ])("are predicted for standard input: %s", (_, input) => {
    const records = recordsOf(hiddenstate(["predict", "reviews"], { input }).stdout);
    expect(records.map(({ predicted }) => predicted)).toEqual(["good", "bad"]);
  });

  test("of an empty line it is said that it is one, so that answers have the lines of the input", () => {
    const { stdout } = hiddenstate(["predict", "reviews"], { input: "a superb film\n\na dull film\n" });
    expect(recordsOf(stdout).map(({ predicted, empty }) => [predicted, empty])).toEqual([
      ["good", undefined],
      [null, true],
      ["bad", undefined],
    ]);
  });

  test("of the input's columns, none is lost to the answer's", () => {
    const input = 'review,predicted,input_predicted\n"a superb film",7,8\n';
    const done = hiddenstate(["predict", "reviews"], { input });
    expect(recordsOf(done.stdout)).toMatchObject([
      { review: "a superb film", input_predicted: "8", input_input_predicted: "7", predicted: "good" },
    ]);
    expect(done.stderr).toContain("the input has a column of the answer's names: predicted is input_input_predicted");
  });

  test.each([
    ['{"nope":1}', "standard input:2: missing column review: the row has nope; give it, or leave the row out"],
    ['{"review":', "standard input:2: invalid JSON"],
    ['{"review":""}', "standard input:2: invalid input: it is empty"],
  ])("a row that can't be answered, %s, is named, and those before it are answered", (row, complaint) => {
    const lines = ['{"review":"a superb film"}', row, '{"review":"a dull film"}'];
    const done = hiddenstate(["predict", "reviews"], { input: lines.join("\n") });
    expect(done.status).toBe(1);
    expect(done.stderr).toContain(complaint);
    expect(recordsOf(done.stdout)).toMatchObject([{ predicted: "good" }]);
  });

  test("a file without the column is refused", () => {
    expect(complaintOf("predict", "reviews", file("films.csv", "film,year\na,1\n"))).toContain(
      'films.csv: unknown column "review"; the columns are "film", "year"',
    );
  });

  test("resumed, the run knows its task and its columns", () => {
    const done = hiddenstate(["train", reviewsFile, "--out", "reviews", "--resume", "--epochs", "13", "--json"]);
    expect(recordsOf(done.stdout)[0]).toMatchObject({ type: "start", step: 96 });
  });

  test("a trained model is what another starts from", () => {
    const words = ["train", reviewsFile, "--out", "fine-tuned", "--from", "reviews", "--steps", "1", "--json"];
    const evaluation = recordsOf(hiddenstate(words).stdout).find(({ type }) => type === "evaluation");
    expect(evaluation).toMatchObject({ metrics: { accuracy: 1 } });
  });

  test("from TypeScript the model is loaded as what it is", async () => {
    const model = await load(join(folder, "reviews"), { task: "classify" });
    const [answer] = await model.predict(["a lovely film"]);
    expect(answer).toMatchObject({ kind: "class", label: "good" });
    await expect(load(join(folder, "reviews"), { task: "lm" })).rejects.toMatchObject({ code: "mismatch" });
  });
});

describe("a folder with a text file for each label", () => {
  test("asks for labels; the held-out lines are those of no text in training", () => {
    const names = join(folder, "names");
    mkdirSync(names);
    writeFileSync(
      join(names, "Vowels.txt"),
      Array.from({ length: 30 }, (_, i) => `${"aeiou"[i % 5]}a${"oui"[i % 3]}e${i}`).join("\n"),
    );
    writeFileSync(
      join(names, "Others.txt"),
      Array.from({ length: 30 }, (_, i) => `${"kstrp"[i % 5]}r${"mnk"[i % 3]}t${i}`).join("\n"),
    );
    writeFileSync(join(names, "LICENSE"), "no label");
    const done = hiddenstate(["train", names, "--out", "by-folder", ...tiny, "--epochs", "12", "--json"]);
    const records = recordsOf(done.stdout);
    expect(records.find(({ type }) => type === "notice")).toMatchObject({
      text: expect.stringContaining("since it is a folder with a text file for each of 2 labels") as string,
    });
    expect(records.at(-1)).toMatchObject({ type: "result", accuracy: 1, examples: 6 });
    const [answer] = recordsOf(hiddenstate(["predict", "by-folder"], { input: "eaoie7\n" }).stdout);
    expect(answer).toMatchObject({ text: "eaoie7", predicted: "Vowels" });
  });
});

describe("numbers", () => {
  test("are learned from sequences of numbers, beside the mean", () => {
    const rows = Array.from({ length: 60 }, (_, i) => {
      const values = Array.from({ length: 3 + (i % 4) }, (__, t) => Math.sin(i * 7 + t * 3));
      return JSON.stringify({ values, target: values.reduce((a, b) => a + b, 0) });
    });
    const data = file("sums.jsonl", rows.join("\n"));
    const done = hiddenstate(["train", data, "--out", "sums", ...tiny, "--epochs", "25", "--json"]);
    const result = recordsOf(done.stdout).at(-1) as Record<string, number> & { baseline: { rmse: number } };
    expect(result).toMatchObject({ type: "result", kind: "number" });
    expect(result["rmse"]).toBeLessThan(result.baseline.rmse / 2);
    expect(done.stderr).toMatch(/MAE +RMSE +R²\nthe model, on 6 examples .*\nalways the training's mean/);
    const [answer] = recordsOf(hiddenstate(["predict", "sums"], { input: '{"values":[0.5,0.5]}\n' }).stdout);
    expect(answer["predicted"]).toBeTypeOf("number");
  });
});

describe("rows that belong together", () => {
  const long = ["run,time,x,state"];
  for (let run = 0; run < 40; run++)
    for (let t = 0; t < 4 + (run % 3); t++)
      long.push(`${run},${t},${(run % 2) * 2 - 1 + 0.1 * t},${run % 2 ? "on" : "off"}`);

  test("are one sequence, and one answer", () => {
    const data = file("runs.csv", `${long.join("\n")}\n`);
    const words = ["train", data, "--out", "runs", "--group", "run", ...tiny, "--epochs", "10", "--json"];
    expect(recordsOf(hiddenstate(words).stdout).at(-1)).toMatchObject({ accuracy: 1 });
    const input = "run,x\na,1\nb,-1\na,1.1\nb,-0.9\n";
    expect(recordsOf(hiddenstate(["predict", "runs"], { input }).stdout)).toMatchObject([
      { run: "a", predicted: "on" },
      { run: "b", predicted: "off" },
    ]);
  });

  test("and disagree are refused, naming both lines", () => {
    const data = file("disagree.csv", "run,x,state\n1,0,on\n1,1,off\n");
    expect(complaintOf("train", data, "--group", "run", "--label", "state")).toContain(
      'disagree.csv:3: mismatch in state: got "off", but the sequence began with "on" in line 2',
    );
  });
});

describe("bad rows get one sentence with the line", () => {
  test.each([
    ["rows of another width", "text,label\na,x\nb,y,z\n", ":3: mismatch in columns: got 3, expected 2"],
    ["columns of one name", "text,text\na,x\n", ':1: invalid columns: "text" stands in columns 1 and 2'],
    ["a label seen once", "text,label\na,x\nb,x\nc,y\n", ':4: invalid label "y": only this example has it'],
    ["an empty text", "text,label\na,x\n,x\nc,y\nd,y\n", ":3: invalid input: it is empty"],
    ["an empty label", "text,label\na,x\nb,\nc,x\nd,y\n", ":3: invalid target: got "],
  ])("%s", (name, text, complaint) => {
    const data = file(`${name.replaceAll(" ", "-")}.csv`, text);
    expect(
      complaintOf("train", data, "--label", name.includes("width") || name.includes("name") ? "text" : "label"),
    ).toContain(complaint);
  });

  test("a number that is none, with its column", () => {
    const data = file("gap.csv", "run,x,state\n1,0,on\n1,,on\n2,1,off\n2,1,off\n");
    const words = ["train", data, "--group", "run", "--inputs", "x", "--label", "state"];
    expect(complaintOf(...words)).toContain('gap.csv:3: invalid x: got "", expected a number; fill gaps first');
  });

  test("a target that is no number", () => {
    const data = file("price.csv", "text,price\na b,1\nc d,cheap\n");
    expect(complaintOf("train", data, "--target", "price")).toContain(
      'price.csv:3: invalid target: got "cheap", expected a finite number',
    );
  });

  test("a table of which nobody can tell what to learn", () => {
    const data = file("thoughts.csv", "who,what\nAnn,one thing\nBo,another\nCy,a third\nDi,fourth\nEd,last\n");
    expect(complaintOf("train", data)).toMatch(/its columns are who, what, and nothing says what to learn of them/);
  });

  test("flags of another task", () => {
    const done = hiddenstate(["train", join(folder, "reviews.csv"), "--bptt", "3", "--out", "idle"]);
    expect(done.status).toBe(2);
    expect(done.stderr).toContain(
      "train: mismatch in --bptt: it does nothing with --task classify; leave it out, or use --task lm",
    );
  });
});

test("a sequence of 100,000 steps is learned from, and predicted", async () => {
  const long = Array.from({ length: 100_000 }, (_, t) => Math.sin(t / 50));
  const training = [long, [1, 2, 3], [1, 2], [2, 1]].map((input, i) => ({ input, target: i % 2 ? "short" : "long" }));
  const options = { task: "classify", hidden: 4, layers: 1, steps: 1, out: join(folder, "long") } as const;
  for await (const event of train({ ...options, data: { training, validation: training } })) void event;
  const model = await load(join(folder, "long"), { task: "classify" });
  expect(await model.predict([long])).toHaveLength(1);
});
