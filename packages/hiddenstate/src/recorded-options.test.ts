import { MemoryStorage } from "@hiddenstate/core";
import { expect, test } from "vitest";
import { recallOptions, recordOptions } from "./recorded-options.ts";

test("what was asked for comes back, with what is given now in its place", async () => {
  const storage = new MemoryStorage();
  await recordOptions(storage, { hidden: 64, lr: 0.01, steps: 100, dropout: undefined });
  expect(await recallOptions(storage, { lr: 0.001, hidden: undefined })).toEqual({ hidden: 64, lr: 0.001, steps: 100 });
});

test("a budget given replaces the budget there was, whatever its unit", async () => {
  const storage = new MemoryStorage();
  await recordOptions(storage, { hidden: 64, minutes: 5 });
  expect(await recallOptions(storage, { steps: 100 })).toEqual({ hidden: 64, steps: 100 });
});

test("where nothing was recorded there is nothing but what is given", async () => {
  expect(await recallOptions(new MemoryStorage(), { steps: 100 })).toEqual({ steps: 100 });
});

test("a damaged record is named", async () => {
  const storage = new MemoryStorage("runs/a");
  await storage.write("training/options.json", new TextEncoder().encode("{"));
  await expect(recallOptions(storage, {})).rejects.toMatchObject({
    code: "corrupt",
    message: expect.stringContaining("runs/a/training/options.json") as string,
  });
});
