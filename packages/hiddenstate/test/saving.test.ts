import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bytesOf, command, folder, hiddenstate, small, text, trained } from "./command.ts";

const posix = process.platform !== "win32";
const files = (run: string): string[] =>
  readdirSync(join(folder, run), { recursive: true, encoding: "utf8" }).toSorted();

describe("a disk that takes no more", () => {
  // A limit on the size of files stands in for a full disk: anyone can set it.
  const limited = (words: readonly string[]): ReturnType<typeof hiddenstate> => {
    const done = spawnSync("sh", ["-c", 'ulimit -f 16; exec "$0" "$@"', process.execPath, command, ...words], {
      cwd: folder,
      encoding: "utf8",
    });
    return { status: done.status, stdout: done.stdout, stderr: done.stderr };
  };

  test.skipIf(!posix)("ends the run with what was saved before whole, and the run can be resumed", () => {
    const pace = ["--evaluate-every", "5", "--checkpoint-every", "5"];
    trained("never-full", "--steps", "20", ...pace);
    trained("full", "--steps", "10", ...pace);
    const [model, last] = [bytesOf("full/model.safetensors"), bytesOf("full/training/last.safetensors")];
    const before = files("full");

    const resume = ["train", text, "--out", "full", "--resume", "--steps", "20"];
    const done = limited(resume);
    expect(done.status).toBe(1);
    expect(done.stderr).toMatch(/cannot write full\/model\.safetensors: .*; what was saved before is kept/);
    expect(bytesOf("full/model.safetensors").equals(model)).toBe(true);
    expect(bytesOf("full/training/last.safetensors").equals(last)).toBe(true);
    expect(files("full")).toEqual(before);

    expect(hiddenstate(resume).status).toBe(0);
    expect(bytesOf("full/model.safetensors").equals(bytesOf("never-full/model.safetensors"))).toBe(true);
  });
});

describe("a place that can't be written", () => {
  test("is found out before training begins", () => {
    const done = hiddenstate(["train", text, "--out", join(text, "run"), ...small]);
    expect(done.status).toBe(1);
    expect(done.stderr).toContain("a part of the path is a file");
    expect(done.stderr).not.toContain("step");
  });

  test("says so for a folder without permission", ({ skip }) => {
    // The superuser may write everywhere, so it becomes nobody, if nobody may read this checkout.
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    chmodSync(folder, 0o755);
    if (!posix || hiddenstate(["--version"], user).status !== 0) skip();
    mkdirSync(join(folder, "closed"));
    chmodSync(join(folder, "closed"), 0o555);
    const done = hiddenstate(["train", text, "--out", "closed/run", ...small], user);
    expect(done.status).toBe(1);
    expect(done.stderr).toMatch(/cannot write closed\/run.*permission denied/);
  });
});

describe("a loss that is no number any more", () => {
  test("ends the run, keeps the last good checkpoint and says what to try", () => {
    // Each step makes the parameters about 100,000 times as large: in the ninth they are no numbers any more.
    const growth = ["--optimizer", "sgd", "--lr", "1", "--weight-decay", "1e5", "--evaluate-every", "5"];
    trained("burst", "--steps", "5", ...growth);
    const [model, last] = [bytesOf("burst/model.safetensors"), bytesOf("burst/training/last.safetensors")];
    const done = hiddenstate(["train", text, "--out", "burst", "--resume", "--steps", "100"]);
    expect(done.status).toBe(1);
    expect(done.stderr).toMatch(
      /became (NaN|-?Infinity).*the last good checkpoint was kept; try a lower learning rate/,
    );
    expect(bytesOf("burst/model.safetensors").equals(model)).toBe(true);
    expect(bytesOf("burst/training/last.safetensors").equals(last)).toBe(true);
  });
});

test("what a killed run left half written is in nobody's way", () => {
  trained("left", "--steps", "5");
  writeFileSync(join(folder, "left/training/last.safetensors.tmp"), "half");
  trained("left", "--steps", "10", "--resume");
  expect(files("left")).not.toContain("training/last.safetensors.tmp");
});
