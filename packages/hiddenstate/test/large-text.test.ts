import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { train, type TrainingEvent, type TrainOptions } from "hiddenstate";
import { openText } from "../src/files/open-texts.ts";
import { bytesOf, folder, text } from "./command.ts";

const small = { task: "lm", data: text, hidden: 16, layers: 1, batch: 4, bptt: 16, seed: 3 } as const;

async function trained(
  options: TrainOptions<"lm">,
  stopAt = Infinity,
): Promise<{ events: TrainingEvent[]; loss: (path: string) => Promise<number> }> {
  const controller = new AbortController();
  const events: TrainingEvent[] = [];
  const run = train({ ...options, signal: controller.signal });
  let next = await run.next();
  for (; !next.done; next = await run.next()) {
    events.push(next.value);
    if ("step" in next.value && next.value.step >= stopAt) controller.abort();
  }
  const model = next.value;
  const loss = async (path: string): Promise<number> => {
    const { text: tokens, close } = await openText(path, model.tokenizer, "disk");
    return (await model.evaluate(tokens).finally(close)).loss;
  };
  return { events, loss };
}

const model = (out: string): Buffer => bytesOf(out, "model.safetensors");

describe("a text that is not in memory", () => {
  const held = join(folder, "held-out.txt");
  writeFileSync(held, "lazy dogs jump over foxes. ".repeat(9));

  test.each([
    ["character", undefined],
    ["character", held],
    ["byte", undefined],
    ["word", held],
  ] as const)("gives the same model, by %s tokens, with held-out text %s", async (tokenizer, validation) => {
    const options: TrainOptions<"lm"> = { ...small, tokenizer, validation, steps: 20, evaluateEvery: 10 };
    const name = `${tokenizer}-${validation === undefined}`;
    const memory = await trained({ ...options, out: join(folder, `memory-${name}`) });
    const disk = await trained({ ...options, textPlace: "disk", out: join(folder, `disk-${name}`) });
    expect(model(`disk-${name}`)).toEqual(model(`memory-${name}`));
    const losses = ({ events }: typeof disk): number[] =>
      events.flatMap((e) => (e.type === "evaluation" ? e.loss : []));
    expect(losses(disk)).toEqual(losses(memory));
    expect(await disk.loss(text)).toBe(await memory.loss(text));
  });

  test("is said to be, and where its tokens are", async () => {
    const { events } = await trained({ ...small, textPlace: "disk", steps: 1, out: join(folder, "said") });
    expect(events[0]).toMatchObject({ type: "notice", text: expect.stringContaining("said/training/tokens.bin") });
    expect(statSync(join(folder, "said/training/tokens.bin")).size).toBe(1024 + 6000);
  });

  test("is gone on with to the same bytes, and its tokens made only once", async () => {
    const options: TrainOptions<"lm"> = { ...small, textPlace: "disk", steps: 20, evaluateEvery: 5 };
    await trained({ ...options, out: join(folder, "whole") });
    const out = join(folder, "stopped");
    await trained({ ...options, out }, 10);
    const made = statSync(join(out, "training/tokens.bin")).mtimeMs;
    const { events } = await trained({ task: "lm", data: text, out, resume: true });
    expect(events.at(-1)).toMatchObject({ type: "end", reason: "budget", step: 20 });
    expect(model("stopped")).toEqual(model("whole"));
    expect(statSync(join(out, "training/tokens.bin")).mtimeMs).toBe(made);
  });

  test("leaves no folder behind where an option is wrong", async () => {
    const options = { ...small, textPlace: "disk", steps: 1, lr: -1, out: join(folder, "wrong") } as const;
    await expect(trained(options)).rejects.toThrow("invalid lr");
    expect(statSync(join(folder, "wrong"), { throwIfNoEntry: false })).toBe(undefined);
  });

  test("can't be one that is given as texts", async () => {
    const data = { training: "abc".repeat(500) };
    const options = { ...small, data, textPlace: "disk", steps: 1, out: join(folder, "texts") } as const;
    await expect(trained(options)).rejects.toThrow("mismatch in textPlace: data holds texts");
  });
});
