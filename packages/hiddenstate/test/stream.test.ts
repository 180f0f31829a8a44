import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { command, type Finished, folder, hiddenstate, recordsOf, trained } from "./command.ts";

function watched(words: readonly string[], input: string): { records: Record<string, unknown>[]; done: Finished } {
  const done = hiddenstate(["stream", ...words], { input });
  return { records: recordsOf(done.stdout), done };
}

/** A stream under way: what it is told, and what it has answered. */
function open(
  words: readonly string[],
  what: "stream" | "predict" = "stream",
): {
  say: (text: string) => void;
  answers: (count: number) => Promise<string[]>;
  child: ReturnType<typeof spawn>;
  status: Promise<number | null>;
} {
  const child = spawn(process.execPath, [command, what, ...words], { cwd: folder });
  let heard = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (heard += chunk));
  const lines = (): string[] => heard.split("\n").slice(0, -1);
  const answers = async (count: number): Promise<string[]> => {
    while (lines().length < count) await new Promise((resolve) => setTimeout(resolve, 10));
    return lines();
  };
  const status = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { say: (text) => child.stdin.write(text), answers, child, status };
}

describe("a language model that watches", () => {
  const log = Array.from({ length: 300 }, (_, i) => `door ${i % 2 ? "closed" : "opened"} by ${(i * i) % 5}`);
  beforeAll(() => {
    writeFileSync(join(folder, "door.log"), `${log.join("\n")}\n`);
    const words = ["--hidden", "24", "--layers", "1", "--batch", "8", "--bptt", "32", "--lr", "0.01", "--steps", "150"];
    const done = hiddenstate(["train", "door.log", "--out", "runs/door", ...words]);
    if (done.status !== 0) throw new Error(done.stderr);
  });

  test("tells of each line how odd it is, and which of its tokens", () => {
    const lines = [...log.slice(0, 20), "door opened by opened", ...log.slice(20, 24)];
    const { records, done } = watched(["runs/door"], lines.join("\n"));
    expect(done.status).toBe(0);
    expect(records.map(({ text }) => text)).toEqual(lines);
    expect(records[20]).toMatchObject({ odd: true, surprisal: expect.any(Number) as number });
    expect(records[20].oddTokens).toContainEqual({ text: "o", at: 15, surprisal: expect.any(Number) as number });
    expect(records.slice(4, 20).filter(({ odd }) => odd).length).toBeLessThan(3);
  });

  test("predict says the same of a file", () => {
    writeFileSync(join(folder, "some.log"), `${log.slice(0, 6).join("\n")}\n`);
    const { records } = watched(["runs/door"], log.slice(0, 6).join("\n"));
    const done = hiddenstate(["predict", "runs/door", "some.log", "--picture", "some.svg"]);
    expect(recordsOf(done.stdout)).toEqual(records);
    expect(readFileSync(join(folder, "some.svg"), "utf8")).toContain("odd of 6 lines");
  });

  test("goes on from the state in a file as if it had never ended", () => {
    const whole = watched(["runs/door"], log.slice(0, 10).join("\n")).records;
    const first = watched(["runs/door", "--state", "door.state"], `${log.slice(0, 6).join("\n")}\n`).records;
    const second = watched(["runs/door", "--state", "door.state"], `${log.slice(6, 10).join("\n")}\n`).records;
    expect([...first, ...second]).toEqual(whole);
    writeFileSync(join(folder, "bad.state"), '{"task":"forecast","watch":{}}');
    const { done } = watched(["runs/door", "--state", "bad.state"], "");
    expect(done.stderr).toContain(
      "bad.state: mismatch in state: it is one of a model for forecast, expected one of a model for lm",
    );
  });

  test("with --history knows what came before", () => {
    const after = watched(["runs/door", "--history", "some.log"], log[6]).records;
    expect(after).toEqual(watched(["runs/door"], log.slice(0, 7).join("\n")).records.slice(6));
  });

  test("answers each line before the next one comes, and leaves at the end of input", async () => {
    const stream = open(["runs/door"]);
    for (let i = 0; i < 3; i++) {
      stream.say(`${log[i]}\r\n`);
      expect(JSON.parse((await stream.answers(i + 1))[i])).toMatchObject({ text: log[i] });
    }
    stream.child.stdin!.end();
    expect(await stream.status).toBe(0);
  });

  test.skipIf(process.platform === "win32")("leaves on Ctrl-C while it waits, with its state saved", async () => {
    const stream = open(["runs/door", "--state", "stopped.state"]);
    stream.say(`${log[0]}\n`);
    await stream.answers(1);
    stream.child.kill("SIGINT");
    expect(await stream.status).toBe(130);
    const state = JSON.parse(readFileSync(join(folder, "stopped.state"), "utf8")) as { task: string };
    expect(state.task).toBe("lm");
    const { records } = watched(["runs/door", "--state", "stopped.state"], log[1]);
    expect(records).toEqual(watched(["runs/door"], `${log[0]}\n${log[1]}`).records.slice(1));
  });

  test.skipIf(process.platform === "win32")("predict leaves on Ctrl-C while it waits for a line too", async () => {
    const stream = open(["runs/door"], "predict");
    stream.say(`${log[0]}\n`);
    await stream.answers(1);
    stream.child.kill("SIGINT");
    expect(await stream.status).toBe(130);
  });

  test.skipIf(process.platform === "win32")("leaves when nobody listens any more", async () => {
    const stream = open(["runs/door"]);
    stream.say(`${log[0]}\n`);
    await stream.answers(1);
    stream.child.stdout!.destroy();
    const lines = setInterval(() => stream.say(`${log[1]}\n`), 5);
    stream.child.stdin!.on("error", () => {});
    expect(await stream.status).toBe(0);
    clearInterval(lines);
  });

  test("tells all tokens if asked to", () => {
    const { records } = watched(["runs/door", "--tokens"], "door opened by 4\n");
    const tokens = records[0].tokens as { text: string; surprisal: number }[];
    expect(tokens.map(({ text }) => text).join("")).toBe("door opened by 4");
  });
});

