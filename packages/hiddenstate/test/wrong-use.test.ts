import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folder, hiddenstate, recordsOf, small, text, trained } from "./command.ts";

/** Everything but one sentence on standard error would be a surprise. */
function complaintOf(words: readonly string[], status: number): string {
  const done = hiddenstate(words);
  expect(done).toMatchObject({ status, stdout: "" });
  expect(done.stderr.trimEnd().split("\n")).toHaveLength(1);
  return done.stderr.trimEnd();
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("wrong use ends with 2 and says what was expected", () => {
  test("an unknown command, with the nearest known one", () => {
    expect(complaintOf(["trian", text], 2)).toContain("unknown command 'trian'; did you mean train?");
  });

  test("an unknown flag, with the nearest known one", () => {
    expect(complaintOf(["train", text, "--hiden", "3"], 2)).toContain(
      "train: unknown option '--hiden'; did you mean --hidden?",
    );
    expect(complaintOf(["generate", "run", "--temprature", "1"], 2)).toContain("did you mean --temperature?");
  });

  test("a missing argument, and one too many", () => {
    expect(complaintOf(["train"], 2)).toContain("missing required argument 'data'");
    expect(complaintOf(["train", text, text], 2)).toContain("too many arguments");
  });

  test.each([
    ["--hidden", "many", 'invalid --hidden: got "many", expected a whole number at least 1'],
    ["--hidden", "0", "expected a whole number at least 1"],
    ["--layers", "1.5", "expected a whole number at least 1"],
    ["--dropout", "1", "expected a number at least 0 and below 1"],
    ["--lr", "-1", "expected a number above 0"],
    ["--minutes", "NaN", "expected a number above 0"],
    ["--seed", "-1", "expected a whole number at least 0"],
    ["--cell", "lstn", 'invalid --cell: got "lstn", expected one of rnn, lstm, gru'],
    ["--task", "dance", 'invalid --task: got "dance", expected one of '],
  ])("train %s %s", (flag, value, complaint) => {
    expect(complaintOf(["train", text, flag, value], 2)).toContain(complaint);
  });

  test.each([
    ["--length", "-5", "expected a whole number at least 0"],
    ["--temperature", "hot", "expected a number at least 0"],
    ["--top-k", "0", "expected a whole number at least 1"],
    ["--top-p", "1.5", "expected a number above 0 and at most 1"],
  ])("generate %s %s", (flag, value, complaint) => {
    expect(complaintOf(["generate", "run", flag, value], 2)).toContain(complaint);
  });

  test("two budgets", () => {
    expect(complaintOf(["train", text, "--steps", "3", "--epochs", "1"], 2)).toContain("cannot be used with");
  });

  test("no command at all shows the help on standard error", () => {
    const done = hiddenstate([]);
    expect(done).toMatchObject({ status: 2, stdout: "" });
    expect(done.stderr).toContain("Usage: hiddenstate");
  });

  test("with --json the error is a line of JSON too", () => {
    const done = hiddenstate(["train", text, "--hidden", "many", "--json"]);
    expect(done.status).toBe(2);
    expect(recordsOf(done.stdout)).toEqual([
      {
        type: "error",
        code: "invalid",
        message: 'train: invalid --hidden: got "many", expected a whole number at least 1',
      },
    ]);
    expect(done.stderr).toContain("invalid --hidden");
  });
});

describe("data that can't be used ends with 1 and leaves no folder behind", () => {
  test("no such file", () => {
    expect(complaintOf(["train", "nowhere.txt"], 1)).toContain("missing file nowhere.txt");
  });

  test("a folder", () => {
    expect(complaintOf(["train", folder], 1)).toContain("it is a folder; give one text file");
  });

  test("an empty file", () => {
    expect(complaintOf(["train", file("empty.txt", "")], 1)).toContain("empty.txt: it is empty");
  });

  test("a text shorter than one window", () => {
    const short = file("short.txt", "too short");
    expect(complaintOf(["train", short], 1)).toMatch(
      /train: invalid text: got \d+ tokens, expected at least 65.*a longer text or a smaller --bptt/,
    );
    // Nothing is in the way of the second try.
    expect(complaintOf(["train", short], 1)).not.toContain("exists already");
  });

  test("a file that is not UTF-8, which the byte tokenizer takes", () => {
    const latin = file("latin.txt", Buffer.from("déjà vu; ".repeat(100), "latin1"));
    expect(complaintOf(["train", latin], 1)).toMatch(/not UTF-8 text \(byte 1, 0xe9, in line 1\).*--tokenizer byte/);
    const done = hiddenstate(["train", latin, "--tokenizer", "byte", "--steps", "2", "--out", "latin", ...small]);
    expect(done).toMatchObject({ status: 0 });
    expect(done.stdout).toContain("bits per byte");
    expect(hiddenstate(["evaluate", "latin", latin]).status).toBe(0);
  });

  test("standard input, and a packed file", () => {
    for (const command of ["train", "compare"]) {
      expect(complaintOf([command, "-"], 1)).toContain("unsupported data -: it is standard input or a pipe");
      expect(complaintOf([command, "book.txt.gz"], 1)).toContain("unpack it first (gunzip -k book.txt.gz)");
    }
    trained("unpacked", "--steps", "2");
    const packed = file("book.txt.gz", Buffer.from("1f8b0800", "hex"));
    expect(complaintOf(["evaluate", "unpacked", packed], 1)).toContain("it is compressed; unpack it first");
  });

  test("a validation file that is not there", () => {
    expect(complaintOf(["train", text, "--validation", "nowhere.txt"], 1)).toContain("missing file nowhere.txt");
  });
});

describe("flags that do not fit each other, the model or the command end with 2, by their names", () => {
  test.each([
    [
      ["--momentum", "0.9"],
      "mismatch in --momentum: it does nothing with --optimizer adam; leave it out, or use --optimizer sgd",
    ],
    [["--warmup", "10"], "mismatch in --warmup: it does nothing with --schedule constant"],
    [["--min-count", "2"], "mismatch in --min-count: it does nothing with --tokenizer character"],
    [["--stride", "65"], "train: invalid --stride: got 65, expected a whole number at least 1 and at most 64"],
    [["--layer-norm", "--cell", "transformer"], "train: unsupported --layer-norm with --cell transformer"],
    [["--variational"], "unsupported --variational without --recurrent-dropout"],
  ])("train %j", (words, complaint) => {
    expect(complaintOf(["train", text, ...words], 2)).toContain(complaint);
  });

  test("compare with one cell", () => {
    const done = hiddenstate(["compare", text, "--cells", "lstm"]);
    expect(done.status).toBe(2);
    expect(done.stderr).toContain("compare: invalid --cells: got lstm, expected two or more of");
  });

  test("a picture that none can be saved as, and a model of another task", () => {
    trained("two", "--steps", "2");
    expect(complaintOf(["predict", "two", text, "--picture", "a.jpg"], 2)).toContain('unsupported --picture "a.jpg"');
    expect(complaintOf(["translate", "two", text], 2)).toContain("two holds a model for lm, expected seq2seq");
  });
});

describe("what is too much ends with 1", () => {
  test("a step that needs more memory than there is, with the shape that asked and how much", () => {
    const long = file("long.txt", "the quick brown fox jumps over the lazy dog; ".repeat(50_000));
    const words = ["--hidden", "600", "--layers", "1", "--batch", "32", "--bptt", "60000", "--steps", "1"];
    const { status, stderr } = hiddenstate(["train", long, "--out", "memory", ...words]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/out of memory: a tensor of shape \[60000, 32, 600\] asked for 4395 MB/);
  });
});

describe("a folder that exists", () => {
  test("needs --resume", () => {
    trained("taken", "--steps", "2");
    expect(complaintOf(["train", text, "--out", "taken", "--steps", "2"], 1)).toContain(
      "the folder taken exists already; pass --resume to go on with its run, or another --out",
    );
  });

  test("resumed with another architecture, names the differences", () => {
    trained("lstm", "--steps", "2");
    const done = hiddenstate(["train", text, "--out", "lstm", "--resume", "--cell", "gru", "--hidden", "24"]);
    expect(done.status).toBe(1);
    expect(done.stderr).toContain('cell was "lstm", is "gru"');
    expect(done.stderr).toContain("hidden was 16, is 24");
    expect(done.stderr).not.toContain("layers was");
  });
});

describe("a model that is not there", () => {
  test("no such folder, or one without a model", () => {
    expect(complaintOf(["generate", "nowhere"], 1)).toContain("missing model nowhere: there is no such folder");
    expect(complaintOf(["evaluate", ".", text], 1)).toContain("missing config.json");
    expect(complaintOf(["generate", text], 1)).toContain("it is a file; give the folder");
  });
});

describe("text with characters that the model never saw", () => {
  test("is refused with their names, as prompt and as data", () => {
    trained("fox", "--steps", "2");
    const other = join(folder, "other.txt");
    writeFileSync(other, "the fox: 狐");
    expect(complaintOf(["generate", "fox", "--stop", ""], 2)).toContain("generate: invalid --stop: it is empty");
    expect(complaintOf(["generate", "fox", "--prompt", "café ☕"], 1)).toMatch(/"é" \(U\+00E9\), "☕" \(U\+2615\)/);
    expect(complaintOf(["evaluate", "fox", other], 1)).toContain('"狐" (U+72D0)');
  });
});
