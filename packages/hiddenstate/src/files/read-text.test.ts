import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readBytes, readText } from "./read-text.ts";

const folder = mkdtempSync(join(tmpdir(), "hiddenstate-read-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

test("a UTF-8 file is read, without its byte order mark", async () => {
  expect(await readText(file("plain.txt", "naïve ☕ 🎉\n"))).toBe("naïve ☕ 🎉\n");
  expect(await readText(file("mark.txt", "\uFEFFtext"))).toBe("text");
});

test("a missing file is named", async () => {
  const path = join(folder, "nowhere.txt");
  await expect(readText(path)).rejects.toMatchObject({
    code: "missing",
    message: `missing file ${path}: there is none`,
  });
});

test("a folder is not a text", async () => {
  await expect(readText(folder)).rejects.toMatchObject({
    code: "invalid",
    message: expect.stringContaining("it is a folder"),
  });
});

test("an empty file is refused, also one with a byte order mark only", async () => {
  await expect(readText(file("empty.txt", ""))).rejects.toMatchObject({
    code: "invalid",
    message: expect.stringContaining("it is empty"),
  });
  await expect(readText(file("only-mark.txt", "\uFEFF"))).rejects.toThrow("it is empty");
});

test("a file that may not be read says so", async ({ skip }) => {
  // The superuser may read everything.
  if (process.getuid?.() === 0 || process.platform === "win32") skip();
  const path = file("secret.txt", "text");
  chmodSync(path, 0);
  await expect(readText(path)).rejects.toMatchObject({
    code: "storage",
    message: expect.stringContaining("permission denied"),
  });
});

test("bytes that are not UTF-8 are located, and the byte tokenizer is offered", async () => {
  const latin = file("latin.txt", Buffer.from("first line\nna\xefve\n", "latin1"));
  await expect(readText(latin)).rejects.toThrow("not UTF-8 text (byte 13, 0xef, in line 2)");
  await expect(readText(latin)).rejects.toThrow("--tokenizer byte");
  const cut = file("cut.txt", Buffer.from("☕").subarray(0, 2));
  await expect(readText(cut)).rejects.toThrow("not UTF-8 text (byte 0");
  const utf16 = file("utf16.txt", Buffer.from("\uFEFFhello", "utf16le"));
  await expect(readText(utf16)).rejects.toThrow("it begins as UTF-16");
  expect((await readBytes(latin)).length).toBe(17);
});