describe("a forecaster that watches", () => {
  const rows = Array.from({ length: 120 }, (_, t) => {
    const value = 20 + 5 * Math.sin((2 * Math.PI * t) / 7) + Math.sin(t * t);
    return `${new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10)},${value.toFixed(2)}`;
  });
  beforeAll(() => {
    writeFileSync(join(folder, "sensor.csv"), `day,level\n${rows.slice(0, 100).join("\n")}\n`);
    const words = ["--hidden", "6", "--members", "2", "--steps", "20", "--context", "14", "--test", "0"];
    const done = hiddenstate(["train", "sensor.csv", "--out", "runs/sensor", ...words]);
    if (done.status !== 0) throw new Error(done.stderr);
  });
  const history = ["runs/sensor", "--history", "sensor.csv"];

  test("tells of each value what was forecast of it, and whether it is odd", () => {
    const odd = rows[103].replace(/,.*/, ",60");
    const { records, done } = watched(history, [...rows.slice(100, 103), odd].join("\n"));
    expect(done.status).toBe(0);
    expect(records[0]).toMatchObject({ day: "2024-04-10", level: Number(rows[100].split(",")[1]), odd: false });
    expect(records[3]).toMatchObject({ odd: true, level: 60 });
    expect(records[3].error as number).toBeGreaterThan(5);
    expect(records[3].upper as number).toBeLessThan(40);
  });

  test("reads cells in the training's order, under a header of their own, and objects", () => {
    const [day, level] = rows[100].split(",");
    const expected = watched(history, rows[100]).records;
    expect(expected).toHaveLength(1);
    for (const input of [`day,level\n${rows[100]}`, `level;day\n${level};${day}`, `{"level":${level},"day":"${day}"}`])
      expect(watched(history, input).records).toEqual(expected);
  });

  test("tells of a line that it can't read, and goes on", () => {
    const { records, done } = watched(history, ["x", rows[90], "2024-04-10,much", ...rows.slice(100, 102)].join("\n"));
    expect(done.status).toBe(1);
    expect(done.stderr).toContain("3 lines could not be read");
    expect(records.map(({ message, level }) => message ?? level)).toEqual([
      "stream: mismatch in line: got 1 cells, expected 2: day, level; give them in this order, a header line first, or an object of JSON",
      "series level: invalid dates: 2024-03-31 is before 2024-04-09; lines must come in the order of their dates",
      'invalid level: got "much", expected a number, or nothing where it is missing',
      ...rows.slice(100, 102).map((row) => Number(row.split(",")[1])),
    ]);
    expect(records.slice(3)).toEqual(watched(history, rows.slice(100, 102).join("\n")).records);
  });

  test("takes rows that are left out as missing values, says so once, and goes on", () => {
    const { records, done } = watched(history, [rows[100], rows[103], rows[104], rows[107]].join("\n"));
    expect(done).toMatchObject({ status: 0 });
    expect(records.map(({ skipped, error }) => [skipped, typeof error])).toEqual([
      [undefined, "number"],
      [2, "number"],
      [undefined, "number"],
      [2, "number"],
    ]);
    expect(done.stderr).toContain(
      "series level: 2 steps are left out before 2024-04-13: taken as missing, as is what is left out later",
    );
    expect(done.stderr).not.toContain("2024-04-17");
    const between = watched(history, "2024-04-10T12:00,20").records;
    expect(between[0].message).toContain("lines may leave steps out, but must lie on them");
  });

  test("goes on from the state in a file", () => {
    const whole = watched(history, rows.slice(100, 106).join("\n")).records;
    const first = watched([...history, "--state", "sensor.state"], rows.slice(100, 103).join("\n")).records;
    const second = watched(["runs/sensor", "--state", "sensor.state"], rows.slice(103, 106).join("\n")).records;
    expect([...first, ...second]).toEqual(whole);
  });

  test("predict says the same of a table", () => {
    const records = recordsOf(
      hiddenstate(["predict", "runs/sensor", "sensor.csv", "--rate", "0.05", "--picture", "sensor.png"]).stdout,
    );
    expect(records).toHaveLength(100);
    expect(readFileSync(join(folder, "sensor.png")).toString("latin1", 1, 4)).toBe("PNG");
    expect(records[5]).toMatchObject({ expected: null, odd: null });
    const streamed = watched(["runs/sensor", "--rate", "0.05"], rows.slice(0, 100).join("\n")).records;
    expect(records.map(({ expected, odd }) => ({ expected, odd }))).toEqual(
      streamed.map(({ expected, odd }) => ({ expected, odd })),
    );
  });
});

