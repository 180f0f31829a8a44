import type { FollowedUnit } from "@hiddenstate/core";
import { expect, test } from "vitest";
import { followedLines, levelOf, visible } from "./followed-lines.ts";
import { unitColor } from "./unit-color.ts";

const unit: FollowedUnit = {
  layer: 0,
  unit: 0,
  signal: "forget",
  pieces: ["a", "b", "\n", "the"],
  values: [0, 0.55, 1, 0.29],
  scale: [0, 1],
};

test("without colours a line of digits stands under the text", () => {
  expect(followedLines(unit, false)).toEqual(["ab⏎the", "059222", "(0: 0 to 0.1, ..., 9: up to 1)"]);
});

test("with colours every piece stands on that of its value", () => {
  const [line] = followedLines(unit, true);
  const [red, green, blue] = unitColor(0.55);
  expect(line).toContain(`\u001b[48;2;${red};${green};${blue};38;2;0;0;0mb\u001b[0m`);
});

test("a long text is broken between pieces", () => {
  const pieces = Array<string>(30).fill("word");
  const lines = followedLines({ ...unit, pieces, values: pieces.map(() => 0.5) }, false);
  expect(lines[0]).toBe("word".repeat(18));
  expect(lines[2]).toBe("word".repeat(12));
});

test("values beyond the scale are at its ends", () => {
  expect(levelOf({ ...unit, values: [-3], scale: [-1, 1] }, 0)).toBe(0);
  expect(levelOf({ ...unit, values: [0], scale: [-1, 1] }, 0)).toBe(0.5);
});

test("what can't be seen has a sign", () => {
  expect(["\t", "", "\u0007"].map(visible)).toEqual(["⇥", "·", "·"]);
});
