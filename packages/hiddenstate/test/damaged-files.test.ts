import { cpSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bytesOf, folder, hiddenstate, text, trained } from "./command.ts";

beforeAll(() => void trained("whole", "--steps", "4"));

beforeEach(() => {
  rmSync(join(folder, "run"), { recursive: true, force: true });
  cpSync(join(folder, "whole"), join(folder, "run"), { recursive: true });
});

/** Changes one byte, counted from the end. */
function alter(path: string, fromEnd: number): void {
  const bytes = bytesOf("run", path);
  bytes[bytes.length - fromEnd] ^= 1;
  writeFileSync(join(folder, "run", path), bytes);
}

const cut = (path: string): void => truncateSync(join(folder, "run", path), bytesOf("run", path).length - 100);

function complaintOf(words: readonly string[]): string {
  const { status, stdout, stderr } = hiddenstate(words);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  return stderr;
}

const generate = ["generate", "run", "--length", "5"];
const resume = ["train", text, "--out", "run", "--resume", "--steps", "8"];

describe("a damaged file is named, with what is damaged in it", () => {
  test("model.safetensors, altered", () => {
    alter("model.safetensors", 3);
    expect(complaintOf(generate)).toMatch(/run\/model\.safetensors: corrupt file: tensor "[\w.]+" changed/);
  });

  test("model.safetensors, cut", () => {
    cut("model.safetensors");
    expect(complaintOf(generate)).toMatch(/run\/model\.safetensors: .*tensor "[\w.]+"/);
  });

  test("config.json, altered", () => {
    const changed = bytesOf("run", "config.json").toString().replace('"hidden": 16', '"hidden": 17');
    writeFileSync(join(folder, "run/config.json"), changed);
    expect(complaintOf(generate)).toContain("run/config.json: corrupt file");
  });

  test("tokenizer.json, cut", () => {
    cut("tokenizer.json");
    expect(complaintOf(generate)).toContain("run/tokenizer.json: corrupt file");
  });

  test("training/last.safetensors, altered", () => {
    alter("training/last.safetensors", 3);
    expect(complaintOf(resume)).toMatch(/run\/training\/last\.safetensors: corrupt file: tensor "[\w.]+" changed/);
  });

  test("training/last.safetensors, cut; nothing is overwritten", () => {
    cut("training/last.safetensors");
    const before = bytesOf("run", "model.safetensors");
    expect(complaintOf(resume)).toMatch(/run\/training\/last\.safetensors: .*tensor "[\w.]+"/);
    expect(bytesOf("run", "model.safetensors").equals(before)).toBe(true);
  });

  test("training/options.json, cut", () => {
    writeFileSync(join(folder, "run/training/options.json"), "{");
    expect(complaintOf(resume)).toContain("run/training/options.json: corrupt file");
  });
});
