import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bytesOf, folder, hiddenstate, recordsOf, type Running, small, start, text, trained } from "./command.ts";

const pace = ["--evaluate-every", "15", "--checkpoint-every", "10", "--log-every", "5"];
const train = (out: string, ...words: string[]): string[] => ["train", text, "--out", out, ...small, ...pace, ...words];

/** Waits until standard output has said something, or the command ended. */
async function said(running: Running, word: string): Promise<void> {
  while (!running.stdout().includes(word) && running.child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 2));
}

/** The steps in metrics.jsonl, in the order of the file. */
const stepsOf = (run: string): unknown[] =>
  recordsOf(bytesOf(run, "training/metrics.jsonl").toString())
    .filter(({ type }) => type === "step")
    .map(({ step }) => step);

describe.skipIf(process.platform === "win32")("Ctrl-C", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal} finishes the step, saves, says how to go on and exits 130; resumed, it ends as if never stopped`, async () => {
      const [out, uninterrupted] = [`stopped-${signal}`, `whole-${signal}`];
      const running = start(train(out, "--steps", "3000", "--json"));
      await said(running, '"evaluation"');
      running.child.kill(signal);
      const { status, stdout, stderr } = await running.finished;
      expect({ status, stderr }).toMatchObject({ status: 130 });
      const end = recordsOf(stdout).at(-1);
      expect(end).toMatchObject({ type: "end", reason: "interrupted" });
      expect(stderr).toContain(`hiddenstate train ${text} --out ${out} --resume`);
      const more = (end?.["step"] as number) + 30;

      const resumed = hiddenstate(["train", text, "--out", out, "--resume", "--steps", String(more), "--json"]);
      expect(resumed).toMatchObject({ status: 0 });
      expect(recordsOf(resumed.stdout)[0]).toMatchObject({ type: "start", step: end?.["step"] });
      trained(uninterrupted, ...pace, "--steps", String(more));
      expect(bytesOf(out, "model.safetensors").equals(bytesOf(uninterrupted, "model.safetensors"))).toBe(true);
    });
  }

  test("before anything was evaluated, saves all the same", async () => {
    const running = start(train("early", "--steps", "3000", "--evaluate-every", "3000", "--json"));
    await said(running, '"type":"step"');
    running.child.kill("SIGINT");
    const { status, stderr } = await running.finished;
    expect({ status, stderr }).toMatchObject({ status: 130 });
    const resumed = hiddenstate(["train", text, "--out", "early", "--resume", "--steps", "1000"]);
    expect(resumed).toMatchObject({ status: 0 });
    expect(resumed.stderr).toContain("going on after step");
  });

  test("twice quits at once", async () => {
    const running = start(train("twice", "--steps", "3000", "--json"));
    await said(running, '"evaluation"');
    running.child.kill("SIGINT");
    running.child.kill("SIGTERM");
    const { status, stdout } = await running.finished;
    expect(status).toBe(130);
    expect(recordsOf(stdout).at(-1)?.["type"]).not.toBe("end");
  });
});

describe("kill -9", () => {
  test("at random moments, again and again: the resumed run ends with the bytes of one never killed", async () => {
    const steps = ["--steps", "200"];
    const begin = performance.now();
    trained("never-killed", ...pace, ...steps);
    const duration = Math.ceil(performance.now() - begin);

    const moments: number[] = [];
    for (let tries = 0; tries < 8; tries++) {
      const running = start(train("killed", ...steps, "--resume", "--json"));
      const moment = randomInt(duration);
      moments.push(moment);
      const timer = setTimeout(() => running.child.kill("SIGKILL"), moment);
      const { status, stderr } = await running.finished;
      clearTimeout(timer);
      // Null: killed. Otherwise it was faster than the killer.
      expect(status === null || status === 0, `exit ${status}: ${stderr}`).toBe(true);
    }
    const last = hiddenstate(train("killed", ...steps, "--resume"));
    expect(last).toMatchObject({ status: 0 });
    const same = bytesOf("killed/model.safetensors").equals(bytesOf("never-killed/model.safetensors"));
    expect(same, `killed after ${moments.join(", ")} ms`).toBe(true);
    expect(stepsOf("killed")).toEqual(stepsOf("never-killed"));
  });
});

describe("--resume", () => {
  test("with nothing complete yet starts over and says so", () => {
    const done = hiddenstate(train("fresh", "--steps", "5", "--resume"));
    expect(done.status).toBe(0);
    expect(done.stderr).toContain("fresh has no complete checkpoint yet: training starts over");
    expect(existsSync(join(folder, "fresh/model.safetensors"))).toBe(true);
  });

  test("on a finished run says so, changes nothing and exits 0, without its options repeated", () => {
    trained("finished", "--steps", "5");
    const before = bytesOf("finished/model.safetensors");
    const done = hiddenstate(["train", text, "--out", "finished", "--resume"]);
    expect(done.status).toBe(0);
    expect(done.stderr).toContain("finished finished at step 5 already");
    expect(bytesOf("finished/model.safetensors").equals(before)).toBe(true);
  });
});
