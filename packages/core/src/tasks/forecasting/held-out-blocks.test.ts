import { expect, test } from "vitest";
import { heldOutBlocks } from "./held-out-blocks.ts";

test("one network keeps the end back", () => {
  expect(heldOutBlocks(20, 120, 1, 0.2)).toEqual([{ start: 100, end: 120 }]);
});

test("as many networks as blocks keep everything back once", () => {
  const blocks = heldOutBlocks(7, 99, 5, 0.2).toSorted((a, b) => a.start - b.start);
  expect(blocks[0].start).toBe(7);
  expect(blocks.at(-1)!.end).toBe(99);
  blocks.slice(1).forEach(({ start }, i) => expect(start).toBe(blocks[i].end));
});

test("more networks than blocks of that share have smaller ones", () => {
  expect(heldOutBlocks(0, 100, 10, 0.2)).toHaveLength(10);
  expect(heldOutBlocks(0, 100, 10, 0.2)[0]).toEqual({ start: 90, end: 100 });
});
