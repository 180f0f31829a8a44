import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { folder, hiddenstate, recordsOf, small, start, text, trained } from "./command.ts";

beforeAll(() => void trained("fox", "--steps", "60"));

describe("--json", () => {
  test("train: every event is a line, and nothing else is on standard output", () => {
    const done = hiddenstate(["train", text, "--out", "json", ...small, "--steps", "20", "--log-every", "5", "--json"]);
    expect(done).toMatchObject({ status: 0 });
    const types = recordsOf(done.stdout).map(({ type }) => type);
    expect(types[0]).toBe("start");
    expect(types.filter((type) => type === "step")).toHaveLength(4);
    expect(types).toContain("evaluation");
    expect(types).toContain("checkpoint");
    expect(types.at(-1)).toBe("end");
    expect(done.stderr).toContain("held-out loss");
  });

  test("evaluate: one line with loss, bits and perplexity", () => {
    const done = hiddenstate(["evaluate", "fox", text, "--json"]);
    const [record, ...rest] = recordsOf(done.stdout);
    expect(rest).toEqual([]);
    const { loss, bitsPerToken, perplexity, tokens } = record as Record<string, number>;
    expect(bitsPerToken).toBeCloseTo(loss / Math.LN2, 10);
    expect(perplexity).toBeCloseTo(Math.exp(loss), 10);
    expect(tokens).toBe(5999);
  });

  test("generate: one line with the text", () => {
    const done = hiddenstate(["generate", "fox", "--prompt", "the ", "--length", "30", "--json"]);
    const [record, ...rest] = recordsOf(done.stdout);
    expect(rest).toEqual([]);
    expect(record).toMatchObject({ prompt: "the ", text: expect.stringMatching(/^.{30}$/) as string });
  });

  test("doctor: one line with what computes and how fast", () => {
    const done = hiddenstate(["doctor", "--json", "--backend", "wasm"]);
    expect(recordsOf(done.stdout)).toMatchObject([
      { type: "doctor", backend: "wasm", node: process.version, matrixGflops: expect.any(Number) as number },
    ]);
  });
});

describe("generate", () => {
  const write = (...words: string[]): string => {
    const done = hiddenstate(["generate", "fox", "--length", "40", ...words]);
    expect(done).toMatchObject({ status: 0 });
    return done.stdout;
  };

  test("writes the prompt and what follows; the same seed writes the same, another another", () => {
    expect(write("--prompt", "the ")).toMatch(/^the .{40}\n$/);
    expect(write("--seed", "1")).toBe(write("--seed", "1"));
    expect(write("--seed", "1")).not.toBe(write("--seed", "2"));
  });

  test("ends before the text to stop at, wherever pieces are cut", () => {
    const whole = write("--seed", "1").trimEnd();
    for (const stop of [whole.slice(20, 21), whole.slice(20, 24), whole.slice(38)])
      expect(write("--seed", "1", "--stop", stop)).toBe(`${whole.slice(0, whole.indexOf(stop))}\n`);
    expect(write("--seed", "1", "--stop", `${whole.slice(38)}?`)).toBe(`${whole}\n`);
  });

  test("goes on from what standard input holds", () => {
    const piped = hiddenstate(["generate", "fox", "--length", "40", "--prompt", "-"], { input: "the \n" });
    expect(piped.stdout).toBe(write("--prompt", "the "));
  });

  test("temperature 0 is greedy: no seed matters, and drawing among the first one is the same", () => {
    const greedy = write("--temperature", "0");
    expect(write("--temperature", "0", "--seed", "9")).toBe(greedy);
    expect(write("--top-k", "1", "--seed", "3")).toBe(greedy);
  });

  test("ends quietly when its reader has read enough", async () => {
    const running = start(["generate", "fox", "--length", "10000000"]);
    running.child.stdout?.once("data", () => running.child.stdout?.destroy());
    const { status, stderr } = await running.finished;
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("shows characters as they are drawn", async () => {
    const running = start(["generate", "fox", "--length", "10000000"]);
    await new Promise((resolve) => running.child.stdout?.once("data", resolve));
    expect(running.child.exitCode).toBe(null);
    running.child.kill("SIGINT");
    const { status } = await running.finished;
    expect(status).toBe(130);
  });
});

describe("a reader that leaves does not end a training", () => {
  test("the model is saved all the same", async () => {
    const running = start(["train", text, "--out", "unread", ...small, "--steps", "40", "--log-every", "1", "--json"]);
    running.child.stdout?.once("data", () => running.child.stdout?.destroy());
    const { status } = await running.finished;
    expect(status).toBe(0);
    expect(statSync(join(folder, "unread/model.safetensors")).size).toBeGreaterThan(1000);
  });
});

describe("a second file", () => {
  test("is what the model is tested on", () => {
    const second = join(folder, "second.txt");
    writeFileSync(second, "the lazy fox jumps over the quick dog; ".repeat(20));
    const words = ["train", text, "--out", "second", ...small, "--steps", "10", "--validation", second, "--json"];
    const [first] = recordsOf(hiddenstate(words).stdout);
    expect(first).toMatchObject({ trainingTokens: 6000, validationTokens: 780 });
  });
});

describe("--help", () => {
  test("train tells of each task's default where they differ", () => {
    const help = hiddenstate(["train", "--help"]).stdout.replaceAll(/\s+/g, " ");
    expect(help).toContain("rarer words become one unknown word (default: 2, for pairs 1)");
  });

  test("train names the columns in the order in which they are read: text, label, or else target", () => {
    const help = hiddenstate(["train", "--help"]).stdout;
    const places = ["--text <", "--label <", "--target <", "--group <"].map((flag) => help.indexOf(flag));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test("temperature means the same to whatever writes", () => {
    const [one, other] = ["generate", "translate"].map((command) =>
      /--temperature <.*?(?=--top-k <)/s.exec(hiddenstate([command, "--help"]).stdout)![0].replaceAll(/\s+/g, " "),
    );
    expect(one).toContain("below 1 more predictable, above 1 more varied");
    expect(other).toBe(one);
  });

  const manual = readFileSync(fileURLToPath(new URL("../../../docs/cli.md", import.meta.url)), "utf8");

  for (const command of ["train", "evaluate", "predict", "generate", "doctor"]) {
    test(`${command} has examples, and docs/cli.md names every flag of it`, () => {
      const done = hiddenstate([command, "--help"]);
      expect(done).toMatchObject({ status: 0, stderr: "" });
      expect(done.stdout).toContain("Examples:");
      const sections = manual.split("\n## ");
      const told = `${sections[0]}${sections.find((section) => section.startsWith(command))}`;
      const flags = [...done.stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag]) => flag);
      expect(flags.filter((flag) => !told.includes(flag))).toEqual([]);
    });
  }
});
