import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FolderStorage } from "./folder-storage.ts";

let folder: string;
let storage: FolderStorage;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hiddenstate-folder-"));
  storage = new FolderStorage(join(folder, "run"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const onDisk = (path: string): string => readFileSync(join(folder, "run", path), "utf8");

test("what is written is read again, and the folders on the way are made", async () => {
  await storage.write("training/last.safetensors", bytes("one"));
  expect(await storage.read("training/last.safetensors")).toEqual(bytes("one"));
  expect(await storage.size("training/last.safetensors")).toBe(3);
  await storage.write("training/last.safetensors", bytes("other"));
  expect(onDisk("training/last.safetensors")).toBe("other");
});

test("a file that is not there is null, also in a folder that is not there", async () => {
  expect(await storage.read("config.json")).toBe(null);
  expect(await storage.size("config.json")).toBe(null);
  await storage.truncate("config.json", 3);
  expect(existsSync(join(folder, "run"))).toBe(false);
});

test("text is added to the end, and cut back", async () => {
  await storage.append("training/metrics.jsonl", "1\n");
  await storage.append("training/metrics.jsonl", "2\n3\n");
  await storage.truncate("training/metrics.jsonl", 4);
  expect(onDisk("training/metrics.jsonl")).toBe("1\n2\n");
  await storage.truncate("training/metrics.jsonl", 100);
  expect(onDisk("training/metrics.jsonl")).toBe("1\n2\n");
});

test("nothing temporary stays, and what a killed program left is in nobody's way", async () => {
  await storage.write("config.json", bytes("{}"));
  writeFileSync(join(folder, "run/config.json.tmp"), "half of it, and longer than the next");
  await storage.write("config.json", bytes("{ }"));
  expect(onDisk("config.json")).toBe("{ }");
  expect(readdirSync(join(folder, "run"))).toEqual(["config.json"]);
});

describe("where writing fails, an error says why and the previous file stays whole", () => {
  test("the file can't be replaced", async () => {
    mkdirSync(join(folder, "run/config.json/inside"), { recursive: true });
    await expect(storage.write("config.json", bytes("{}"))).rejects.toMatchObject({
      code: "storage",
      message: expect.stringMatching(/^cannot write .*config\.json: .*; what was saved before is kept$/),
    });
    expect(readdirSync(join(folder, "run"))).toEqual(["config.json"]);
  });

  test("a part of the path is a file", async () => {
    writeFileSync(join(folder, "run"), "a file");
    await expect(storage.write("config.json", bytes("{}"))).rejects.toThrow(/not a folder|exists/);
  });

  test.skipIf(process.getuid?.() === 0 || process.platform === "win32")("the folder is not writable", async () => {
    await storage.write("config.json", bytes("old"));
    chmodSync(join(folder, "run"), 0o500);
    await expect(storage.write("config.json", bytes("new"))).rejects.toThrow("permission denied");
    expect(onDisk("config.json")).toBe("old");
    chmodSync(join(folder, "run"), 0o700);
  });

  test.skipIf(!existsSync("/dev/full"))("the disk is full", async () => {
    await expect(new FolderStorage("/dev").append("full", "text")).rejects.toMatchObject({
      code: "storage",
      message: expect.stringContaining("no space left on the disk"),
    });
  });
});
