import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bytesOf, folder, hiddenstate, recordsOf, text } from "./command.ts";

const processors = availableParallelism();
/** Large enough for several threads to have something to do. */
const network = ["--hidden", "96", "--layers", "1", "--batch", "16", "--bptt", "32"];
const train = (out: string, ...words: string[]): ReturnType<typeof hiddenstate> =>
  hiddenstate(["train", text, "--out", out, ...network, "--steps", "40", "--evaluate-every", "20", ...words]);

/** A training for the tests to read. */
function trainedOn(threads: string, ...words: string[]): string {
  const out = `on-${threads}${words.join("")}`;
  expect(train(out, "--threads", threads, ...words)).toMatchObject({ status: 0 });
  return out;
}

describe.skipIf(processors < 2)("--threads", () => {
  test.each(["wasm", "auto"])("writes the same model on one thread and on two, backend %s", (backend) => {
    const [one, two] = ["1", "2"].map((threads) => trainedOn(threads, "--backend", backend));
    expect(bytesOf(two, "model.safetensors").equals(bytesOf(one, "model.safetensors"))).toBe(true);
  });

  test("evaluates and writes the same on one thread and on two", () => {
    const model = trainedOn("auto");
    const of = (...words: string[]): string[] =>
      ["1", "2"].map((threads) => hiddenstate([...words, "--threads", threads, "--json"]).stdout);
    const losses = of("evaluate", model, text).map((said) => recordsOf(said)[0]["loss"]);
    expect(losses[0]).toEqual(expect.any(Number));
    expect(losses[1]).toBe(losses[0]);
    const [one, two] = of("generate", model, "--length", "50", "--seed", "3");
    expect(one).toContain('"text"');
    expect(two).toBe(one);
  });

  test("goes on with a run on another number of threads, to the same model", () => {
    const whole = trainedOn("1", "--seed", "5");
    expect(train("parted", "--threads", "2", "--seed", "5", "--steps", "20")).toMatchObject({ status: 0 });
    const resumed = hiddenstate(["train", text, "--out", "parted", "--resume", "--steps", "40", "--threads", "1"]);
    expect(resumed).toMatchObject({ status: 0 });
    expect(bytesOf("parted", "model.safetensors").equals(bytesOf(whole, "model.safetensors"))).toBe(true);
  });
});

test("more threads than there are processors are fewer, and it is said once", () => {
  const notice = `threads: ${processors} instead of ${processors + 7}`;
  const words = ["--threads", String(processors + 7), "--json"];
  const done = train("many", ...words);
  expect(done).toMatchObject({ status: 0 });
  expect(done.stderr.split(notice)).toHaveLength(2);
  expect(recordsOf(done.stdout)).toContainEqual({ type: "notice", text: expect.stringContaining(notice) });
  const written = hiddenstate(["generate", join(folder, "many"), "--length", "5", ...words]);
  expect(written.stderr.split(notice)).toHaveLength(2);
});

test.each(["0", "-1", "1.5", "two", ""])("--threads %s is wrong use", (threads) => {
  const done = hiddenstate(["train", text, "--threads", threads]);
  expect(done).toMatchObject({ status: 2, stdout: "" });
  expect(done.stderr).toContain(`invalid --threads: got "${threads}", expected auto or a whole number at least 1`);
});

test("doctor says how many threads compute, and why", () => {
  const records = (...words: string[]): unknown => recordsOf(hiddenstate(["doctor", "--json", ...words]).stdout)[0];
  expect(records()).toMatchObject({ threads: expect.any(Number), threadsReason: expect.any(String) });
  expect(records("--threads", "1")).toMatchObject({ threads: 1, threadsReason: "asked for by the command line" });
});
