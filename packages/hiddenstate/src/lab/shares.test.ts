import { expect, test } from "vitest";
import { inTurn } from "./shares.ts";

test("shares rise over all items by their weights, and results keep their order", () => {
  const work = inTurn(
    [1, 3],
    function* (item) {
      yield 0.5;
      return item * 10;
    },
    (item) => item,
  );
  const shares: number[] = [];
  let next = work.next();
  for (; !next.done; next = work.next()) shares.push(next.value);
  expect(shares).toEqual([0.125, 0.25, 0.625, 1]);
  expect(next.value).toEqual([10, 30]);
});
