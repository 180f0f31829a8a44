import { expect, test } from "vitest";
import { left, namesThenNumbers, right, textTable } from "./text-table.ts";

test("columns are as wide as they must be, aligned as said, and lines end with what is seen", () => {
  expect(
    textTable(
      [left("name"), right("n"), left("")],
      [
        ["née", "1", "x"],
        ["a", "1,000", ""],
      ],
    ),
  ).toEqual(["name      n", "née       1  x", "a     1,000"]);
});

test("names stand to the left and numbers to the right of them", () => {
  expect(textTable(namesThenNumbers(["k", "1", "10"]), [["loss", "2.5", "−1"], ["all"]])).toEqual([
    "k       1  10",
    "loss  2.5  −1",
    "all",
  ]);
});

test("a rule and wider gaps divide a table where they are asked for", () => {
  const columns = namesThenNumbers(["cell", "n"]);
  expect(textTable(columns, [["GRU", "12"]], { ruled: true, gap: 3 })).toEqual(["cell    n", "────   ──", "GRU    12"]);
});

test("without rows the titles stand alone", () => {
  expect(textTable([left("a")], [])).toEqual(["a"]);
});