test("of several series, each has a memory of its own, by its id", () => {
  const values = (phase: number): number[] =>
    Array.from({ length: 60 }, (_, t) => 5 + ((t + phase) % 6) + 0.01 * (t % 7));
  const lines = [0, 3].map((phase, i) => JSON.stringify({ id: "ab"[i], values: values(phase) }));
  writeFileSync(join(folder, "two.jsonl"), `${lines.join("\n")}\n`);
  const words = ["--hidden", "4", "--members", "1", "--steps", "10", "--context", "8", "--test", "0"];
  expect(hiddenstate(["train", "two.jsonl", "--out", "runs/two", ...words]).status).toBe(0);
  const two = ["runs/two", "--history", "two.jsonl"];
  const both = watched(two, '{"id":"a","value":5}\nb,8\n{"id":"a","value":6}\n').records;
  expect(both.map(({ id, value }) => [id, value])).toEqual([
    ["a", 5],
    ["b", 8],
    ["a", 6],
  ]);
  expect(watched(two, "b,8\n").records).toEqual([both[1]]);
  expect(watched(two, "c,8\n").records[0].message).toContain("series c: unknown id; training had a, b");
});

test("flags for other models are refused", () => {
  const last = hiddenstate(["evaluate", "runs/door", "some.log", "--last", "3"]);
  expect(last.status).toBe(2);
  expect(last.stderr).toContain(
    "mismatch in --last: it does nothing with runs/door, which is a language model; leave it out",
  );
  const tokens = hiddenstate(["stream", "runs/sensor", "--tokens"], { input: "" });
  expect(tokens.stderr).toContain("mismatch in --tokens: it does nothing with runs/sensor, which is a forecaster");
});

test("a model that has not been measured is refused, with what to do", () => {
  trained("unmeasured", "--steps", "2");
  rmSync(join(folder, "unmeasured/calibration.json"));
  const done = hiddenstate(["stream", "unmeasured"], { input: "" });
  expect(done.status).toBe(1);
  expect(done.stderr).toContain(
    "stream: missing calibration.json, which tells what is usual: the training was stopped before it was made; go on with it (--resume)",
  );
});
