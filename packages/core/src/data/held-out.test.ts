import * as fc from "fast-check";
import { expect, test } from "vitest";
import { holdOut } from "./held-out.ts";

const keys = fc
  .array(fc.integer({ min: 0, max: 15 }).map(String), { minLength: 2, maxLength: 80 })
  .filter((all) => new Set(all).size > 1);

test("no key is on both sides, and every example on one", () => {
  fc.assert(
    fc.property(keys, fc.nat(100), (all, seed) => {
      const { training, validation } = holdOut(all, { seed });
      const [seen, unseen] = [training, validation].map((side) => new Set(side.map((example) => all[example])));
      expect([...training, ...validation].toSorted((a, b) => a - b)).toEqual([...all.keys()]);
      expect([seen, unseen].map((side) => side.size > 0)).toEqual([true, true]);
      expect([...seen].filter((key) => unseen.has(key))).toEqual([]);
    }),
  );
});

test("the share counts different keys, not examples", () => {
  const all = Array.from({ length: 1000 }, (_, i) => (i < 900 ? "the same" : String(i)));
  const { validation } = holdOut(all, { share: 0.2 });
  expect(new Set(validation.map((example) => all[example])).size).toBe(20);
});

test("the draw depends on the seed alone", () => {
  const all = Array.from({ length: 100 }, (_, i) => String(i));
  expect(holdOut(all, { seed: 1 })).toEqual(holdOut(all, { seed: 1 }));
  expect(holdOut(all, { seed: 1 })).not.toEqual(holdOut(all, { seed: 2 }));
});

test("examples that are all alike can't be split", () => {
  expect(() => holdOut(["a", "a"])).toThrow("invalid examples: got 1 different, expected at least 2");
});
