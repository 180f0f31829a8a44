import { MemoryStorage } from "@hiddenstate/core";
import { expect, test } from "vitest";
import { readMetrics } from "./recorded-metrics.ts";

test("events come in the order in which they were written", async () => {
  const storage = new MemoryStorage();
  await storage.append("training/metrics.jsonl", '{"type":"step","step":1}\n{"type":"evaluation","step":1}\n');
  expect(await readMetrics(storage, "")).toEqual([
    { type: "step", step: 1 },
    { type: "evaluation", step: 1 },
  ]);
});

test("a training that wrote nothing has no events", async () => {
  expect(await readMetrics(new MemoryStorage(), "")).toEqual([]);
});

test("a damaged line is named, with what to do", async () => {
  const storage = new MemoryStorage("runs/a");
  await storage.append("training/metrics.jsonl", '{"type":"step"}\n{"type"\n');
  await expect(readMetrics(storage, "train again")).rejects.toMatchObject({
    code: "corrupt",
    message: "runs/a/training/metrics.jsonl:2: corrupt file: it is not JSON; train again",
  });
});
