import { expect, test } from "vitest";
import { MemoryStorage } from "./model-storage.ts";

test.each([
  ["an array of bytes", Uint8Array.of(1, 2, 3)],
  ["Node's Buffer", Buffer.from([1, 2, 3])],
])("what MemoryStorage was given as %s is its own", async (_, bytes) => {
  const storage = new MemoryStorage();
  await storage.write("file", bytes);
  bytes[0] = 9;
  (await storage.read("file"))![1] = 9;
  expect([...(await storage.read("file"))!]).toEqual([1, 2, 3]);
});
