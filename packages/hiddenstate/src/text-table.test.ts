import { expect, test } from "vitest";
import { textTable } from "./text-table.ts";

test("columns are as wide as they must be, aligned as said, and lines end with what is seen", () => {
  const columns = [
    { title: "name", align: "left" },
    { title: "n", align: "right" },
    { title: "", align: "left" },
  ] as const;
  expect(
    textTable(columns, [
      ["née", "1", "x"],
      ["a", "1,000", ""],
    ]),
  ).toEqual(["name      n", "née       1  x", "a     1,000"]);
});

test("without rows the titles stand alone", () => {
  expect(textTable([{ title: "a", align: "left" }], [])).toEqual(["a"]);
});
